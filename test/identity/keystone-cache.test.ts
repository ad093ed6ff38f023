/** The token cache of lib/identity/keystone.ts, and the limits of concurrent lookups. */

import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { keystoneAuthenticator } from '../../lib/identity/keystone.ts';
import { type FakeServer, json, startFakeServer } from '../support/aws/fake-server.ts';
import { until } from '../upstream/until.ts';
import { authenticate, CALLER, codeOf, NOW_MS, TOKEN } from './keystone-fixture.ts';

let iam: FakeServer;
const clock = { nowMs: NOW_MS };

beforeEach(async () => {
  clock.nowMs = NOW_MS;
  iam = await startFakeServer();
  iam.respondWith(GOOD);
});

afterEach(() => iam.stop());

const GOOD = json(200, { token: TOKEN });
const UNKNOWN = json(404, { error: { code: 404, message: 'X-Subject-Token is invalid', title: 'Not Found' } });
const authenticatorFor = (cacheSeconds: number) =>
  keystoneAuthenticator({ endpoint: iam.endpoint, cacheSeconds, now: () => clock.nowMs });

/** Makes the IAM hold its responses until `release`. */
function holdResponses() {
  const held: ServerResponse[] = [];
  iam.respondWith((response) => held.push(response));
  return {
    held,
    release(respond = GOOD) {
      for (const response of held.splice(0)) respond(response);
    },
  };
}

test('a valid token is cached for the configured time and then validated again', async () => {
  const authenticator = authenticatorFor(30);
  for (const [afterMs, lookups] of [
    [0, 1],
    [1, 1],
    [29_999, 1],
    [30_000, 2],
    [59_999, 2],
    [60_000, 3],
  ] as const) {
    clock.nowMs = NOW_MS + afterMs;
    expect(await authenticate(authenticator, 'MIIatAYJ')).toEqual(CALLER);
    expect(iam.requests).toHaveLength(lookups);
  }
});

test('with a cache time of 0, each request validates the token', async () => {
  const authenticator = authenticatorFor(0);
  expect(await authenticate(authenticator, 'MIIatAYJ')).toEqual(CALLER);
  iam.respondWith(UNKNOWN);
  expect(await codeOf(authenticate(authenticator, 'MIIatAYJ'))).toBe('APIGW.0301');
  expect(iam.requests).toHaveLength(2);
});

test('the cache time counts from the start of the validation', async () => {
  const authenticator = authenticatorFor(30);
  const { held, release } = holdResponses();
  const first = authenticate(authenticator, 'MIIatAYJ');
  await until(() => held.length === 1);
  clock.nowMs = NOW_MS + 20_000;
  release();
  await first;
  clock.nowMs = NOW_MS + 30_000;
  iam.respondWith(UNKNOWN);
  expect(await codeOf(authenticate(authenticator, 'MIIatAYJ'))).toBe('APIGW.0301');
});

test('a cached token is refused from its expiry on', async () => {
  const authenticator = authenticatorFor(300);
  iam.respondWith(json(200, { token: { ...TOKEN, expires_at: '2026-03-01T12:00:10.000000Z' } }));
  expect(await authenticate(authenticator, 'MIIatAYJ')).toEqual(CALLER);
  clock.nowMs = Date.parse('2026-03-01T12:00:09.999Z');
  expect(await authenticate(authenticator, 'MIIatAYJ')).toEqual(CALLER);
  expect(iam.requests).toHaveLength(1);
  clock.nowMs = Date.parse('2026-03-01T12:00:10.000Z');
  expect(await codeOf(authenticate(authenticator, 'MIIatAYJ'))).toBe('APIGW.0301');
});

test('a token that expires during its validation is refused', async () => {
  const authenticator = authenticatorFor(300);
  const { held, release } = holdResponses();
  const code = codeOf(authenticate(authenticator, 'MIIatAYJ'));
  await until(() => held.length === 1);
  clock.nowMs = Date.parse(TOKEN.expires_at);
  release();
  expect(await code).toBe('APIGW.0301');
});

