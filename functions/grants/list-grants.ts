import { endpoint } from '../../lib/endpoint.ts';
import { grantMarker, keyId, limit, optionalPrincipal, sequence } from '../../lib/fields.ts';
import { grantsReply, pageOf } from '../../lib/paging.ts';

/** The grants of a key, oldest first; with `grantee_principal`, only those it holds. */
export const handler = endpoint({
  access: 'kms:grant:list',
  fields: {
    key_id: keyId,
    limit,
    marker: grantMarker,
    grantee_principal: optionalPrincipal('grantee_principal'),
    sequence,
  },
  handle: async ({ body, act, authority }) =>
    grantsReply(await authority.listGrants(act, body.key_id, { grantee: body.grantee_principal }, pageOf(body))),
});
