/** An IAM that responds incorrectly or not at all: no token is accepted, and each request ends in time. */

import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { errorBody, type KmsError } from '../../lib/errors.ts';
import type { Authenticator } from '../../lib/identity/authenticator.ts';
import { keystoneAuthenticator } from '../../lib/identity/keystone.ts';
import { describeCause } from '../../lib/logger.ts';
import { type FakeServer, json, plain, type Responder, startFakeServer } from '../support/aws/fake-server.ts';
import { authenticate, CALLER, codeOf, NOW_MS, TOKEN } from './keystone-fixture.ts';

/** A third of the time that API Gateway allows for a request. */
const RESPONSE_MS_MAX = 10_000;

let iam: FakeServer;
let authenticator: Authenticator;

const authenticatorAt = (endpoint: string) => keystoneAuthenticator({ endpoint, cacheSeconds: 30, now: () => NOW_MS });

beforeEach(async () => {
  iam = await startFakeServer();
  authenticator = authenticatorAt(iam.endpoint);
});

afterEach(() => iam.stop());

const raw =
  (status: number, body: string, headers: Record<string, string> = {}): Responder =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);

const tokenResponse = (token: object): Responder => json(200, { token });
const withUser = (changes: object) => tokenResponse({ ...TOKEN, user: { ...TOKEN.user, ...changes } });
const VALID_BODY = JSON.stringify({ token: TOKEN });

const cutOff: Responder = (response) => {
  response.writeHead(200, { 'content-length': VALID_BODY.length + 1 });
  response.write(VALID_BODY, () => response.destroy());
};

/** Sends until the client closes the connection. */
const endless: Responder = async (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const chunk = Buffer.alloc(64 * 1024, ' ');
  while (!response.destroyed) if (!response.write(chunk)) await pause(1);
};

const UNUSABLE: [string, Responder][] = [
  ['an HTML page', plain(200, '<html>Welcome</html>')],
  ['an empty body', raw(200, '')],
  ['a truncated body', raw(200, VALID_BODY.slice(0, -20))],
  ['a body shorter than its content-length', cutOff],
  ['two JSON texts', raw(200, `${VALID_BODY}${VALID_BODY}`)],
  ['an array', json(200, [TOKEN])],
  ['null', raw(200, 'null')],
  ['an empty object', json(200, {})],
  ['no token', json(200, { token: null })],
  ['a token without a user', tokenResponse({ ...TOKEN, user: undefined })],
  ['a user without an id', withUser({ id: undefined })],
  ['a user with an empty id', withUser({ id: '' })],
  ['a user id that is a number', withUser({ id: 7 })],
  ['a user id that is an array', withUser({ id: ['7116d09f88fa41908676fdd4b039e95b'] })],
  ['a user without a domain', withUser({ domain: undefined })],
  ['a domain without an id', withUser({ domain: { name: 'company' } })],
  ['a project without an id', tokenResponse({ ...TOKEN, project: { name: 'eu-west-101' } })],
  ['a project id that is an array', tokenResponse({ ...TOKEN, project: { id: [CALLER.projectId] } })],
  ['roles that are not an array', tokenResponse({ ...TOKEN, roles: 'te_admin' })],
  ['roles that are names only', tokenResponse({ ...TOKEN, roles: ['te_admin'] })],
  ['no expiry', tokenResponse({ ...TOKEN, expires_at: undefined })],
  ['an expiry that is not a time', tokenResponse({ ...TOKEN, expires_at: 'never' })],
  ['an expiry that is a number', tokenResponse({ ...TOKEN, expires_at: 9_999_999_999_999 })],
  ['the token outside of its object', json(200, TOKEN)],
  ['a valid body with status 500', raw(500, VALID_BODY)],
  ['a valid body with status 201', raw(201, VALID_BODY)],
  ['status 204', raw(204, '')],
  ['an error of a proxy', plain(502, '<html>Bad Gateway</html>')],
  ['an internal error of the IAM', json(500, { error: { code: 500, message: 'An unexpected error', title: 'Error' } })],
  ['a response about another token', raw(200, VALID_BODY, { 'x-subject-token': 'MIIbother' })],
  ['an expiry without a time zone', tokenResponse({ ...TOKEN, expires_at: '2026-03-02T11:59:59' })],
  ['status 401 with the HTML page of a proxy', plain(401, '<html>Log in</html>')],
  ['status 404 with the HTML page of a proxy', plain(404, '<html>Not Found</html>')],
  ['a connection that is closed at once', (response) => response.destroy()],
  ['an endless body', endless],
];

