import { httpHandler } from '../../lib/handlers/http.ts';
import { logDirectoryChange } from '../../lib/identity/log-directory-change.ts';
import { principal, sequence } from '../../lib/validation/fields.ts';
import { administeredSourcesOf, assertMappable } from '../../lib/webhooks/administered-sources.ts';
import { identity, source } from '../../lib/webhooks/mapping-fields.ts';
import { newMapping } from '../../lib/webhooks/mappings.ts';

/** Maps an external identity to a principal, in addition to those that it has. */
export const handler = httpHandler({
  access: 'iam:directory:manage',
  isExtension: true,
  fields: { source, identity, grantee_principal: principal('grantee_principal'), sequence },
  rejectsUnknownFields: true,
  async handle({ body, config, context, store }) {
    assertMappable(await administeredSourcesOf({ config, store }, context.projectId), body.source);
    const mapping = newMapping({ ...body, grantee: body.grantee_principal });
    await store.mappings.put(mapping);
    const created = { source: mapping.source, identity: mapping.identity, grantee_principal: mapping.grantee };
    logDirectoryChange(context, context.action, created);
    return created;
  },
});
