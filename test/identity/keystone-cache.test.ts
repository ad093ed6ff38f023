/** What is remembered of a token: never past its expiry, never longer than set, never of one that was refused. */

import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { keystoneAuthenticator } from '../../lib/identity/keystone.ts';
import { type AwsServer, json, startAwsServer } from '../support/aws/fake-server.ts';
import { until } from '../upstream/until.ts';
import { CALLER, identify, NOW_MS, refusalOf, TOKEN } from './keystone-fixture.ts';

let iam: AwsServer;
const clock = { nowMs: NOW_MS };

beforeEach(async () => {
  clock.nowMs = NOW_MS;
  iam = await startAwsServer();
  iam.answer(GOOD);
});

afterEach(() => iam.stop());

const GOOD = json(200, { token: TOKEN });
const UNKNOWN = json(404, { error: { code: 404, message: 'X-Subject-Token is invalid', title: 'Not Found' } });
const identityFor = (cacheSeconds: number) =>
  keystoneAuthenticator({ endpoint: iam.endpoint, cacheSeconds, now: () => clock.nowMs });

/** Leaves requests open until they are answered all at once. */
function holdAnswers() {
  const held: ServerResponse[] = [];
  iam.answer((response) => held.push(response));
  return {
    held,
    release(answer = GOOD) {
      for (const response of held.splice(0)) answer(response);
    },
  };
}

test('a good token is remembered for the time that is set, and asked about after it', async () => {
  const identity = identityFor(30);
  for (const [afterMs, asked] of [
    [0, 1],
    [1, 1],
    [29_999, 1],
    [30_000, 2],
    [59_999, 2],
    [60_000, 3],
  ] as const) {
    clock.nowMs = NOW_MS + afterMs;
    expect(await identify(identity, 'MIIatAYJ')).toEqual(CALLER);
    expect(iam.arrived).toHaveLength(asked);
  }
});

test('with no time set nothing is remembered', async () => {
  const identity = identityFor(0);
  expect(await identify(identity, 'MIIatAYJ')).toEqual(CALLER);
  iam.answer(UNKNOWN);
  expect(await refusalOf(identify(identity, 'MIIatAYJ'))).toBe('APIGW.0301');
  expect(iam.arrived).toHaveLength(2);
});

test('the time counts from when the IAM was asked', async () => {
  const identity = identityFor(30);
  const { held, release } = holdAnswers();
  const first = identify(identity, 'MIIatAYJ');
  await until(() => held.length === 1);
  clock.nowMs = NOW_MS + 20_000;
  release();
  await first;
  clock.nowMs = NOW_MS + 30_000;
  iam.answer(UNKNOWN);
  expect(await refusalOf(identify(identity, 'MIIatAYJ'))).toBe('APIGW.0301');
});

test('a token is remembered until it expires and no longer', async () => {
  const identity = identityFor(300);
  iam.answer(json(200, { token: { ...TOKEN, expires_at: '2026-03-01T12:00:10.000000Z' } }));
  expect(await identify(identity, 'MIIatAYJ')).toEqual(CALLER);
  clock.nowMs = Date.parse('2026-03-01T12:00:09.999Z');
  expect(await identify(identity, 'MIIatAYJ')).toEqual(CALLER);
  expect(iam.arrived).toHaveLength(1);
  clock.nowMs = Date.parse('2026-03-01T12:00:10.000Z');
  expect(await refusalOf(identify(identity, 'MIIatAYJ'))).toBe('APIGW.0301');
});

test('a token that expires while the IAM is asked is refused', async () => {
  const identity = identityFor(300);
  const { held, release } = holdAnswers();
  const asked = refusalOf(identify(identity, 'MIIatAYJ'));
  await until(() => held.length === 1);
  clock.nowMs = Date.parse(TOKEN.expires_at);
  release();
  expect(await asked).toBe('APIGW.0301');
});

test('a revoked token is refused from the end of that time on', async () => {
  const identity = identityFor(30);
  await identify(identity, 'MIIatAYJ');
  iam.answer(UNKNOWN);
  clock.nowMs = NOW_MS + 29_999;
  expect(await identify(identity, 'MIIatAYJ')).toEqual(CALLER);
  clock.nowMs = NOW_MS + 30_000;
  for (const asked of [2, 3]) {
    expect(await refusalOf(identify(identity, 'MIIatAYJ'))).toBe('APIGW.0301');
    expect(iam.arrived).toHaveLength(asked);
  }
});

test('when the IAM is gone a token is good for the rest of its time only', async () => {
  const identity = identityFor(30);
  await identify(identity, 'MIIatAYJ');
  iam.answer((response) => response.destroy());
  clock.nowMs = NOW_MS + 29_999;
  expect(await identify(identity, 'MIIatAYJ')).toEqual(CALLER);
  clock.nowMs = NOW_MS + 30_000;
  expect(await refusalOf(identify(identity, 'MIIatAYJ'))).toBe('APIGW.0201:502');
  expect(await refusalOf(identify(identity, 'MIIatAYJ'))).toBe('APIGW.0201:502');
});

