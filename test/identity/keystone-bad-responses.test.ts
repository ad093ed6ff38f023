/** An IAM that cannot be believed or does not answer never lets anyone in, and costs no more than its time. */

import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { errorBody, type KmsError } from '../../lib/errors.ts';
import type { Authenticator } from '../../lib/identity/authenticator.ts';
import { keystoneAuthenticator } from '../../lib/identity/keystone.ts';
import { describeCause as described } from '../../lib/logger.ts';
import { type AwsServer, type Behaviour, json, plain, startAwsServer } from '../support/aws/fake-server.ts';
import { CALLER, identify, NOW_MS, refusalOf, TOKEN } from './keystone-fixture.ts';

/** A third of what a gateway gives a request. */
const LATE_MS = 10_000;

let iam: AwsServer;
let identity: Authenticator;

const identityAt = (endpoint: string) => keystoneAuthenticator({ endpoint, cacheSeconds: 30, now: () => NOW_MS });

beforeEach(async () => {
  iam = await startAwsServer();
  identity = identityAt(iam.endpoint);
});

afterEach(() => iam.stop());

const raw =
  (status: number, body: string, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);

const told = (token: object): Behaviour => json(200, { token });
const user = (more: object) => told({ ...TOKEN, user: { ...TOKEN.user, ...more } });
const good = JSON.stringify({ token: TOKEN });

const cutOff: Behaviour = (response) => {
  response.writeHead(200, { 'content-length': good.length + 1 });
  response.write(good, () => response.destroy());
};

/** Sends until nobody reads on. */
const endless: Behaviour = async (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const chunk = Buffer.alloc(64 * 1024, ' ');
  while (!response.destroyed) if (!response.write(chunk)) await pause(1);
};

const NONSENSE: [string, Behaviour][] = [
  ['a page', plain(200, '<html>Welcome</html>')],
  ['nothing', raw(200, '')],
  ['half of an answer', raw(200, good.slice(0, -20))],
  ['less than it said', cutOff],
  ['an answer and more', raw(200, `${good}${good}`)],
  ['a list', json(200, [TOKEN])],
  ['null', raw(200, 'null')],
  ['an empty object', json(200, {})],
  ['no token', json(200, { token: null })],
  ['a token without a user', told({ ...TOKEN, user: undefined })],
  ['a user without an id', user({ id: undefined })],
  ['a user with an empty id', user({ id: '' })],
  ['a user id that is a number', user({ id: 7 })],
  ['a user id that is a list', user({ id: ['7116d09f88fa41908676fdd4b039e95b'] })],
  ['a user without a domain', user({ domain: undefined })],
  ['a domain without an id', user({ domain: { name: 'company' } })],
  ['a project without an id', told({ ...TOKEN, project: { name: 'eu-west-101' } })],
  ['a project id that is a list', told({ ...TOKEN, project: { id: [CALLER.projectId] } })],
  ['roles that are no list', told({ ...TOKEN, roles: 'te_admin' })],
  ['roles that are names only', told({ ...TOKEN, roles: ['te_admin'] })],
  ['no time of expiry', told({ ...TOKEN, expires_at: undefined })],
  ['a time of expiry that is none', told({ ...TOKEN, expires_at: 'never' })],
  ['a time of expiry that is a number', told({ ...TOKEN, expires_at: 9_999_999_999_999 })],
  ['the token outside of its object', json(200, TOKEN)],
  ['a good answer as a refusal', raw(500, good)],
  ['a good answer as made', raw(201, good)],
  ['no content', raw(204, '')],
  ['an error of a proxy', plain(502, '<html>Bad Gateway</html>')],
  ['an error of its own', json(500, { error: { code: 500, message: 'An unexpected error', title: 'Error' } })],
  ['an answer about another token', raw(200, good, { 'x-subject-token': 'MIIbother' })],
  ['a time of expiry of no zone', told({ ...TOKEN, expires_at: '2026-03-02T11:59:59' })],
  ["a proxy's page instead of a refusal", plain(401, '<html>Log in</html>')],
  ["a proxy's page that says not found", plain(404, '<html>Not Found</html>')],
  ['a connection that it ends at once', (response) => response.destroy()],
  ['an answer without an end', endless],
];

