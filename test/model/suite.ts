/** What every engine must pass. The seed is new each time; a failure tells it. */
import { expect, test } from '@jest/globals';
import { checkHistories } from './check.ts';
import { checkAtOnce } from './concurrent.ts';
import { type Engine, SQLITE } from './systems.ts';

export const FIVE_MINUTES_MS = 300_000;

const anySeed = () => Date.now() % 1_000_000_000;

/** @param commands how many are run, beside SQLite where the engine is another */
export function randomHistories(engine: Engine, commands: number): void {
  const engines = engine === SQLITE ? [SQLITE] : [SQLITE, engine];
  test(
    `at least ${commands} random commands on ${engine.name}: every answer, and all that is left, is as the model says`,
    async () => {
      const checked = await checkHistories(engines, commands, anySeed());
      expect(checked.commands).toBeGreaterThanOrEqual(commands);
    },
    FIVE_MINUTES_MS,
  );
}

export function clientsAtOnce(engine: Engine, histories: number): void {
  test(
    `${histories} times, what clients do at once on ${engine.name} is what some order of their requests would do`,
    async () => {
      const checked = await checkAtOnce(engine, histories, anySeed());
      expect(checked.histories).toBeGreaterThanOrEqual(histories);
      expect(checked.commands).toBeGreaterThan(4 * histories);
    },
    FIVE_MINUTES_MS,
  );
}