test('a revoked token is refused once its cache time is over', async () => {
  const authenticator = authenticatorFor(30);
  await authenticate(authenticator, 'MIIatAYJ');
  iam.respondWith(UNKNOWN);
  clock.nowMs = NOW_MS + 29_999;
  expect(await authenticate(authenticator, 'MIIatAYJ')).toEqual(CALLER);
  clock.nowMs = NOW_MS + 30_000;
  for (const lookups of [2, 3]) {
    expect(await codeOf(authenticate(authenticator, 'MIIatAYJ'))).toBe('APIGW.0301');
    expect(iam.requests).toHaveLength(lookups);
  }
});

test('while the IAM is unavailable, a cached token is accepted until its cache time is over', async () => {
  const authenticator = authenticatorFor(30);
  await authenticate(authenticator, 'MIIatAYJ');
  iam.respondWith((response) => response.destroy());
  clock.nowMs = NOW_MS + 29_999;
  expect(await authenticate(authenticator, 'MIIatAYJ')).toEqual(CALLER);
  clock.nowMs = NOW_MS + 30_000;
  expect(await codeOf(authenticate(authenticator, 'MIIatAYJ'))).toBe('APIGW.0201:502');
  expect(await codeOf(authenticate(authenticator, 'MIIatAYJ'))).toBe('APIGW.0201:502');
});

test('a refusal is not cached: a token that becomes valid is accepted', async () => {
  const authenticator = authenticatorFor(30);
  iam.respondWith(UNKNOWN);
  expect(await codeOf(authenticate(authenticator, 'MIIatAYJ'))).toBe('APIGW.0301');
  iam.respondWith(GOOD);
  expect(await authenticate(authenticator, 'MIIatAYJ')).toEqual(CALLER);
});

test('changed roles take effect when the token is validated again', async () => {
  const authenticator = authenticatorFor(30);
  await authenticate(authenticator, 'MIIatAYJ');
  iam.respondWith(json(200, { token: { ...TOKEN, roles: [{ id: '0', name: 'KMS CMKReadOnlyAccess' }] } }));
  clock.nowMs = NOW_MS + 30_000;
  expect((await authenticate(authenticator, 'MIIatAYJ')).roles).toEqual(['KMS CMKReadOnlyAccess']);
});

test.each(['MIIatAYj', 'miiataYJ', 'MIIatAY', 'MIIatAYJJ', 'IIatAYJ'])(
  'a token similar to a cached one is not accepted: %s',
  async (token) => {
    const authenticator = authenticatorFor(30);
    await authenticate(authenticator, 'MIIatAYJ');
    iam.respondWith(UNKNOWN);
    expect(await codeOf(authenticate(authenticator, token))).toBe('APIGW.0301');
  },
);

test('100 concurrent requests with one token cause one validation', async () => {
  const authenticator = authenticatorFor(30);
  const { held, release } = holdResponses();
  const requests = Array.from({ length: 100 }, () => authenticate(authenticator, 'MIIatAYJ'));
  await until(() => held.length > 0);
  release();
  expect(await Promise.all(requests)).toEqual(Array.from({ length: 100 }, () => CALLER));
  expect(iam.requests).toHaveLength(1);
});

test('concurrent requests with different tokens each get the result of their own token', async () => {
  const authenticator = authenticatorFor(30);
  iam.respondWith((response, { headers }) => {
    const id = String(headers['x-subject-token']);
    const good = json(200, { token: { ...TOKEN, user: { ...TOKEN.user, id } } });
    return (id.startsWith('bad') ? UNKNOWN : good)(response);
  });
  const tokens = Array.from({ length: 30 }, (_, index) => (index % 3 === 0 ? `bad${index}` : `user${index}`));
  const results = await Promise.all(
    tokens.map((token, index) =>
      authenticate(authenticator, token, `192.0.2.${index % 3}`).then(
        ({ userId }) => userId,
        ({ code }) => code,
      ),
    ),
  );
  expect(results).toEqual(tokens.map((token) => (token.startsWith('bad') ? 'APIGW.0301' : token)));
});

