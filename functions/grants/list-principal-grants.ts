import { endpoint } from '../../lib/endpoint.ts';
import { grantMarker, limit, principal, sequence } from '../../lib/fields.ts';
import { grantsReply, pageOf } from '../../lib/paging.ts';

/** All that a grantee holds, user or domain, across the keys of the project, oldest first. */
export const handler = endpoint({
  access: 'kms:grant:list',
  fields: { grantee_principal: principal('grantee_principal'), limit, marker: grantMarker, sequence },
  handle: async ({ body, act, authority }) =>
    grantsReply(await authority.listPrincipalGrants(act, body.grantee_principal, pageOf(body))),
});
