import { KmsError } from '../lib/errors.ts';
import { httpHandler } from '../lib/handlers/http.ts';
import { methodsOf } from '../lib/handlers/routes.ts';

/** Replies to requests that match no other route: a path that has only routes for other methods, or an unknown path. */
export const handler = httpHandler({
  access: 'anyone',
  async handle({ request: { method, path } }) {
    const methods = methodsOf(path);
    // A path with an encoded letter matches no route, but equals one once it is decoded.
    if (methods.length === 0 || methods.includes(method)) throw new KmsError('APIGW.0101');
    throw new KmsError('KMS.0215', { detail: `Use ${methods.join(' or ')}.`, methods });
  },
});
