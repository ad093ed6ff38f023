import { endpoint } from '../../lib/endpoint.ts';
import { grantId, keyId, sequence } from '../../lib/fields.ts';

/** Gives a grant up. The issuer, the retiring principal, and a grantee that holds `retire-grant` may. */
export const handler = endpoint({
  access: 'kms:grant:retire',
  fields: { key_id: keyId, grant_id: grantId, sequence },
  handle: ({ body, act, authority }) => authority.retireGrant(act, body.key_id, body.grant_id),
});
