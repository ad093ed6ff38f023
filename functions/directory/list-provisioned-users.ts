import { httpHandler } from '../../lib/handlers/http.ts';
import { pageFields } from '../../lib/http/serialize-grants.ts';
import { serializeUser } from '../../lib/scim/administration.ts';
import { findUsers } from '../../lib/scim/find-users.ts';
import { userMarker } from '../../lib/scim/user-fields.ts';
import { optionalText } from '../../lib/validation/field.ts';
import { sequence } from '../../lib/validation/fields.ts';
import { LIMIT_MAX, limit } from '../../lib/validation/page-fields.ts';
import { administeredSourcesOf } from '../../lib/webhooks/administered-sources.ts';
import { identity, source } from '../../lib/webhooks/mapping-fields.ts';
import { provisioningSource } from '../../lib/webhooks/provisioning-source.ts';

/** Lists the users that an identity provider has provisioned in a source that the caller administers, by age. */
export const handler = httpHandler({
  access: 'iam:directory:manage',
  isExtension: true,
  fields: { source, identity: optionalText(identity), limit, marker: userMarker, sequence },
  async handle({ body, config, context, store }) {
    const source = provisioningSource(await administeredSourcesOf({ config, store }, context.projectId), body.source);
    const { identity, marker: after, limit = LIMIT_MAX } = body;
    const { page, next } = await findUsers(store.scim, source.name, { identity, after, limit });
    return { users: page.map((user) => serializeUser(user, source)), ...pageFields({ next }) };
  },
});
