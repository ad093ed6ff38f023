/** Random examples by the number. One store serves a few: new projects in each keep them apart. */
import * as fc from 'fast-check';
import { type Command, command } from './commands.ts';
import { newHistory } from './history.ts';
import { openStage, type Stage } from './scenario.ts';
import type { Engine } from './systems.ts';

/** How many examples share a store and a seed. */
const EXAMPLES_PER_SEED = 10;
const LINES_MAX = 120;
/** What shrinking has not looked at by then it takes as passing, so that a slow store still tells what it found. */
const SHRINK_MS = 15_000;

export interface Checked {
  /** Requests that the histories made; what is read at the end of each is not counted. */
  commands: number;
  histories: number;
}

/**
 * Runs random histories until they have made that many requests.
 * @param engines run side by side
 * @throws Error with a seed, and the shortest history found that the model and a system answer differently
 */
export async function checkHistories(engines: Engine[], commands: number, seed: number): Promise<Checked> {
  const checked = { commands: 0, histories: 0 };
  const histories = fc.array(command, { minLength: 1, maxLength: LINES_MAX, size: 'max' });
  const run = async (stages: Stage[], lines: Command[]) => {
    checked.commands += await runHistory(stages, lines);
    checked.histories += 1;
  };
  for (let next = seed; checked.commands < commands; next += 1) {
    await check({ engines, examples: histories, seed: next, run, shorten: withoutNeedless });
  }
  return checked;
}

/** Runs one history, as a failed check printed it. */
export async function replayHistory(engines: Engine[], lines: Command[]): Promise<Checked> {
  return onStages(engines, async (stages) => ({ commands: await runHistory(stages, lines), histories: 1 }));
}

/** @returns how many requests it made */
async function runHistory(stages: Stage[], lines: readonly Command[]): Promise<number> {
  const history = await newHistory(stages);
  let commands = 0;
  for (const line of lines) if (await history.obey(line)) commands += 1;
  await history.close();
  return commands;
}

/** Leaves out the lines that a failing history does not need: halves of it first, in the end one by one. */
async function withoutNeedless(lines: Command[], fails: (fewer: Command[]) => Promise<boolean>): Promise<Command[]> {
  let left = lines;
  for (let size = lines.length; size > 1; ) {
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
  run: (stages: Stage[], example: T) => Promise<void>;
  /** Instead of fast-check's own shrinking: makes a failing example smaller that still fails. */
  shorten?: (example: T, fails: (other: T) => Promise<boolean>) => Promise<T>;
}

/**
 * Runs a few random examples.
 * @throws Error with the seed, the shrunk example as JSON, and what it ended with
 */
export async function check<T>({ engines, examples, seed, run, shorten }: Check<T>): Promise<void> {
  let failed: { example: T; error: unknown; atMs: number } | undefined;

  const test = (stages: Stage[]) => async (example: T) => {
    if (failed && performance.now() > failed.atMs + SHRINK_MS) return;
    try {
      await run(stages, example);
    } catch (error) {
      failed = { example, error, atMs: failed?.atMs ?? performance.now() };
      throw error;
    }
  };
  try {
    await onStages(engines, async (stages) => {
      const settings = { seed, numRuns: EXAMPLES_PER_SEED, endOnFailure: shorten !== undefined };
      await fc.check(fc.asyncProperty(examples, test(stages)), settings);
      const fails = (example: T) =>
        test(stages)(example).then(
          () => false,
          () => true,
        );
      if (failed) await shorten?.(failed.example, fails);
      if (failed) throw new Error(`shrunk to\n'${JSON.stringify(failed.example)}'\n${messageOf(failed.error)}`);
    });
  } catch (error) {
    throw new Error(`seed ${seed}, ${messageOf(error)}`);
  }
}

/** Opens a store of each engine for the work, and closes it however the work ends. */
async function onStages<T>(engines: Engine[], work: (stages: Stage[]) => Promise<T>): Promise<T> {
  const stages = await Promise.all(engines.map(openStage));
  const close = () => stages.map(({ store }) => store.close());
  const result = await work(stages).catch(async (error: unknown) => {
    await Promise.allSettled(close());
    throw error;
  });
  await Promise.all(close());
  return result;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
