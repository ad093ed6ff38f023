/** One clock for the test and the processes that it starts: a file that they read whenever they look at the time. */
import { closeSync, openSync, writeSync } from 'node:fs';

export interface ClockFile {
  /** Setting it moves the time of every process at once. */
  clock: { nowMs: number };
  /** What a process is started with to go by this clock. */
  env: Record<string, string>;
  close(): void;
}

/** @param path the file, which is not there yet; the clock runs by itself until it is set */
export function clockFile(path: string): ClockFile {
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
