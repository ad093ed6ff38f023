import { KmsError } from '../../lib/errors.ts';
import { httpHandler } from '../../lib/handlers/http.ts';
import { logDirectoryChange } from '../../lib/identity/log-directory-change.ts';
import { assignPrincipal, removeUser, serializeUser } from '../../lib/scim/administration.ts';
import { userId } from '../../lib/scim/user-fields.ts';
import { optionalText } from '../../lib/validation/field.ts';
import { flag, principal, sequence } from '../../lib/validation/fields.ts';
import { administeredSourcesOf } from '../../lib/webhooks/administered-sources.ts';
import { source } from '../../lib/webhooks/mapping-fields.ts';
import { provisioningSource } from '../../lib/webhooks/provisioning-source.ts';

/** Assigns the principal of a provisioned user, clears it without `grantee_principal`, or removes the user. */
export const handler = httpHandler({
  access: 'iam:directory:manage',
  isExtension: true,
  fields: {
    source,
    user_id: userId,
    grantee_principal: optionalText(principal('grantee_principal')),
    remove: flag('remove'),
    sequence,
  },
  rejectsUnknownFields: true,
  async handle({ body, config, context, store, now }) {
    const { user_id: id, grantee_principal: grantee, remove = false } = body;
    if (remove && grantee !== undefined) {
      throw new KmsError('KMS.0308', { detail: 'Send remove or grantee_principal, not both.' });
    }
    const source = provisioningSource(await administeredSourcesOf({ config, store }, context.projectId), body.source);
    const user = { source: source.name, id };
    const changed = remove
      ? await removeUser(store.scim, user)
      : await assignPrincipal(store.scim, user, grantee, now());
    if (!changed) {
      throw new KmsError('APIGW.0101', { detail: 'The source has no such user; see list-provisioned-users.' });
    }
    logDirectoryChange(context, context.action, {
      source: source.name,
      user_id: id,
      grantee_principal: grantee,
      remove,
    });
    return { user: serializeUser(changed, source) };
  },
});
