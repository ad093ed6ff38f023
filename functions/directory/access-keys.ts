import * as z from 'zod/mini';
import { httpHandler } from '../../lib/handlers/http.ts';
import { serializeCredential } from '../../lib/http/serialize-directory.ts';
import { domainAdministration } from '../../lib/identity/domain-administration.ts';
import { parseAuthorization } from '../../lib/signing/sdk-hmac.ts';
import { pageOf, parseStrictBody } from '../../lib/validation/keystone.ts';

const CHANGE = z.strictObject({ credential: z.strictObject({ status: z.enum(['active', 'inactive']) }) });
const CHANGE_DETAIL = 'Send credential with status, active or inactive. Other fields cannot be changed.';

/**
 * Lists the access keys of the domain; with `?user_id=`, those of one user; or enables or disables one. The list has
 * pages, which the documented API does not have: `limit`, `marker`, and `links` in the reply.
 * Source: IAM API reference, "Querying Permanent Access Keys", "Modifying a Permanent Access Key".
 * @throws KmsError Keystone.404:resource for a user or an access key of another domain, Keystone.400 for other changes
 */
export const handler = httpHandler({
  access: 'iam:directory:manage',
  name: 'access-keys',
  isExtension: true,
  requiresDirectory: true,
  usesCallerProject: true,
  async handle({ context, params: { access_key: accessKey }, request, store }) {
    const administration = domainAdministration(store.directory, context);
    if (accessKey !== undefined) {
      const { credential } = parseStrictBody(request, CHANGE, CHANGE_DETAIL);
      const { authorization } = request.headers;
      const signingKey = authorization === undefined ? undefined : parseAuthorization(authorization).accessKey;
      const isEnabled = credential.status === 'active';
      const changed = await administration.setAccessKeyEnabled(accessKey, isEnabled, signingKey);
      return { credential: serializeCredential(changed) };
    }
    const userId = new URLSearchParams(request.query).get('user_id') ?? undefined;
    const { page, links } = pageOf(await administration.accessKeys(userId), (key) => key.accessKey, request);
    return { credentials: page.map(serializeCredential), links };
  },
});
