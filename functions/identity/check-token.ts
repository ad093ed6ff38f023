import { KmsError } from '../../lib/errors.ts';
import { httpHandler } from '../../lib/handlers/http.ts';
import { Reply } from '../../lib/http/reply.ts';

/**
 * Shows a token's user, project and roles: the caller's own token or, for an administrator, any token of the same
 * domain.
 * Source: IAM API reference, "Verifying a Token".
 */
export const handler = httpHandler({
  access: 'caller',
  requiresDirectory: true,
  async handle({ context, request, tokens }) {
    const subject = request.headers['x-subject-token'];
    if (!subject)
      throw new KmsError('Keystone.400', { detail: 'Send the token to check in the X-Subject-Token header.' });
    const token = await tokens.check(context.caller, subject);
    return new Reply({ token }, { headers: { 'x-subject-token': subject } });
  },
});
