import { expect, test } from '@jest/globals';
import { mapWithConcurrency } from '../../lib/util/concurrency.ts';

/** Work that ends only when the test says so. */
function heldWork() {
  const begun: string[] = [];
  const held = new Map<string, PromiseWithResolvers<string>>();
  return {
    begun,
    work(item: string): Promise<string> {
      begun.push(item);
      const one = Promise.withResolvers<string>();
      held.set(item, one);
      return one.promise;
    },
    end: (item: string) => held.get(item)?.resolve(`${item} ended`),
    fail: (item: string) => held.get(item)?.reject(new Error(`${item} failed`)),
  };
}

/** All that follows from what has ended so far has happened. */
const settled = () => new Promise(setImmediate);

test('so many are at work and no more; when one ends, whichever it is, the next begins', async () => {
  const { begun, work, end } = heldWork();
  const all = mapWithConcurrency(['a', 'b', 'c', 'd', 'e'], 2, work);
  await settled();
  expect(begun).toEqual(['a', 'b']);
  end('b');
  await settled();
  expect(begun).toEqual(['a', 'b', 'c']);
  end('c');
  await settled();
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  for (const item of ['d', 'a']) end(item);
  await settled();
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
  end('e');
  expect(await all).toEqual(['a ended', 'b ended', 'c ended', 'd ended', 'e ended']);
});

test('what each came to is in the order of the items, not of their ends', async () => {
  const { work, end } = heldWork();
  const all = mapWithConcurrency(['a', 'b', 'c'], 3, work);
  for (const item of ['c', 'a', 'b']) {
    end(item);
    await settled();
  }
  expect(await all).toEqual(['a ended', 'b ended', 'c ended']);
});

test('every item is worked on once, however many may be at work', async () => {
  const items = Array.from({ length: 100 }, (_, n) => n);
  for (const most of [1, 3, 32, 100, 1000]) {
    const worked: number[] = [];
    const squares = await mapWithConcurrency(items, most, async (n) => {
      worked.push(n);
      return n * n;
    });
    expect([most, worked]).toEqual([most, items]);
    expect(squares).toEqual(items.map((n) => n * n));
  }
});

test('nothing comes to nothing', async () => {
  expect(await mapWithConcurrency([], 8, () => Promise.reject(new Error('begun')))).toEqual([]);
});

test('the first failure is thrown, and nothing is begun after it', async () => {
  const { begun, work, end, fail } = heldWork();
  const all = mapWithConcurrency(['a', 'b', 'c', 'd', 'e'], 3, work);
  fail('b');
  await expect(all).rejects.toThrow('b failed');
  fail('a');
  end('c');
  await settled();
  expect(begun).toEqual(['a', 'b', 'c']);
});

test('work that throws before it has a promise fails like any other', async () => {
  const begun: number[] = [];
  const all = mapWithConcurrency([1, 2, 3], 1, (n): Promise<never> => {
    begun.push(n);
    throw new Error(`${n} threw`);
  });
  await expect(all).rejects.toThrow('1 threw');
  expect(begun).toEqual([1]);
});