test('a refusal is not remembered: a token that is good a moment later is taken', async () => {
  const identity = identityFor(30);
  iam.answer(UNKNOWN);
  expect(await refusalOf(identify(identity, 'MIIatAYJ'))).toBe('APIGW.0301');
  iam.answer(GOOD);
  expect(await identify(identity, 'MIIatAYJ')).toEqual(CALLER);
});

test('what is changed at the IAM is told when the token is asked about again', async () => {
  const identity = identityFor(30);
  await identify(identity, 'MIIatAYJ');
  iam.answer(json(200, { token: { ...TOKEN, roles: [{ id: '0', name: 'KMS CMKReadOnlyAccess' }] } }));
  clock.nowMs = NOW_MS + 30_000;
  expect((await identify(identity, 'MIIatAYJ')).roles).toEqual(['KMS CMKReadOnlyAccess']);
});

test.each(['MIIatAYj', 'miiataYJ', 'MIIatAY', 'MIIatAYJJ', 'IIatAYJ'])(
  'a token that is almost one that is remembered is not it: %s',
  async (almost) => {
    const identity = identityFor(30);
    await identify(identity, 'MIIatAYJ');
    iam.answer(UNKNOWN);
    expect(await refusalOf(identify(identity, almost))).toBe('APIGW.0301');
  },
);

test('a hundred requests at once with one token ask once', async () => {
  const identity = identityFor(30);
  const { held, release } = holdAnswers();
  const asked = Array.from({ length: 100 }, () => identify(identity, 'MIIatAYJ'));
  await until(() => held.length > 0);
  release();
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 100 }, () => CALLER));
  expect(iam.arrived).toHaveLength(1);
});

test('requests at once with different tokens each get the answer about their own', async () => {
  const identity = identityFor(30);
  iam.answer((response, { headers }) => {
    const id = String(headers['x-subject-token']);
    const good = json(200, { token: { ...TOKEN, user: { ...TOKEN.user, id } } });
    return (id.startsWith('bad') ? UNKNOWN : good)(response);
  });
  const tokens = Array.from({ length: 30 }, (_, index) => (index % 3 === 0 ? `bad${index}` : `user${index}`));
  const answers = await Promise.all(
    tokens.map((token, index) =>
      identify(identity, token, `192.0.2.${index % 3}`).then(
        ({ userId }) => userId,
        ({ code }) => code,
      ),
    ),
  );
  expect(answers).toEqual(tokens.map((token) => (token.startsWith('bad') ? 'APIGW.0301' : token)));
});

test('when the one question fails all that wait are refused, and the next request asks anew', async () => {
  const identity = identityFor(30);
  const { held, release } = holdAnswers();
  const asked = Array.from({ length: 10 }, () => refusalOf(identify(identity, 'MIIatAYJ')));
  await until(() => held.length === 1);
  release(UNKNOWN);
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 10 }, () => 'APIGW.0301'));
  iam.answer(GOOD);
  expect(await identify(identity, 'MIIatAYJ')).toEqual(CALLER);
  expect(iam.arrived).toHaveLength(2);
});

test('a flood of guesses is not passed on to the IAM, and tokens that are remembered go on', async () => {
  const identity = identityFor(30);
  await identify(identity, 'MIIatAYJ');
  const { held, release } = holdAnswers();
  const from = (index: number) => `192.0.2.${index % 10}`;
  const asked = Array.from({ length: 300 }, (_, index) => refusalOf(identify(identity, `guess${index}`, from(index))));
  await until(() => held.length === 64);
  expect(await identify(identity, 'MIIatAYJ')).toEqual(CALLER);
  release(UNKNOWN);
  const refusals = await Promise.all(asked);
  expect(iam.arrived).toHaveLength(1 + 64);
  expect(refusals.filter((code) => code === 'APIGW.0301')).toHaveLength(64);
  expect(refusals.filter((code) => code === 'APIGW.0308')).toHaveLength(300 - 64);
  iam.answer(GOOD);
  expect(await identify(identity, 'another')).toEqual(CALLER);
});

test('guesses from one address leave places for others', async () => {
  const identity = identityFor(30);
  const { held, release } = holdAnswers();
  const asked = Array.from({ length: 100 }, (_, index) => refusalOf(identify(identity, `guess${index}`, '192.0.2.7')));
  await until(() => held.length === 16);
  const other = identify(identity, 'MIIatAYJ', '192.0.2.8');
  await until(() => held.length === 17);
  release(GOOD);
  expect(await other).toEqual(CALLER);
  expect((await Promise.all(asked)).filter((code) => code === 'APIGW.0308')).toHaveLength(100 - 16);
});

test('a clock that is set back makes no token last longer', async () => {
  const identity = identityFor(30);
  await identify(identity, 'MIIatAYJ');
  clock.nowMs -= 3_600_000;
  await identify(identity, 'MIIatAYJ');
  expect(iam.arrived).toHaveLength(2);
});