test.each(NONSENSE)('%s is 502, and is forgotten', async (_what, behaviour) => {
  iam.answer(behaviour);
  expect(await refusalOf(identify(identity, 'MIIatAYJ'))).toBe('APIGW.0201:502');
  expect(iam.arrived.length).toBeLessThanOrEqual(2);
  iam.answer(told(TOKEN));
  expect(await identify(identity, 'MIIatAYJ')).toEqual(CALLER);
});

test('an IAM that is too busy is 429 with its own time to wait, and is not asked again at once', async () => {
  iam.answer(raw(429, '{"error_code":"IAM.0012","error_msg":"Too many requests"}', { 'retry-after': '3' }));
  const refusal = identify(identity, 'MIIatAYJ');
  await expect(refusal).rejects.toMatchObject({ code: 'APIGW.0308', retryAfterSeconds: 3 });
  expect(iam.arrived).toHaveLength(1);
});

test('an answer that repeats the token as asked for is taken', async () => {
  iam.answer(raw(200, good, { 'x-subject-token': 'MIIatAYJ' }));
  expect(await identify(identity, 'MIIatAYJ')).toEqual(CALLER);
});

test.each([301, 302, 303, 307, 308])('a redirect (%i) is 502 and is not followed', async (status) => {
  const elsewhere = await startAwsServer();
  elsewhere.answer(told(TOKEN));
  const location = `${elsewhere.endpoint}/v3/auth/tokens`;
  iam.answer(raw(status, '', { location }));
  expect(await refusalOf(identify(identity, 'MIIatAYJ'))).toBe('APIGW.0201:502');
  expect(elsewhere.arrived).toEqual([]);
  await elsewhere.stop();
});

test('an IAM that is not there is 502', async () => {
  const gone = await startAwsServer();
  await gone.stop();
  expect(await refusalOf(identify(identityAt(gone.endpoint), 'MIIatAYJ'))).toBe('APIGW.0201:502');
});

test.each<[string, Behaviour]>([
  ['says nothing', () => undefined],
  ['stops in the middle of its answer', (response) => response.writeHead(200).write(good.slice(0, 40))],
  [
    'sends its answer byte by byte',
    async (response) => {
      response.writeHead(200);
      for (const byte of good) {
        if (response.destroyed) return;
        response.write(byte);
        await pause(100);
      }
    },
  ],
])('an IAM that %s is 504, in good time', async (_how, behaviour) => {
  iam.answer(behaviour);
  const startMs = performance.now();
  expect(await refusalOf(identify(identity, 'MIIatAYJ'))).toBe('APIGW.0201:504');
  expect(performance.now() - startMs).toBeLessThan(LATE_MS);
});

test('an answer that is lost once is asked for again', async () => {
  iam.answer((response) => {
    iam.answer(told(TOKEN));
    response.destroy();
  });
  expect(await identify(identity, 'MIIatAYJ')).toEqual(CALLER);
  expect(iam.arrived).toHaveLength(2);
});

test('connections that the IAM has closed in between do not matter', async () => {
  iam.answer(told(TOKEN));
  for (const token of ['one', 'two', 'three']) {
    expect(await identify(identity, token)).toEqual(CALLER);
    for (const connection of iam.connections) connection.destroy();
  }
});

const SECRET = 'MIIa5ecretT0ken';
const ECHOES: [string, Behaviour][] = [
  ['refuses it', json(404, { error: { code: 404, message: `no token ${SECRET}`, title: SECRET } })],
  ['answers nonsense', raw(200, `{"token": "${SECRET}`)],
  ['answers another form', told({ ...TOKEN, expires_at: SECRET })],
  ['is a page', plain(200, `<html>${SECRET}</html>`)],
  ['redirects', raw(302, '', { location: `http://127.0.0.1:1/${SECRET}` })],
  ['ends the connection', (response) => response.destroy()],
];

test.each(ECHOES)('the token is in no error and no log line where the IAM %s', async (_how, behaviour) => {
  iam.answer(behaviour);
  const error = await identify(identity, SECRET).then(
    () => undefined,
    (thrown: KmsError) => thrown,
  );
  expect(error?.code).toMatch(/^APIGW\.0[23]01/);
  const said = [inspect(error, { depth: 20 }), described(error), JSON.stringify(errorBody(error as KmsError, 'id'))];
  for (const text of said) expect(text).not.toContain(SECRET);
});
