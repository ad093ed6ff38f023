import { KmsError } from '../lib/errors.ts';
import { httpHandler } from '../lib/handlers/http.ts';
import { methodsOf } from '../lib/handlers/routes.ts';

/** Replies to requests that match no other route: a path that has only routes for other methods, or an unknown path. */
export const handler = httpHandler({
  access: 'anyone',
  async handle({ request: { path } }) {
    const methods = methodsOf(path);
    if (methods.length === 0) throw new KmsError('APIGW.0101');
    throw new KmsError('KMS.0215', { detail: `Use ${methods.join(' or ')}.`, methods });
  },
});
