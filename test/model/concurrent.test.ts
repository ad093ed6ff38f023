/** Clients at once on SQLite; and that a store which does not check again when it writes would be found. */
import { expect, test } from '@jest/globals';
import { checkAtOnce } from './concurrent.ts';
import { clientsAtOnce, FIVE_MINUTES_MS } from './suite.ts';
import { type Engine, SQLITE } from './systems.ts';

clientsAtOnce(SQLITE, 400);

/** Takes the quota as it was when the change was decided on. */
const trusting: Engine = {
  ...SQLITE,
  name: 'trusting',
  async open() {
    const store = await SQLITE.open();
    const commit: typeof store.grants.commit = (change, ...more) =>
      store.grants.commit('quota' in change ? { ...change, quota: 1000 } : change, ...more);
    return { ...store, grants: { ...store.grants, commit } };
  },
};

test(
  'two creates that both got the last place are found, and told with a seed and a small history',
  async () => {
    await expect(checkAtOnce(trusting, 2000, 1)).rejects.toThrow(
      /^seed \d+, shrunk to\n'\{"before":.*\nno serial order gives these answers\nclient 0, /s,
    );
  },
  FIVE_MINUTES_MS,
);
