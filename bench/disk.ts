import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';

/** SQLite writes this for one revoke: a median of 14 WAL frames of a 24-byte header and a 4096-byte page. */
export const COMMIT_BYTES = 14 * (24 + 4096);

/** SQLite restarts its WAL file after 1000 pages and overwrites the same blocks. */
const FILE_BYTES = 1000 * (24 + 4096);

/**
 * Measures how many commits per second the disk allows, each of one write and one fdatasync.
 * @param path a file on that disk, which must not exist yet
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
