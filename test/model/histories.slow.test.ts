/** The SQLite engine compared with the model, and a check that a fault is found and can be replayed. */
import { expect, test } from '@jest/globals';
import { checkHistories, replayHistory } from './check.ts';
import { type Engine, SQLITE } from './engines.ts';
import { FIVE_MINUTES_MS, randomHistories } from './suite.ts';

randomHistories(SQLITE, 10_000);

/** An engine whose totals of retirable grants are never more than 2. */
const miscounting: Engine = {
  ...SQLITE,
  name: 'miscounting',
  async open() {
    const store = await SQLITE.open();
    const listRetirable: typeof store.grants.listRetirable = async (...args) => {
      const page = await store.grants.listRetirable(...args);
      return { ...page, total: Math.min(page.total, 2) };
    };
    return { ...store, grants: { ...store.grants, listRetirable } };
  },
};

test(
  'a wrong total is reported with a seed and a short history, and replaying the history shows it again',
  async () => {
    const report = await checkHistories([SQLITE, miscounting], 10_000, 1).catch(String);
    const [, seed, commands = '[]'] = /seed (\d+), shrunk to\n'(.*)'\n/.exec(String(report)) ?? [];
    const history = JSON.parse(commands);
    expect(history.length).toBeGreaterThanOrEqual(3);
    expect(history.length).toBeLessThanOrEqual(6);
    await expect(replayHistory([miscounting], history)).rejects.toThrow('and miscounting answers');
    expect(await replayHistory([SQLITE], history)).toEqual({ commands: history.length, histories: 1 });
    await expect(checkHistories([miscounting], 1, Number(seed))).rejects.toThrow('and miscounting answers');
  },
  FIVE_MINUTES_MS,
);
