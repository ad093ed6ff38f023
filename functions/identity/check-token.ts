import { KmsError } from '../../lib/errors.ts';
import { httpHandler } from '../../lib/handlers/http.ts';
import { Reply } from '../../lib/http/reply.ts';
import { tokenCatalog } from '../../lib/http/serialize-catalog.ts';
import { tokensOf } from '../../lib/identity/tokens.ts';

/**
 * Shows a token's user, project and roles: the caller's own token or, for an administrator, any token of the same
 * domain. HEAD only tells whether the token is valid.
 * Source: IAM API reference, "Verifying a Token"; OpenStack Identity API v3, "Check token".
 */
export const handler = httpHandler({
  access: 'caller',
  requiresDirectory: true,
  async handle({ config, context, request, store, now }) {
    const subject = request.headers['x-subject-token'];
    if (!subject)
      throw new KmsError('Keystone.400', { detail: 'Send the token to check in the X-Subject-Token header.' });
    const info = await tokensOf({ store, now }).check(context.caller, subject);
    const catalog = tokenCatalog(config, request)(info.project?.id);
    const body = request.method === 'HEAD' ? '' : { token: { ...info, ...catalog } };
    return new Reply(body, { headers: { 'x-subject-token': subject } });
  },
});
