import { KmsError } from '../../lib/errors.ts';
import { httpHandler } from '../../lib/handlers/http.ts';
import { Reply } from '../../lib/http/reply.ts';

/**
 * What a token is good for: one's own, or, for an administrator, any of the same domain.
 * Source: IAM API reference, "Verifying a Token".
 */
export const handler = httpHandler({
  access: 'caller',
  requiresDirectory: true,
  async handle({ context, request, tokens }) {
    const subject = request.headers['x-subject-token'];
    if (!subject) throw new KmsError('Keystone.400', { detail: 'Send the token to check as X-Subject-Token.' });
    const token = await tokens.check(context.caller, subject);
    return new Reply({ token }, { headers: { 'x-subject-token': subject } });
  },
});
