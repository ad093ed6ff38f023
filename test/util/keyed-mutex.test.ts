import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { keyedMutex } from '../../lib/util/keyed-mutex.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const advance = (ms: number) => jest.advanceTimersByTimeAsync(ms);

/** Work of a given duration that records its start. */
function recordedWork() {
  const started: string[] = [];
  const work = (name: string, durationMs: number) => async () => {
    started.push(name);
    await new Promise((resolve) => setTimeout(resolve, durationMs));
    return name;
  };
  return { started, work };
}

test('work with the same key runs one after the other, work with another key in parallel', async () => {
  const { started, work } = recordedWork();
  const run = keyedMutex(10_000);
  const results = Promise.all([
    run('key 1', work('a', 100)),
    run('key 1', work('b', 100)),
    run('key 2', work('c', 100)),
  ]);
  await advance(50);
  expect(started).toEqual(['a', 'c']);
  await advance(100);
  expect(started).toEqual(['a', 'c', 'b']);
  await advance(100);
  expect(await results).toEqual(['a', 'b', 'c']);
});

test('work that fails rejects with its error, and the next work with the key runs', async () => {
  const { work } = recordedWork();
  const run = keyedMutex(10_000);
  const failed = run('key', () => Promise.reject(new Error('disk full')));
  const next = run('key', work('next', 0));
  await expect(failed).rejects.toThrow('disk full');
  await advance(1);
  expect(await next).toBe('next');
});

test.each([
  ['the limit of the mutex', undefined],
  ['its own, shorter limit', 200],
])('work that waits longer than %s is refused with 504 and does not run', async (_limit, waitMs) => {
  const { started, work } = recordedWork();
  const run = keyedMutex(waitMs === undefined ? 200 : 10_000);
  const first = run('key', work('first', 500));
  const refused = expect(run('key', work('late', 0), waitMs)).rejects.toMatchObject({ code: 'APIGW.0201:504' });
  await advance(200);
  await refused;
  await advance(1_000);
  expect(await first).toBe('first');
  expect(started).toEqual(['first']);
});

test('more waiting work than allowed is refused with APIGW.0308, for that key only', async () => {
  const { started, work } = recordedWork();
  const run = keyedMutex(10_000, 1);
  const accepted = [run('key 1', work('a', 100)), run('key 1', work('b', 100))];
  await expect(run('key 1', work('c', 100))).rejects.toMatchObject({ code: 'APIGW.0308' });
  accepted.push(run('key 2', work('d', 100)));
  await advance(500);
  expect(await Promise.all(accepted)).toEqual(['a', 'b', 'd']);
  expect(started).toEqual(['a', 'd', 'b']);
});
