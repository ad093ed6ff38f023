import { KmsError } from '../lib/errors.ts';
import { httpHandler } from '../lib/handlers/http.ts';
import { methodsOf } from '../lib/handlers/routes.ts';
import { publicUrlOf } from '../lib/http/public-url.ts';
import { Reply } from '../lib/http/reply.ts';
import { identityVersion, kmsVersion } from '../lib/http/serialize-version.ts';

/**
 * The versions at the addresses that OpenStack clients build, which end with a slash. They are no routes, because the
 * Serverless Framework gives `GET /v3` and `GET /v3/` the same logical id.
 */
const VERSIONS = new Map([
  ['/v3/', { route: '/v3', describe: identityVersion, requiresDirectory: true }],
  ['/v1.0/', { route: '/v1.0', describe: kmsVersion, requiresDirectory: false }],
]);

/** Websites that people may type with a slash at the end. */
const WEBSITES = ['/console/', '/docs/'];

/**
 * Replies to requests that match no other route: a version or a website with a slash at the end, a path that has only
 * routes for other methods, or an unknown path.
 */
export const handler = httpHandler({
  access: 'anyone',
  async handle({ config, request }) {
    const { method, path, query } = request;
    const version = VERSIONS.get(path);
    const methods = methodsOf(version?.route ?? path);
    if (version && methods.includes(method) && !(version.requiresDirectory && config.keystone)) {
      return { version: version.describe(publicUrlOf(config, request)) };
    }
    if (method === 'GET' && WEBSITES.includes(path)) {
      return new Reply('', { status: 308, headers: { location: path.slice(0, -1) + (query && `?${query}`) } });
    }
    // A path with an encoded letter matches no route, but equals one once it is decoded.
    if (methods.length === 0 || methods.includes(method)) throw new KmsError('APIGW.0101');
    throw new KmsError('KMS.0215', { detail: `Use ${methods.join(' or ')}.`, methods });
  },
});
