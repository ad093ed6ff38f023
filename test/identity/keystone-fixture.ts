/** A token as an IAM describes it, the caller that it identifies, and requests with it. */
import { inspect } from 'node:util';
import { KmsError } from '../../lib/errors.ts';
import type { Authenticator } from '../../lib/identity/authenticator.ts';
import type { SignableRequest } from '../../lib/signing/signed-request.ts';

export const NOW_MS = Date.parse('2026-03-01T12:00:00Z');

/** Source: IAM API reference, "Verifying a Token", its example. */
export const TOKEN = {
  expires_at: '2026-03-02T11:59:59.000000Z',
  issued_at: '2026-03-01T11:59:59.000000Z',
  methods: ['password'],
  catalog: [],
  roles: [
    { id: '0', name: 'te_admin' },
    { id: '0', name: 'KMS Administrator' },
  ],
  project: {
    id: 'aa2d97d7e62c4b7da3ffdfc11551f878',
    name: 'eu-west-101',
    domain: { id: 'd78cbac186b744899480f25bd022f468', name: 'company' },
  },
  user: {
    id: '7116d09f88fa41908676fdd4b039e95b',
    name: 'alice',
    domain: { id: 'd78cbac186b744899480f25bd022f468', name: 'company' },
    password_expires_at: '',
  },
};

export const CALLER = {
  userId: '7116d09f88fa41908676fdd4b039e95b',
  domainId: 'd78cbac186b744899480f25bd022f468',
  projectId: 'aa2d97d7e62c4b7da3ffdfc11551f878',
  roles: ['te_admin', 'KMS Administrator'],
};

/** Returns a request with these headers. */
export function requestOf(headers: SignableRequest['headers']): SignableRequest {
  const path = `/v1.0/${CALLER.projectId}/kms/list-keys`;
  return { method: 'POST', path, query: '', headers, body: Buffer.from('{}') };
}

/** Authenticates a request that has this token. */
export const authenticate = (authenticator: Authenticator, token: string, source = '192.0.2.1') =>
  authenticator.authenticate(requestOf({ 'x-auth-token': token }), CALLER.projectId, source);

/** Returns the error code of an authentication, or `accepted`. */
export async function codeOf(authentication: Promise<unknown>): Promise<string> {
  try {
    await authentication;
    return 'accepted';
  } catch (error) {
    if (error instanceof KmsError) return error.code;
    throw new Error(`not a KmsError: ${inspect(error)}`);
  }
}
