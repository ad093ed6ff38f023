/** The model tests that every engine must pass. Each run uses a new seed, which a failure reports. */
import { expect, test } from '@jest/globals';
import { checkHistories } from './check.ts';
import { checkConcurrentClients } from './concurrent.ts';
import { type Engine, SQLITE } from './engines.ts';

export const FIVE_MINUTES_MS = 300_000;

const anySeed = () => Date.now() % 1_000_000_000;

/** @param commands the least number of commands; each history also runs on SQLite */
export function randomHistories(engine: Engine, commands: number): void {
  const engines = engine === SQLITE ? [SQLITE] : [SQLITE, engine];
  test(
    `the answers to ${commands} random commands on ${engine.name}, and its final state, equal those of the model`,
    async () => {
      const checked = await checkHistories(engines, commands, anySeed());
      expect(checked.commands).toBeGreaterThanOrEqual(commands);
    },
    FIVE_MINUTES_MS,
  );
}

export function concurrentClients(engine: Engine, histories: number): void {
  test(
    `the answers to concurrent clients on ${engine.name} have a serial order, in ${histories} random examples`,
    async () => {
      const checked = await checkConcurrentClients(engine, histories, anySeed());
      expect(checked.histories).toBeGreaterThanOrEqual(histories);
      expect(checked.commands).toBeGreaterThan(4 * histories);
    },
    FIVE_MINUTES_MS,
  );
}
