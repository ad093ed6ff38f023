import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { rateLimit } from '../../lib/clients/rate-limit.ts';
import { KmsError } from '../../lib/errors.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

const ANN = { caller: 'ann' };

/** Calls that write down when they began, and end after so long. */
function calls(perSecond: number) {
  const rate = rateLimit(perSecond);
  const begun: string[] = [];
  const refused: string[] = [];
  const call = async (name: string, { caller = 'ann', isBulk = false, lastsMs = 0, longestMs = 60_000 } = {}) => {
    const startMs = Date.now();
    try {
      const leave = await rate.enter(longestMs, { caller, isBulk });
      begun.push(name);
      setTimeout(leave, lastsMs);
    } catch (error) {
      refused.push(`${name} ${error instanceof KmsError ? error.publicCode : error} after ${Date.now() - startMs}`);
    }
  };
  return { call, begun, refused };
}

test('as many as allowed go at once, and the next when a second has gone by since one has ended', async () => {
  const { call, begun } = calls(2);
  for (const name of ['a', 'b', 'c', 'd', 'e']) call(name, { lastsMs: 300 });
  await pass(1_299);
  expect(begun).toEqual(['a', 'b']);
  await pass(50);
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  await pass(1_250);
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  await pass(50);
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('what is asked for goes before bulk work, which has every second place, and each in the order in which it came', async () => {
  const { call, begun } = calls(1);
  call('first');
  call('bulk 1', { isBulk: true });
  call('bulk 2', { isBulk: true });
  call('asked 1');
  call('asked 2');
  await pass(6_000);
  expect(begun).toEqual(['first', 'asked 1', 'bulk 1', 'asked 2', 'bulk 2']);
});

test('who asks without end does not keep bulk work out', async () => {
  const { call, begun } = calls(1);
  for (let n = 0; n < 50; n += 1) call(`asked ${n}`, { longestMs: 200_000 });
  for (let n = 0; n < 5; n += 1) call(`bulk ${n}`, { isBulk: true, longestMs: 200_000 });
  await pass(15_000);
  expect(begun.filter((name) => name.startsWith('bulk'))).toHaveLength(5);
});

test('who waits until its time is up is refused, and takes no place', async () => {
  const { call, begun, refused } = calls(1);
  call('hangs', { lastsMs: 4_000 });
  call('short', { longestMs: 700 });
  call('long', { longestMs: 9_000 });
  await pass(8_000);
  expect(refused).toEqual(['short APIGW.0308 after 700']);
  expect(begun).toEqual(['hangs', 'long']);
});

test('who cannot come up in time is refused at once', async () => {
  const { call, begun, refused } = calls(10);
  for (let n = 0; n < 10; n += 1) call(`now ${n}`);
  for (let n = 0; n < 40; n += 1) call(`later ${n}`, { longestMs: 1_500 });
  await pass(0);
  expect(refused).toHaveLength(14);
  expect(new Set(refused.map((line) => line.replace(/^later \d+ /, '')))).toEqual(new Set(['APIGW.0308 after 0']));
  await pass(5_000);
  expect(begun.length + refused.length).toBe(50);
});

test('a call that ends twice gives its place back once', async () => {
  const rate = rateLimit(1);
  const leave = await rate.enter(0, ANN);
  leave();
  leave();
  await pass(3_000);
  await rate.enter(0, ANN);
  await expect(Promise.all([rate.enter(500, ANN), pass(600)])).rejects.toThrow('throttling');
});

test('callers take turns: one who asks for much keeps none from asking', async () => {
  const { call, begun, refused } = calls(1);
  call('first');
  for (let n = 1; n <= 50; n += 1) call(`ann ${n}`);
  call('bob 1', { caller: 'bob', longestMs: 4_000 });
  call('bob 2', { caller: 'bob' });
  call('eve 1', { caller: 'eve' });
  await pass(8_000);
  expect(begun.slice(0, 7)).toEqual(['first', 'ann 1', 'bob 1', 'eve 1', 'ann 2', 'bob 2', 'ann 3']);
  expect(refused).toEqual([]);
});
