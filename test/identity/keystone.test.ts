/** Authentication by an IAM, with a fake IAM that responds in the documented forms. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Authenticator } from '../../lib/identity/authenticator.ts';
import { keystoneAuthenticator } from '../../lib/identity/keystone.ts';
import { type FakeServer, json, startFakeServer } from '../support/aws/fake-server.ts';
import { authenticate, CALLER, codeOf, NOW_MS, requestOf, TOKEN } from './keystone-fixture.ts';

let iam: FakeServer;
let authenticator: Authenticator;

beforeEach(async () => {
  iam = await startFakeServer();
  authenticator = keystoneAuthenticator({ endpoint: iam.endpoint, cacheSeconds: 30, now: () => NOW_MS });
});

afterEach(() => iam.stop());

test('the caller has the user, domain, project and roles that the IAM returns', async () => {
  iam.respondWith(json(200, { token: TOKEN }));
  expect(await authenticate(authenticator, 'MIIatAYJ')).toEqual(CALLER);
});

test('the token is validated with the documented request, and authenticates that request itself', async () => {
  iam.respondWith(json(200, { token: TOKEN }));
  await authenticate(authenticator, 'MIIatAYJ');
  expect(iam.requests).toHaveLength(1);
  expect(iam.requests[0]).toMatchObject({ method: 'GET', path: expect.stringMatching(/^\/v3\/auth\/tokens(\?|$)/) });
  expect(iam.requests[0]?.headers).toMatchObject({ 'x-auth-token': 'MIIatAYJ', 'x-subject-token': 'MIIatAYJ' });
  expect(iam.requests[0]?.path).not.toContain('MIIatAYJ');
  expect(iam.requests[0]?.body).toBe('');
});

test('a response of OpenStack Keystone is understood', async () => {
  iam.respondWith(
    json(200, {
      token: {
        methods: ['password'],
        user: {
          domain: { id: 'default', name: 'Default' },
          id: '10c033ad62b44282877e5c24c3f49f6b',
          name: 'admin',
          password_expires_at: null,
        },
        audit_ids: ['NnQR_UbYRiiNtquMIeZnEA'],
        expires_at: '2026-03-01T14:25:01.000000Z',
        issued_at: '2026-03-01T13:25:01.000000Z',
        project: {
          domain: { id: 'default', name: 'Default' },
          id: 'e505bd99c80e491cb7750d6e1e0b3244',
          name: 'admin',
        },
        is_domain: false,
        roles: [{ id: '34a87d9d5cca4252ad38ea6f24d31ebe', name: 'member' }],
      },
    }),
  );
  expect(await authenticate(authenticator, 'gAAAAABr')).toEqual({
    userId: '10c033ad62b44282877e5c24c3f49f6b',
    domainId: 'default',
    projectId: 'e505bd99c80e491cb7750d6e1e0b3244',
    roles: ['member'],
  });
});

test('the domain of the caller is that of the user, even if the project belongs to another domain', async () => {
  const project = { ...TOKEN.project, domain: { id: 'another', name: 'partner' } };
  iam.respondWith(json(200, { token: { ...TOKEN, project } }));
  expect(await authenticate(authenticator, 'MIIatAYJ')).toMatchObject({ domainId: 'd78cbac186b744899480f25bd022f468' });
});

test('the project of the caller is that of the token, whatever the URL says', async () => {
  iam.respondWith(json(200, { token: TOKEN }));
  for (const projectId of ['0'.repeat(32), undefined]) {
    const caller = await authenticator.authenticate(requestOf({ 'x-auth-token': 'MIIatAYJ' }), projectId);
    expect(caller.projectId).toBe('aa2d97d7e62c4b7da3ffdfc11551f878');
  }
});

const { project: _project, ...WITHOUT_PROJECT } = TOKEN;
const { roles: _roles, ...UNSCOPED } = WITHOUT_PROJECT;

test.each([
  ['unscoped', UNSCOPED],
  ['for a domain', { ...WITHOUT_PROJECT, domain: { id: CALLER.projectId, name: 'company' } }],
  ['for the whole system', { ...WITHOUT_PROJECT, system: { all: true } }],
])('a token that is %s gives a caller without a project', async (_scope, token) => {
  iam.respondWith(json(200, { token }));
  const caller = await authenticate(authenticator, 'MIIatAYJ');
  expect(caller.userId).toBe('7116d09f88fa41908676fdd4b039e95b');
  expect(caller.projectId).toBeUndefined();
});

test.each<[string, number, object]>([
  [
    'not found',
    404,
    { error: { code: 404, message: 'X-Subject-Token is invalid in the request', title: 'Not Found' } },
  ],
  [
    'unauthorized',
    401,
    { error: { code: 401, message: 'The request you have made requires authentication.', title: 'Unauthorized' } },
  ],
  ['forbidden', 403, { error: { code: 403, message: 'You are not authorized.', title: 'Forbidden' } }],
  [
    'refused by the API gateway',
    401,
    { error_msg: 'Incorrect IAM authentication information', error_code: 'APIGW.0301', request_id: '1' },
  ],
  ['refused in the newer error form', 401, { error_msg: 'Authentication failed', error_code: 'IAM.0001' }],
])('a token is refused when the response of the IAM is: %s', async (_how, status, body) => {
  iam.respondWith(json(status, body));
  expect(await codeOf(authenticate(authenticator, 'MIIatAYJ'))).toBe('APIGW.0301');
});

test.each([
  ['has just expired', '2026-03-01T12:00:00.000000Z'],
  ['expired long ago', '2020-01-01T00:00:00.000000Z'],
])('a token that %s by the clock of this service is refused, even if the IAM accepts it', async (_when, expires_at) => {
  iam.respondWith(json(200, { token: { ...TOKEN, expires_at } }));
  expect(await codeOf(authenticate(authenticator, 'MIIatAYJ'))).toBe('APIGW.0301');
});

test.each<[string, Record<string, string>]>([
  ['no credentials', {}],
  ['an empty token', { 'x-auth-token': '' }],
  ['a token with a space', { 'x-auth-token': 'MII atAYJ' }],
  ['a token that contains another header', { 'x-auth-token': 'MIIatAYJ\r\nX-Admin: 1' }],
  ['a token with non-ASCII letters', { 'x-auth-token': 'MIIatÄYJ' }],
  ['a token that is too long', { 'x-auth-token': 'M'.repeat(40_000) }],
  ['an AK/SK signature', { authorization: 'SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature=0' }],
  ['an AK/SK signature and a token', { authorization: 'SDK-HMAC-SHA256 Access=A', 'x-auth-token': 'MIIatAYJ' }],
  ['another scheme and a token', { authorization: 'Bearer MIIatAYJ', 'x-auth-token': 'MIIatAYJ' }],
])('a request with %s is refused without a request to the IAM', async (_what, headers) => {
  iam.respondWith(json(200, { token: TOKEN }));
  expect(await codeOf(authenticator.authenticate(requestOf(headers), CALLER.projectId))).toBe('APIGW.0301');
  expect(iam.requests).toEqual([]);
});
