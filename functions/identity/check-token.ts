import { endpoint, Reply } from '../../lib/endpoint.ts';
import { KmsError } from '../../lib/errors.ts';

/**
 * What a token is good for: one's own, or, for an administrator, any of the same domain.
 * Source: IAM API reference, "Verifying a Token".
 */
export const handler = endpoint({
  access: 'caller',
  isOfDirectory: true,
  async handle({ act, request, tokens }) {
    const subject = request.headers['x-subject-token'];
    if (!subject) throw new KmsError('Keystone.400', { detail: 'Send the token to check as X-Subject-Token.' });
    const token = await tokens.check(act.caller, subject);
    return new Reply({ token }, { headers: { 'x-subject-token': subject } });
  },
});
