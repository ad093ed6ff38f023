/**
 * lib/clients/rate-limit.ts and fair-queue.ts.
 * Also tests: lib/clients/fair-queue.ts.
 */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { rateLimit } from '../../lib/clients/rate-limit.ts';
import { KmsError } from '../../lib/errors.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

const ANN = { caller: 'ann' };

/** Starts calls under one rate limit, and records which have started and which were refused. */
function rateLimitedCalls(perSecond: number) {
  const rate = rateLimit(perSecond);
  const started: string[] = [];
  const refused: string[] = [];
  const call = async (
    name: string,
    { caller = 'ann', isBackground = false, durationMs = 0, waitMsMax = 60_000 } = {},
  ) => {
    const calledAtMs = Date.now();
    try {
      const release = await rate.acquire(waitMsMax, { caller, isBackground });
      started.push(name);
      setTimeout(release, durationMs);
    } catch (error) {
      const code = error instanceof KmsError ? error.publicCode : error;
      refused.push(`${name} ${code} after ${Date.now() - calledAtMs}`);
    }
  };
  return { call, started, refused };
}

test('as many calls as allowed per second start, and the next one starts a second after one has ended', async () => {
  const { call, started } = rateLimitedCalls(2);
  for (const name of ['a', 'b', 'c', 'd', 'e']) call(name, { durationMs: 300 });
  await pass(1_299);
  expect(started).toEqual(['a', 'b']);
  await pass(50);
  expect(started).toEqual(['a', 'b', 'c', 'd']);
  await pass(1_250);
  expect(started).toEqual(['a', 'b', 'c', 'd']);
  await pass(50);
  expect(started).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('interactive calls go before background work, which gets every second slot, each in order of arrival', async () => {
  const { call, started } = rateLimitedCalls(1);
  call('first');
  call('background 1', { isBackground: true });
  call('background 2', { isBackground: true });
  call('interactive 1');
  call('interactive 2');
  await pass(6_000);
  expect(started).toEqual(['first', 'interactive 1', 'background 1', 'interactive 2', 'background 2']);
});

test('many interactive calls do not starve background work', async () => {
  const { call, started } = rateLimitedCalls(1);
  for (let n = 0; n < 50; n += 1) call(`interactive ${n}`, { waitMsMax: 200_000 });
  for (let n = 0; n < 5; n += 1) call(`background ${n}`, { isBackground: true, waitMsMax: 200_000 });
  await pass(15_000);
  expect(started.filter((name) => name.startsWith('background'))).toHaveLength(5);
});

test('a call that waits longer than its limit is refused with APIGW.0308 and uses no slot', async () => {
  const { call, started, refused } = rateLimitedCalls(1);
  call('hangs', { durationMs: 4_000 });
  call('short', { waitMsMax: 700 });
  call('long', { waitMsMax: 9_000 });
  await pass(8_000);
  expect(refused).toEqual(['short APIGW.0308 after 700']);
  expect(started).toEqual(['hangs', 'long']);
});

test('a call that cannot get a slot within its limit is refused without waiting', async () => {
  const { call, started, refused } = rateLimitedCalls(10);
  for (let n = 0; n < 10; n += 1) call(`now ${n}`);
  for (let n = 0; n < 40; n += 1) call(`later ${n}`, { waitMsMax: 1_500 });
  await pass(0);
  expect(refused).toHaveLength(14);
  expect(new Set(refused.map((text) => text.replace(/^later \d+ /, '')))).toEqual(new Set(['APIGW.0308 after 0']));
  await pass(5_000);
  expect(started.length + refused.length).toBe(50);
});

test('releasing a slot twice frees it once', async () => {
  const rate = rateLimit(1);
  const release = await rate.acquire(0, ANN);
  release();
  release();
  await pass(3_000);
  await rate.acquire(0, ANN);
  await expect(Promise.all([rate.acquire(500, ANN), pass(600)])).rejects.toThrow('throttling');
});

test('callers take turns: a caller with many calls does not delay the others', async () => {
  const { call, started, refused } = rateLimitedCalls(1);
  call('first');
  for (let n = 1; n <= 50; n += 1) call(`ann ${n}`);
  call('bob 1', { caller: 'bob', waitMsMax: 4_000 });
  call('bob 2', { caller: 'bob' });
  call('eve 1', { caller: 'eve' });
  await pass(8_000);
  expect(started.slice(0, 7)).toEqual(['first', 'ann 1', 'bob 1', 'eve 1', 'ann 2', 'bob 2', 'ann 3']);
  expect(refused).toEqual([]);
});
