/** One clock for the test and the processes that it starts: a file that each process reads at every `Date.now()`. */
import { closeSync, openSync, writeSync } from 'node:fs';

interface ClockFile {
  /** Setting `nowMs` changes the time of every process at once. */
  clock: { nowMs: number };
  /** Environment variables that make a process use this clock. */
  env: Record<string, string>;
  close(): void;
}

/**
 * Creates the file empty: every process uses the system's time until the clock is set.
 * @param path must not exist
 */
export function createClockFile(path: string): ClockFile {
  const file = openSync(path, 'w');
  const bytes = Buffer.alloc(8);
  let setMs: number | undefined;
  return {
    clock: {
      get nowMs() {
        return setMs ?? Date.now();
      },
      set nowMs(value) {
        setMs = value;
        bytes.writeDoubleLE(value);
        writeSync(file, bytes, 0, 8, 0);
      },
    },
    env: { CLOCK_FILE: path, NODE_OPTIONS: `--import=${new URL('./clock.ts', import.meta.url)}` },
    close: () => closeSync(file),
  };
}
