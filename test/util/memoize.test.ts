import { expect, test } from '@jest/globals';
import { memoizeByStore } from '../../lib/util/memoize.ts';

test('the same store gets the same value, another store gets its own', () => {
  const stores: object[] = [];
  const memoized = memoizeByStore(({ store }: { store: object }) => {
    stores.push(store);
    return { store };
  });
  const [first, second] = [{}, {}];
  expect(memoized({ store: first })).toBe(memoized({ store: first }));
  expect(memoized({ store: second })).not.toBe(memoized({ store: first }));
  expect(stores).toEqual([first, second]);
});
