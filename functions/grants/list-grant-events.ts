import { httpHandler } from '../../lib/handlers/http.ts';
import { serializeEvent } from '../../lib/http/serialize-event.ts';
import { pageFields } from '../../lib/http/serialize-grants.ts';
import { optionalGrantId, optionalKeyId, optionalPrincipal, sequence } from '../../lib/validation/fields.ts';
import { eventMarker, LIMIT_MAX, limit } from '../../lib/validation/page-fields.ts';

/** Lists the events of the project, newest first: all, or those of a key, a grant or a grantee. */
export const handler = httpHandler({
  access: 'kms:grant:list',
  isExtension: true,
  fields: {
    key_id: optionalKeyId,
    grant_id: optionalGrantId,
    grantee_principal: optionalPrincipal('grantee_principal'),
    limit,
    marker: eventMarker,
    sequence,
  },
  async handle({ body, context, store }) {
    const { limit: eventsMax = LIMIT_MAX, key_id: keyId, grant_id: grantId, grantee_principal: grantee } = body;
    const filter = { keyId, grantId, grantee, before: body.marker };
    const { events, next } = await store.events.listPage(context.projectId, filter, eventsMax);
    return { events: events.map(serializeEvent), ...pageFields({ next }) };
  },
});
