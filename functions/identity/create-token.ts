import * as z from 'zod/mini';
import { TOKEN_CHARACTERS_MAX } from '../../lib/domain/ids.ts';
import { httpHandler } from '../../lib/handlers/http.ts';
import { Reply } from '../../lib/http/reply.ts';
import { tokenCatalog } from '../../lib/http/serialize-catalog.ts';
import type { Login, TokenLogin } from '../../lib/identity/tokens.ts';
import { failsWith, field } from '../../lib/validation/field.ts';

const text = z.string().check(z.minLength(1), z.maxLength(256));
const token = z.string().check(z.minLength(1), z.maxLength(TOKEN_CHARACTERS_MAX));
const byId = z.object({ id: text });
const byName = z.object({ name: text });
const domain = z.union([byId, byName]);
const project = z.union([byId, z.object({ name: text, domain: z.optional(domain) })]);

const LIFETIME = { minimum: 60, maximum: 86_400 };
/** Its JSON type and bounds are metadata: as checks of zod, they would add 3 KB to the bundle. */
const lifetime = z.pipe(
  z.unknown().check(
    z.refine(
      (seconds) =>
        Number.isInteger(seconds) && Number(seconds) >= LIFETIME.minimum && Number(seconds) <= LIFETIME.maximum,
      failsWith('Keystone.400', 'auth.lifetime_seconds must be a whole number from 60 to 86400.'),
    ),
    z.meta({ type: 'integer', ...LIFETIME }),
  ),
  z.transform(Number),
);

const auth = field(
  z.object({
    identity: z.union([
      z.object({
        methods: z.tuple([z.literal('password')]),
        password: z.object({
          user: z.union([z.object({ id: text, password: text }), z.object({ name: text, password: text, domain })]),
        }),
      }),
      z.object({ methods: z.tuple([z.literal('token')]), token: z.object({ id: token }) }),
    ]),
    // Any other scope is refused: a token without it would be less or more than the client asked for.
    scope: z.optional(
      z.union([
        z.literal('unscoped'),
        z.strictObject({
          project: z.optional(project),
          domain: z.optional(domain),
          unscoped: z.optional(z.strictObject({})),
        }),
      ]),
    ),
    // An extension: a frontend asks for a token that is valid for a short time only.
    lifetime_seconds: z.optional(lifetime),
  }),
  {
    code: 'Keystone.400',
    detail:
      'Send auth.identity with methods ["password"] and password.user (name with domain, or id; and password), or with methods ["token"] and token.id. Send auth.scope with a project (id or name) or a domain (id or name), or "unscoped".',
    isAbsent: () => false,
  },
);

/**
 * Creates a token for a user name and password, or for a token. Source: IAM API reference, "Obtaining a User Token
 * Through Password Authentication"; OpenStack Identity API v3, "Token authentication with scoped authorization".
 */
export const handler = httpHandler({
  access: 'anyone',
  requiresDirectory: true,
  fields: { auth },
  malformedBodyCode: 'Keystone.400',
  async handle({ body: { auth }, config, context, request, tokens, sourceIp }) {
    const { identity, scope, lifetime_seconds: lifetimeSeconds } = auth;
    const credentials =
      'token' in identity
        ? { token: identity.token.id }
        : { user: identity.password.user, password: identity.password.user.password };
    const own = { ...credentials, lifetimeSeconds };
    const login: Login | TokenLogin = { ...own, ...(typeof scope === 'object' && scope) };
    const catalogFor = tokenCatalog(config, request);
    const { token, info } = await tokens.issue(login, sourceIp, context.trace);
    const body = { token: { ...info, ...catalogFor(info.project?.id) } };
    return new Reply(body, { status: 201, headers: { 'x-subject-token': token } });
  },
});
