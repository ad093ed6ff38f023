import { expect, test } from '@jest/globals';
import { memoizeByStore } from '../../lib/util/memoize.ts';

test('the same store gets the same value, another store gets its own', () => {
  const made: object[] = [];
  const valueOf = memoizeByStore(({ store }: { store: object }) => {
    made.push(store);
    return { store };
  });
  const [first, second] = [{}, {}];
  expect(valueOf({ store: first })).toBe(valueOf({ store: first }));
  expect(valueOf({ store: second })).not.toBe(valueOf({ store: first }));
  expect(made).toEqual([first, second]);
});
