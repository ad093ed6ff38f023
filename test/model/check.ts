/** Runs random examples. A few of them share a store; each uses new projects, so that they stay independent. */
import * as fc from 'fast-check';
import { type Command, command } from './commands.ts';
import type { Engine } from './engines.ts';
import { newHistory } from './history.ts';
import { openSystem, type System } from './system-under-test.ts';

/** How many examples share a store and a seed. */
const EXAMPLES_PER_SEED = 10;
const COMMANDS_MAX = 120;
/** Shrinking ends after this time, so that a failure on a slow store is still reported. */
const SHRINK_MS = 15_000;

export interface CheckResult {
  /** The number of requests, without the final reads of each history. */
  commands: number;
  histories: number;
}

/**
 * Runs random histories until they have sent `commands` requests.
 * @param engines each history runs on all of them
 * @throws Error with a seed and the shortest history found in which an answer differs from the model's
 */
export async function checkHistories(engines: Engine[], commands: number, seed: number): Promise<CheckResult> {
  const checked = { commands: 0, histories: 0 };
  const histories = fc.array(command, { minLength: 1, maxLength: COMMANDS_MAX, size: 'max' });
  const run = async (systems: System[], history: Command[]) => {
    checked.commands += await runHistory(systems, history);
    checked.histories += 1;
  };
  for (let next = seed; checked.commands < commands; next += 1) {
    await check({ engines, examples: histories, seed: next, run, shrink: shrinkHistory });
  }
  return checked;
}

/** Runs one history that a failed check has printed. */
export async function replayHistory(engines: Engine[], history: Command[]): Promise<CheckResult> {
  return withSystems(engines, async (systems) => ({ commands: await runHistory(systems, history), histories: 1 }));
}

/** @returns the number of requests */
async function runHistory(systems: System[], commands: readonly Command[]): Promise<number> {
  const history = await newHistory(systems);
  let requests = 0;
  for (const command of commands) if (await history.run(command)) requests += 1;
  await history.close();
  return requests;
}

/** Removes commands that a failing history does not need, first in halves and at last one by one. */
async function shrinkHistory(history: Command[], fails: (fewer: Command[]) => Promise<boolean>): Promise<Command[]> {
  let left = history;
  for (let size = history.length; size > 1; ) {
    size = Math.ceil(size / 2);
    for (let at = 0; at < left.length; ) {
      const fewer = left.toSpliced(at, size);
      if (await fails(fewer)) left = fewer;
      else at += size;
    }
  }
  return left;
}

interface Check<T> {
  engines: Engine[];
  examples: fc.Arbitrary<T>;
  seed: number;
  run: (systems: System[], example: T) => Promise<void>;
  /** Replaces fast-check's own shrinking: returns a smaller example that still fails. */
  shrink?: (example: T, fails: (other: T) => Promise<boolean>) => Promise<T>;
}

/**
 * Runs a few random examples.
 * @throws Error with the seed, the shrunk example as JSON and its error
 */
export async function check<T>({ engines, examples, seed, run, shrink }: Check<T>): Promise<void> {
  let failed: { example: T; error: unknown; atMs: number } | undefined;

  const test = (systems: System[]) => async (example: T) => {
    if (failed && performance.now() > failed.atMs + SHRINK_MS) return;
    try {
      await run(systems, example);
    } catch (error) {
      failed = { example, error, atMs: failed?.atMs ?? performance.now() };
      throw error;
    }
  };
  try {
    await withSystems(engines, async (systems) => {
      const settings = { seed, numRuns: EXAMPLES_PER_SEED, endOnFailure: shrink !== undefined };
      await fc.check(fc.asyncProperty(examples, test(systems)), settings);
      const fails = (example: T) =>
        test(systems)(example).then(
          () => false,
          () => true,
        );
      if (failed) await shrink?.(failed.example, fails);
      if (failed) throw new Error(`shrunk to\n'${JSON.stringify(failed.example)}'\n${messageOf(failed.error)}`);
    });
  } catch (error) {
    throw new Error(`seed ${seed}, ${messageOf(error)}`);
  }
}

/** Opens a system on each engine for the work, and closes them even if it fails. */
async function withSystems<T>(engines: Engine[], work: (systems: System[]) => Promise<T>): Promise<T> {
  const systems = await Promise.all(engines.map(openSystem));
  const close = () => systems.map(({ store }) => store.close());
  const result = await work(systems).catch(async (error: unknown) => {
    await Promise.allSettled(close());
    throw error;
  });
  await Promise.all(close());
  return result;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