test('when a shared validation fails, all waiting requests are refused, and the next request validates again', async () => {
  const authenticator = authenticatorFor(30);
  const { held, release } = holdResponses();
  const requests = Array.from({ length: 10 }, () => codeOf(authenticate(authenticator, 'MIIatAYJ')));
  await until(() => held.length === 1);
  release(UNKNOWN);
  expect(await Promise.all(requests)).toEqual(Array.from({ length: 10 }, () => 'APIGW.0301'));
  iam.respondWith(GOOD);
  expect(await authenticate(authenticator, 'MIIatAYJ')).toEqual(CALLER);
  expect(iam.requests).toHaveLength(2);
});

test('at most 48 lookups of unknown tokens run concurrently, more wait, and cached tokens are still accepted', async () => {
  const authenticator = authenticatorFor(30);
  await authenticate(authenticator, 'MIIatAYJ');
  const { held, release } = holdResponses();
  const sourceOf = (index: number) => `192.0.2.${index % 10}`;
  const requests = Array.from({ length: 100 }, (_, index) =>
    codeOf(authenticate(authenticator, `guess${index}`, sourceOf(index))),
  );
  await until(() => held.length === 48);
  expect(await authenticate(authenticator, 'MIIatAYJ')).toEqual(CALLER);
  expect(iam.requests).toHaveLength(1 + 48);
  iam.respondWith(UNKNOWN);
  release(UNKNOWN);
  expect(await Promise.all(requests)).toEqual(Array(100).fill('APIGW.0301'));
  iam.respondWith(GOOD);
  expect(await authenticate(authenticator, 'another')).toEqual(CALLER);
});

test('a token that was valid before is looked up at once, also from an address that has no place left', async () => {
  const authenticator = authenticatorFor(30);
  await authenticate(authenticator, 'MIIatAYJ');
  clock.nowMs += 30_000;
  const { held, release } = holdResponses();
  const guesses = Array.from({ length: 100 }, (_, index) => codeOf(authenticate(authenticator, `guess${index}`)));
  await until(() => held.length === 16);
  const known = authenticate(authenticator, 'MIIatAYJ');
  await until(() => held.length === 17);
  iam.respondWith(GOOD);
  release(GOOD);
  expect(await known).toEqual(CALLER);
  await Promise.all(guesses);
});

test('a token that was refused after it had been valid counts as unknown again', async () => {
  const authenticator = authenticatorFor(0);
  await authenticate(authenticator, 'MIIatAYJ');
  iam.respondWith(UNKNOWN);
  expect(await codeOf(authenticate(authenticator, 'MIIatAYJ'))).toBe('APIGW.0301');
  const { held, release } = holdResponses();
  const guesses = Array.from({ length: 16 }, (_, index) => codeOf(authenticate(authenticator, `guess${index}`)));
  await until(() => held.length === 16);
  const refused = codeOf(authenticate(authenticator, 'MIIatAYJ'));
  expect(iam.requests).toHaveLength(2 + 16);
  iam.respondWith(UNKNOWN);
  release(UNKNOWN);
  expect(await refused).toBe('APIGW.0301');
  await Promise.all(guesses);
});

test('one address gets at most 16 concurrent lookups, so that others can still be validated', async () => {
  const authenticator = authenticatorFor(30);
  const { held, release } = holdResponses();
  const requests = Array.from({ length: 100 }, (_, index) =>
    codeOf(authenticate(authenticator, `guess${index}`, '192.0.2.7')),
  );
  await until(() => held.length === 16);
  const other = authenticate(authenticator, 'MIIatAYJ', '192.0.2.8');
  await until(() => held.length === 17);
  iam.respondWith(GOOD);
  release(GOOD);
  expect(await other).toEqual(CALLER);
  expect(await Promise.all(requests)).toEqual(Array(100).fill('accepted'));
});

test('setting the clock back does not extend the cache time', async () => {
  const authenticator = authenticatorFor(30);
  await authenticate(authenticator, 'MIIatAYJ');
  clock.nowMs -= 3_600_000;
  await authenticate(authenticator, 'MIIatAYJ');
  expect(iam.requests).toHaveLength(2);
});
