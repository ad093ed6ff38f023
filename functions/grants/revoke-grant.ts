import { endpoint } from '../../lib/endpoint.ts';
import { grantId, keyId, sequence } from '../../lib/fields.ts';

/** Takes a grant away. Only the key's creator may. */
export const handler = endpoint({
  access: 'kms:grant:revoke',
  fields: { key_id: keyId, grant_id: grantId, sequence },
  handle: ({ body, act, authority }) => authority.revokeGrant(act, body.key_id, body.grant_id),
});
