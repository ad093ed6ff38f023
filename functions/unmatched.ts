import { KmsError } from '../lib/errors.ts';
import { httpHandler } from '../lib/handlers/http.ts';

const POST_ONLY = /^\/v1\.0\/[^/]+\/kms\/[^/]+$/;

/** Replies to requests that match no other route: a KMS path with the wrong method, or an unknown path. */
export const handler = httpHandler({
  access: 'anyone',
  async handle({ request: { method, path } }) {
    if (method !== 'POST' && POST_ONLY.test(path)) throw new KmsError('KMS.0215', { detail: 'Use POST.' });
    throw new KmsError('APIGW.0101');
  },
});
