import { expect, test } from '@jest/globals';
import { backoffMs, retry, retryAfterSeconds } from '../../lib/clients/backoff.ts';

/** An attempt that throws the errors in turn and then returns 'done'; `timeouts` has the timeout of each call. */
function failing(...errors: Error[]) {
  const timeouts: number[] = [];
  const attempt = async (timeoutMs: number) => {
    timeouts.push(timeoutMs);
    const error = errors.shift();
    if (error) throw error;
    return 'done';
  };
  return { attempt, timeouts };
}

const TRANSIENT = new Error('transient');
const FINAL = new Error('final');
const delayMs = (error: unknown) => (error === FINAL ? undefined : 0);

test('an attempt is repeated until it succeeds', async () => {
  const { attempt, timeouts } = failing(TRANSIENT, TRANSIENT);
  expect(await retry({ budgetMs: 10_000, delayMs }, attempt)).toBe('done');
  expect(timeouts).toHaveLength(3);
});

test('a final error ends the attempts and is thrown', async () => {
  const { attempt, timeouts } = failing(TRANSIENT, FINAL);
  await expect(retry({ budgetMs: 10_000, delayMs }, attempt)).rejects.toBe(FINAL);
  expect(timeouts).toHaveLength(2);
});

test('the delay depends on the error and on the number of failed attempts', async () => {
  const calls: unknown[] = [];
  const { attempt } = failing(TRANSIENT, FINAL, TRANSIENT);
  const options = { budgetMs: 10_000, delayMs: (error: unknown, attempts: number) => calls.push([error, attempts]) };
  await retry(options, attempt);
  expect(calls).toEqual([
    [TRANSIENT, 1],
    [FINAL, 2],
    [TRANSIENT, 3],
  ]);
});

test('an attempt gets at most half of the budget as its timeout', async () => {
  const { attempt, timeouts } = failing();
  await retry({ budgetMs: 10_000, delayMs }, attempt);
  expect(timeouts).toEqual([5_000]);
});

test('a budget that started earlier leaves an attempt only the rest of it', async () => {
  const { attempt, timeouts } = failing();
  await retry({ budgetMs: 10_000, startedAtMs: performance.now() - 9_000, delayMs }, attempt);
  expect(timeouts[0]).toBeGreaterThan(500);
  expect(timeouts[0]).toBeLessThanOrEqual(1_000);
});

test('when the delay would leave less than 50 ms of the budget, the error is thrown immediately', async () => {
  const { attempt, timeouts } = failing(TRANSIENT);
  const startedAtMs = performance.now();
  await expect(retry({ budgetMs: 10_000, delayMs: () => 9_960 }, attempt)).rejects.toBe(TRANSIENT);
  expect(timeouts).toHaveLength(1);
  expect(performance.now() - startedAtMs).toBeLessThan(5_000);
});

const samples = (...args: Parameters<typeof backoffMs>) => Array.from({ length: 500 }, () => backoffMs(...args));

test.each([
  [1, 100],
  [2, 200],
  [3, 400],
  [4, 800],
])('after %i failed attempts the delay is a random time below %i ms', (attempts, boundMs) => {
  const delays = samples(attempts);
  expect(Math.max(...delays)).toBeLessThanOrEqual(boundMs);
  expect(Math.max(...delays)).toBeGreaterThan(boundMs * 0.9);
  expect(Math.min(...delays)).toBeLessThan(boundMs * 0.1);
});

test('the bound starts at firstMs and does not grow beyond maxMs', () => {
  expect(Math.max(...samples(1, { firstMs: 10, maxMs: 40 }))).toBeLessThanOrEqual(10);
  const delays = samples(9, { firstMs: 10, maxMs: 40 });
  expect(Math.max(...delays)).toBeLessThanOrEqual(40);
  expect(Math.max(...delays)).toBeGreaterThan(36);
});

test('the delay is never shorter than the Retry-After of the server', () => {
  expect(backoffMs(1, { retryAfterSeconds: 3 })).toBe(3000);
});

const NOW_MS = Date.parse('2026-11-22T12:00:00Z');
test.each<[string, number | undefined]>([
  ['0', 0],
  ['120', 120],
  [' 5 ', 5],
  ['Sun, 22 Nov 2026 12:00:30 GMT', 30],
  ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
  ['soon', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['99999999999', 3600],
  ['Fri, 31 Dec 9999 23:59:59 GMT', 3600],
  ['2026-11-22', undefined],
  ['', undefined],
])('a Retry-After header of %j means %p seconds', (value, seconds) => {
  expect(retryAfterSeconds(new Headers({ 'retry-after': value }), NOW_MS)).toBe(seconds);
});

test('a response without a Retry-After header has no retry delay', () => {
  expect(retryAfterSeconds(new Headers(), NOW_MS)).toBeUndefined();
});