test.each(UNUSABLE)('%s is APIGW.0201:502 and is not cached', async (_what, behaviour) => {
  iam.respondWith(behaviour);
  expect(await codeOf(authenticate(authenticator, 'MIIatAYJ'))).toBe('APIGW.0201:502');
  expect(iam.requests.length).toBeLessThanOrEqual(2);
  iam.respondWith(tokenResponse(TOKEN));
  expect(await authenticate(authenticator, 'MIIatAYJ')).toEqual(CALLER);
});

test('a 429 of the IAM is APIGW.0308 with its Retry-After, and is not retried', async () => {
  iam.respondWith(raw(429, '{"error_code":"IAM.0012","error_msg":"Too many requests"}', { 'retry-after': '3' }));
  const refusal = authenticate(authenticator, 'MIIatAYJ');
  await expect(refusal).rejects.toMatchObject({ code: 'APIGW.0308', retryAfterSeconds: 3 });
  expect(iam.requests).toHaveLength(1);
});

test('a response that names the same token in X-Subject-Token is accepted', async () => {
  iam.respondWith(raw(200, VALID_BODY, { 'x-subject-token': 'MIIatAYJ' }));
  expect(await authenticate(authenticator, 'MIIatAYJ')).toEqual(CALLER);
});

test.each([301, 302, 303, 307, 308])('a redirect (%i) is APIGW.0201:502 and is not followed', async (status) => {
  const elsewhere = await startFakeServer();
  elsewhere.respondWith(tokenResponse(TOKEN));
  const location = `${elsewhere.endpoint}/v3/auth/tokens`;
  iam.respondWith(raw(status, '', { location }));
  expect(await codeOf(authenticate(authenticator, 'MIIatAYJ'))).toBe('APIGW.0201:502');
  expect(elsewhere.requests).toEqual([]);
  await elsewhere.stop();
});

test('an unreachable IAM is APIGW.0201:502', async () => {
  const gone = await startFakeServer();
  await gone.stop();
  expect(await codeOf(authenticate(authenticatorAt(gone.endpoint), 'MIIatAYJ'))).toBe('APIGW.0201:502');
});

test.each<[string, Responder]>([
  ['does not respond', () => undefined],
  ['stops in the middle of its response', (response) => response.writeHead(200).write(VALID_BODY.slice(0, 40))],
  [
    'sends its response too slowly',
    async (response) => {
      response.writeHead(200);
      for (const byte of VALID_BODY) {
        if (response.destroyed) return;
        response.write(byte);
        await pause(100);
      }
    },
  ],
])('an IAM that %s is APIGW.0201:504 in time', async (_how, behaviour) => {
  iam.respondWith(behaviour);
  const startMs = performance.now();
  expect(await codeOf(authenticate(authenticator, 'MIIatAYJ'))).toBe('APIGW.0201:504');
  expect(performance.now() - startMs).toBeLessThan(RESPONSE_MS_MAX);
});

test('a validation whose response is lost is retried', async () => {
  iam.respondWith((response) => {
    iam.respondWith(tokenResponse(TOKEN));
    response.destroy();
  });
  expect(await authenticate(authenticator, 'MIIatAYJ')).toEqual(CALLER);
  expect(iam.requests).toHaveLength(2);
});

test('connections that the IAM closes between requests are replaced', async () => {
  iam.respondWith(tokenResponse(TOKEN));
  for (const token of ['one', 'two', 'three']) {
    expect(await authenticate(authenticator, token)).toEqual(CALLER);
    for (const connection of iam.connections) connection.destroy();
  }
});

const SECRET = 'MIIa5ecretT0ken';
const ECHOES: [string, Responder][] = [
  ['refuses the token', json(404, { error: { code: 404, message: `no token ${SECRET}`, title: SECRET } })],
  ['responds with broken JSON', raw(200, `{"token": "${SECRET}`)],
  ['responds with an invalid expiry', tokenResponse({ ...TOKEN, expires_at: SECRET })],
  ['responds with an HTML page', plain(200, `<html>${SECRET}</html>`)],
  ['redirects', raw(302, '', { location: `http://127.0.0.1:1/${SECRET}` })],
  ['closes the connection', (response) => response.destroy()],
];

test.each(ECHOES)('no error and no log line contains the token when the IAM %s', async (_how, behaviour) => {
  iam.respondWith(behaviour);
  const error = await authenticate(authenticator, SECRET).then(
    () => undefined,
    (thrown: KmsError) => thrown,
  );
  expect(error?.code).toMatch(/^APIGW\.0[23]01/);
  const texts = [
    inspect(error, { depth: 20 }),
    describeCause(error),
    JSON.stringify(errorBody(error as KmsError, 'id')),
  ];
  for (const text of texts) expect(text).not.toContain(SECRET);
});
