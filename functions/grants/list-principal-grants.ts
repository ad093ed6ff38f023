import { httpHandler } from '../../lib/handlers/http.ts';
import { grantsReply } from '../../lib/http/serialize-grants.ts';
import { grantMarker, limit, principal, sequence } from '../../lib/validation/fields.ts';
import { pageRequestOf } from '../../lib/validation/pagination.ts';

/** Lists the grants of a grantee, a user or a domain, across the keys of the project, oldest first. */
export const handler = httpHandler({
  access: 'kms:grant:list',
  fields: { grantee_principal: principal('grantee_principal'), limit, marker: grantMarker, sequence },
  handle: async ({ body, context, authority }) =>
    grantsReply(await authority.listPrincipalGrants(context, body.grantee_principal, pageRequestOf(body))),
});
