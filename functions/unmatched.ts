import { KmsError } from '../lib/errors.ts';
import { httpHandler } from '../lib/handlers/http.ts';

const POST_ONLY = /^\/v1\.0\/[^/]+\/kms\/[^/]+$/;

/** Whatever no other route takes: a known form of path with the wrong method, or no API at all. */
export const handler = httpHandler({
  access: 'anyone',
  async handle({ request: { method, path } }) {
    if (method !== 'POST' && POST_ONLY.test(path)) throw new KmsError('KMS.0215', { detail: 'Use POST.' });
    throw new KmsError('APIGW.0101');
  },
});
