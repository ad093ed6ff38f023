import * as z from 'zod/mini';
import { httpHandler } from '../../lib/handlers/http.ts';
import { Reply } from '../../lib/http/reply.ts';
import type { Login } from '../../lib/identity/tokens.ts';

const FORM =
  'Keystone.400 Send auth.identity with methods ["password"] and password.user (name with domain, or id; and password), and auth.scope.project (id or name).';
const text = z.string(FORM).check(z.minLength(1, FORM), z.maxLength(256, FORM));
const byIdOrName = z.union([z.object({ id: text }), z.object({ name: text })], FORM);

const auth = z.object(
  {
    identity: z.object(
      {
        methods: z.tuple([z.literal('password', FORM)], FORM),
        password: z.object(
          {
            user: z.union(
              [z.object({ id: text, password: text }), z.object({ name: text, password: text, domain: byIdOrName })],
              FORM,
            ),
          },
          FORM,
        ),
      },
      FORM,
    ),
    scope: z.optional(z.object({ project: z.optional(byIdOrName) }, FORM)),
  },
  FORM,
);

/** A password for a token. Source: IAM API reference, "Obtaining a User Token Through Password Authentication". */
export const handler = httpHandler({
  access: 'anyone',
  requiresDirectory: true,
  fields: { auth },
  malformedBodyCode: 'Keystone.400',
  async handle({ body, tokens, sourceIp }) {
    const { user } = body.auth.identity.password;
    const login: Login = { user, password: user.password, project: body.auth.scope?.project };
    const { token, info } = await tokens.issue(login, sourceIp);
    return new Reply({ token: info }, { status: 201, headers: { 'x-subject-token': token } });
  },
});
