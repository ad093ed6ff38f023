import { expect, test } from '@jest/globals';
import { mapWithConcurrency } from '../../lib/util/concurrency.ts';

/** Work that ends when the test calls `end` or `fail`. */
function controlledWork() {
  const started: string[] = [];
  const pending = new Map<string, PromiseWithResolvers<string>>();
  return {
    started,
    work(item: string): Promise<string> {
      started.push(item);
      const result = Promise.withResolvers<string>();
      pending.set(item, result);
      return result.promise;
    },
    end: (item: string) => pending.get(item)?.resolve(`${item} ended`),
    fail: (item: string) => pending.get(item)?.reject(new Error(`${item} failed`)),
  };
}

/** Waits until all promises that can settle have settled. */
const flushPromises = () => new Promise(setImmediate);

test('at most the given number of items is worked on at a time; when any of them ends, the next starts', async () => {
  const { started, work, end } = controlledWork();
  const all = mapWithConcurrency(['a', 'b', 'c', 'd', 'e'], 2, work);
  await flushPromises();
  expect(started).toEqual(['a', 'b']);
  end('b');
  await flushPromises();
  expect(started).toEqual(['a', 'b', 'c']);
  end('c');
  await flushPromises();
  expect(started).toEqual(['a', 'b', 'c', 'd']);
  for (const item of ['d', 'a']) end(item);
  await flushPromises();
  expect(started).toEqual(['a', 'b', 'c', 'd', 'e']);
  end('e');
  expect(await all).toEqual(['a ended', 'b ended', 'c ended', 'd ended', 'e ended']);
});

test('the results are in the order of the items, not in the order in which their work ended', async () => {
  const { work, end } = controlledWork();
  const all = mapWithConcurrency(['a', 'b', 'c'], 3, work);
  for (const item of ['c', 'a', 'b']) {
    end(item);
    await flushPromises();
  }
  expect(await all).toEqual(['a ended', 'b ended', 'c ended']);
});

test('each item is worked on once, whatever the concurrency', async () => {
  const items = Array.from({ length: 100 }, (_, n) => n);
  for (const concurrency of [1, 3, 32, 100, 1000]) {
    const worked: number[] = [];
    const squares = await mapWithConcurrency(items, concurrency, async (n) => {
      worked.push(n);
      return n * n;
    });
    expect([concurrency, worked]).toEqual([concurrency, items]);
    expect(squares).toEqual(items.map((n) => n * n));
  }
});

test('an empty list gives an empty result', async () => {
  expect(await mapWithConcurrency([], 8, () => Promise.reject(new Error('started')))).toEqual([]);
});

test('the first error is thrown, and no more work starts after it', async () => {
  const { started, work, end, fail } = controlledWork();
  const all = mapWithConcurrency(['a', 'b', 'c', 'd', 'e'], 3, work);
  fail('b');
  await expect(all).rejects.toThrow('b failed');
  fail('a');
  end('c');
  await flushPromises();
  expect(started).toEqual(['a', 'b', 'c']);
});

test('work that throws synchronously fails like work that rejects', async () => {
  const started: number[] = [];
  const all = mapWithConcurrency([1, 2, 3], 1, (n): Promise<never> => {
    started.push(n);
    throw new Error(`${n} threw`);
  });
  await expect(all).rejects.toThrow('1 threw');
  expect(started).toEqual([1]);
});
