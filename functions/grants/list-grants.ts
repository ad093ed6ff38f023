import { httpHandler } from '../../lib/handlers/http.ts';
import { grantsReply } from '../../lib/http/serialize-grants.ts';
import { keyId, optionalPrincipal, sequence } from '../../lib/validation/fields.ts';
import { grantMarker, limit } from '../../lib/validation/page-fields.ts';
import { pageRequestOf } from '../../lib/validation/pagination.ts';

/** Lists the grants of a key, oldest first; with `grantee_principal`, only that grantee's. */
export const handler = httpHandler({
  access: 'kms:grant:list',
  fields: {
    key_id: keyId,
    limit,
    marker: grantMarker,
    grantee_principal: optionalPrincipal('grantee_principal'),
    sequence,
  },
  handle: async ({ body, context, authority }) =>
    grantsReply(
      await authority.listGrants(context, body.key_id, { grantee: body.grantee_principal }, pageRequestOf(body)),
    ),
});
