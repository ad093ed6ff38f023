import { httpHandler } from '../../lib/handlers/http.ts';
import { grantId, keyId, sequence } from '../../lib/validation/fields.ts';

/** Takes a grant away. Only the key's creator may. */
export const handler = httpHandler({
  access: 'kms:grant:revoke',
  fields: { key_id: keyId, grant_id: grantId, sequence },
  handle: ({ body, context, authority }) => authority.revokeGrant(context, body.key_id, body.grant_id),
});
