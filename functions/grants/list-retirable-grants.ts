import { httpHandler } from '../../lib/handlers/http.ts';
import { grantsReply } from '../../lib/http/serialize-grants.ts';
import { sequence } from '../../lib/validation/fields.ts';
import { grantMarker, limit } from '../../lib/validation/page-fields.ts';
import { pageRequestOf } from '../../lib/validation/pagination.ts';

/**
 * Lists the project's grants that the caller may retire, oldest first. A request without a body gets the first page.
 */
export const handler = httpHandler({
  access: 'kms:grant:list',
  fields: { limit, marker: grantMarker, sequence },
  handle: async ({ body, context, authority }) =>
    grantsReply(await authority.listRetirableGrants(context, pageRequestOf(body))),
});
