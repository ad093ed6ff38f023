import { httpHandler } from '../../lib/handlers/http.ts';
import { grantsReply } from '../../lib/http/serialize-grants.ts';
import { listIssuedGrants } from '../../lib/lookup/issued-grants.ts';
import { optionalKeyId, principal, sequence } from '../../lib/validation/fields.ts';
import { grantMarker, limit } from '../../lib/validation/page-fields.ts';
import { pageRequestOf } from '../../lib/validation/pagination.ts';

/** Lists the grants that a user issued, to anyone, across the keys of the project or on one, oldest first. */
export const handler = httpHandler({
  access: 'kms:grant:list',
  isExtension: true,
  fields: {
    issuing_principal: principal('issuing_principal'),
    key_id: optionalKeyId,
    limit,
    marker: grantMarker,
    sequence,
  },
  async handle({ body, context, authority }) {
    const selection = { issuer: body.issuing_principal, keyId: body.key_id };
    return grantsReply(await listIssuedGrants(authority, context, selection, pageRequestOf(body)));
  },
});
