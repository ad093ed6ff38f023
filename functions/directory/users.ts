import * as z from 'zod/mini';
import { httpHandler } from '../../lib/handlers/http.ts';
import { serializeUser } from '../../lib/http/serialize-directory.ts';
import { domainAdministration } from '../../lib/identity/domain-administration.ts';
import { pageOf, parseStrictBody } from '../../lib/validation/keystone.ts';

const CHANGE = z.strictObject({ user: z.strictObject({ enabled: z.boolean() }) });
const CHANGE_DETAIL = 'Send user with enabled, true or false. Other fields can be changed only by the admin command.';

/**
 * Lists the users of the domain; with `?name=`, the one of that name; shows one by id; or enables or disables one.
 * Disabling a user revokes the user's tokens.
 * Source: OpenStack Identity API v3, "List users", "Show user details", "Update user".
 * @throws KmsError Keystone.404:resource for a user of another domain, Keystone.400 for any other change
 */
export const handler = httpHandler({
  access: 'iam:directory:manage',
  name: 'users',
  isExtension: true,
  requiresDirectory: true,
  usesCallerProject: true,
  async handle({ context, params: { user_id: userId }, request, store }) {
    const administration = domainAdministration(store.directory, context);
    if (userId !== undefined && request.method === 'PATCH') {
      const { user } = parseStrictBody(request, CHANGE, CHANGE_DETAIL);
      return { user: serializeUser(await administration.setUserEnabled(userId, user.enabled)) };
    }
    if (userId !== undefined) return { user: serializeUser(await administration.user(userId)) };
    const query = new URLSearchParams(request.query);
    const domainId = query.get('domain_id');
    const users = await administration.users(query.get('name') ?? undefined);
    const shown = users.filter((user) => domainId === null || user.domainId === domainId);
    const { page, links } = pageOf(shown, (user) => user.userId, request);
    return { users: page.map(serializeUser), links };
  },
});
