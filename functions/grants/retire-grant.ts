import { httpHandler } from '../../lib/handlers/http.ts';
import { grantId, keyId, sequence } from '../../lib/validation/fields.ts';

/** Retires a grant. For its issuer, its retiring principal, and a grantee that holds `retire-grant`. */
export const handler = httpHandler({
  access: 'kms:grant:retire',
  fields: { key_id: keyId, grant_id: grantId, sequence },
  handle: ({ body, context, authority }) => authority.retireGrant(context, body.key_id, body.grant_id),
});
