import { KmsError } from '../../lib/errors.ts';
import { httpHandler } from '../../lib/handlers/http.ts';
import { logDirectoryChange } from '../../lib/identity/log-directory-change.ts';
import { principal, sequence } from '../../lib/validation/fields.ts';
import { administeredSourcesOf } from '../../lib/webhooks/administered-sources.ts';
import { identity, source } from '../../lib/webhooks/mapping-fields.ts';
import { removeMapping } from '../../lib/webhooks/mappings.ts';

/** Deletes a mapping of an external identity to a principal. */
export const handler = httpHandler({
  access: 'iam:directory:manage',
  isExtension: true,
  fields: { source, identity, grantee_principal: principal('grantee_principal'), sequence },
  rejectsUnknownFields: true,
  async handle({ body, config, context, store }) {
    const { source, identity, grantee_principal: grantee } = body;
    const { mappable } = await administeredSourcesOf({ config, store }, context.projectId);
    const isRemoved = mappable.has(source) && (await removeMapping(store.mappings, { source, identity, grantee }));
    if (!isRemoved)
      throw new KmsError('APIGW.0101', { detail: 'You administer no source with such a mapping; see list-mappings.' });
    logDirectoryChange(context, context.action, { source, identity, grantee_principal: grantee });
    return {};
  },
});
