import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';

/** What SQLite writes for one revoke: a median of 14 pages of 4096 bytes, each behind a frame header of 24. */
export const COMMIT_BYTES = 14 * (24 + 4096);

/** SQLite starts its log anew after 1000 pages, over the same blocks of the disk. */
const FILE_BYTES = 1000 * (24 + 4096);

/**
 * How many commits a second the disk itself could take: one write and one fdatasync each, nothing else.
 * @param path a file that is not there yet, on the disk that is asked about
 */
export function syncsPerSecond(path: string, seconds: number): number {
  const file = openSync(path, 'wx');
  try {
    writeSync(file, Buffer.alloc(FILE_BYTES, 1), 0, FILE_BYTES, 0);
    fdatasyncSync(file);
    const commit = Buffer.alloc(COMMIT_BYTES, 2);
    const startMs = performance.now();
    let syncs = 0;
    let position = 0;
    while (performance.now() - startMs < seconds * 1000) {
      writeSync(file, commit, 0, COMMIT_BYTES, position);
      fdatasyncSync(file);
      syncs += 1;
      position = (position + COMMIT_BYTES) % (FILE_BYTES - COMMIT_BYTES);
    }
    return syncs / ((performance.now() - startMs) / 1000);
  } finally {
    closeSync(file);
  }
}
