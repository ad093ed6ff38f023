/** The SQLite engine against the model; and that a fault would be found, and told so that it can be shown again. */
import { expect, test } from '@jest/globals';
import { checkHistories, replayHistory } from './check.ts';
import { FIVE_MINUTES_MS, randomHistories } from './suite.ts';
import { type Engine, SQLITE } from './systems.ts';

randomHistories(SQLITE, 10_000);

/** Counts to two. */
const miscounting: Engine = {
  ...SQLITE,
  name: 'miscounting',
  async open() {
    const store = await SQLITE.open();
    const listRetirable: typeof store.grants.listRetirable = async (...asked) => {
      const page = await store.grants.listRetirable(...asked);
      return { ...page, total: Math.min(page.total, 2) };
    };
    return { ...store, grants: { ...store.grants, listRetirable } };
  },
};

test(
  'a fault is told with its seed and a short history, which shows it again when it is replayed',
  async () => {
    const found = await checkHistories([SQLITE, miscounting], 10_000, 1).catch(String);
    const [, seed, lines = '[]'] = /seed (\d+), shrunk to\n'(.*)'\n/.exec(String(found)) ?? [];
    const history = JSON.parse(lines);
    expect(history.length).toBeGreaterThanOrEqual(3);
    expect(history.length).toBeLessThanOrEqual(6);
    await expect(replayHistory([miscounting], history)).rejects.toThrow('and miscounting answers');
    expect(await replayHistory([SQLITE], history)).toEqual({ commands: history.length, histories: 1 });
    await expect(checkHistories([miscounting], 1, Number(seed))).rejects.toThrow('and miscounting answers');
  },
  FIVE_MINUTES_MS,
);
