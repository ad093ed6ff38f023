import { endpoint } from '../../lib/endpoint.ts';
import { grantMarker, limit, sequence } from '../../lib/fields.ts';
import { grantsReply, pageOf } from '../../lib/paging.ts';

/** The project's grants that the caller may retire, oldest first. A request without a body lists from the start. */
export const handler = endpoint({
  access: 'kms:grant:list',
  fields: { limit, marker: grantMarker, sequence },
  handle: async ({ body, act, authority }) => grantsReply(await authority.listRetirableGrants(act, pageOf(body))),
});
