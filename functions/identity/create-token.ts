import * as z from 'zod/mini';
import { httpHandler } from '../../lib/handlers/http.ts';
import { Reply } from '../../lib/http/reply.ts';
import type { Login } from '../../lib/identity/tokens.ts';
import { field } from '../../lib/validation/field.ts';

const text = z.string().check(z.minLength(1), z.maxLength(256));
const byIdOrName = z.union([z.object({ id: text }), z.object({ name: text })]);

const auth = field(
  z.object({
    identity: z.object({
      methods: z.tuple([z.literal('password')]),
      password: z.object({
        user: z.union([
          z.object({ id: text, password: text }),
          z.object({ name: text, password: text, domain: byIdOrName }),
        ]),
      }),
    }),
    scope: z.optional(z.object({ project: z.optional(byIdOrName) })),
  }),
  {
    code: 'Keystone.400',
    detail:
      'Send auth.identity with methods ["password"] and password.user (name with domain, or id; and password), and auth.scope.project (id or name).',
    isAbsent: () => false,
  },
);

/**
 * Creates a token for a user name and password. Source: IAM API reference, "Obtaining a User Token Through Password
 * Authentication".
 */
export const handler = httpHandler({
  access: 'anyone',
  requiresDirectory: true,
  fields: { auth },
  malformedBodyCode: 'Keystone.400',
  async handle({ body, context, tokens, sourceIp }) {
    const { user } = body.auth.identity.password;
    const login: Login = { user, password: user.password, project: body.auth.scope?.project };
    const { token, info } = await tokens.issue(login, sourceIp, context.trace);
    return new Reply({ token: info }, { status: 201, headers: { 'x-subject-token': token } });
  },
});
