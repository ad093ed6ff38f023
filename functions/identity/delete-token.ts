import { KmsError } from '../../lib/errors.ts';
import { httpHandler } from '../../lib/handlers/http.ts';
import { Reply } from '../../lib/http/reply.ts';
import { tokensOf } from '../../lib/identity/tokens.ts';

/**
 * Revokes a token: the caller's own or, for an administrator, any token of the same domain. Tokens that were issued
 * from this one are revoked too.
 * Source: OpenStack Identity API v3, "Revoke token".
 */
export const handler = httpHandler({
  access: 'caller',
  name: 'delete-token',
  requiresDirectory: true,
  async handle({ context, request, store, now }) {
    const subject = request.headers['x-subject-token'];
    if (!subject)
      throw new KmsError('Keystone.400', { detail: 'Send the token to revoke in the X-Subject-Token header.' });
    await tokensOf({ store, now }).revoke(context.caller, subject);
    return new Reply('', { status: 204 });
  },
});
