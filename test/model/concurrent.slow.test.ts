/** Concurrent clients on SQLite, and a check that a store without conditions on its writes is found. */
import { expect, test } from '@jest/globals';
import { checkConcurrentClients } from './concurrent.ts';
import { type Engine, SQLITE } from './engines.ts';
import { concurrentClients, FIVE_MINUTES_MS } from './suite.ts';

concurrentClients(SQLITE, 400);

/** An engine that does not check quotas when it commits. */
const withoutQuotaCheck: Engine = {
  ...SQLITE,
  name: 'without-quota-check',
  async open() {
    const store = await SQLITE.open();
    const commit: typeof store.grants.commit = (change, ...more) =>
      store.grants.commit('quota' in change ? { ...change, quota: 1000 } : change, ...more);
    return { ...store, grants: { ...store.grants, commit } };
  },
};

test(
  'a store that lets two creates exceed the quota is reported with a seed and a small example',
  async () => {
    await expect(checkConcurrentClients(withoutQuotaCheck, 2000, 1)).rejects.toThrow(
      /^seed \d+, shrunk to\n'\{"before":.*\nno serial order gives these answers\nclient 0, /s,
    );
  },
  FIVE_MINUTES_MS,
);
