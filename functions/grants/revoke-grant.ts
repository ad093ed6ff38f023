import { httpHandler } from '../../lib/handlers/http.ts';
import { grantId, keyId, sequence } from '../../lib/validation/fields.ts';

/** Revokes a grant. For the key's creator only. */
export const handler = httpHandler({
  access: 'kms:grant:revoke',
  fields: { key_id: keyId, grant_id: grantId, sequence },
  handle: ({ body, context, authority }) => authority.revokeGrant(context, body.key_id, body.grant_id),
});
