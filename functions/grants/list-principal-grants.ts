import { httpHandler } from '../../lib/handlers/http.ts';
import { grantsReply } from '../../lib/http/serialize-grants.ts';
import { principal, sequence } from '../../lib/validation/fields.ts';
import { grantMarker, limit } from '../../lib/validation/page-fields.ts';
import { pageRequestOf } from '../../lib/validation/pagination.ts';

/** Lists the grants of a grantee, a user or a domain, across the keys of the project, oldest first. */
export const handler = httpHandler({
  access: 'kms:grant:list',
  fields: { grantee_principal: principal('grantee_principal'), limit, marker: grantMarker, sequence },
  async handle({ body, context, authority }) {
    const page = await authority.listPrincipalGrants(context, body.grantee_principal, pageRequestOf(body));
    // An empty list would say that the principal has no grants.
    if (page.isUnread && page.failed?.[0]) throw page.failed[0].error;
    return grantsReply(page);
  },
});
