/** The data folder of one machine: the names of its files, and the root keys in it. */
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const DATABASE_FILE = 'kms-grants.db';
/** Work that waits, where the store is not in a file. */
export const QUEUE_FILE = 'queue.db';
export const ROOT_KEY_FILE = 'root.key';
const KEY_BYTES = 32;

/**
 * The root keys, the newest first: 32 bytes each, in a file that only the owner reads. The first one is made at random on
 * the first start and never again; it appears whole or not at all, and of two processes that start at once one makes it
 * and both read it.
 */
export function ensureRootKeys(dataDir: string): readonly Uint8Array[] {
  const path = join(dataDir, ROOT_KEY_FILE);
  if (!existsSync(path)) {
    if (existsSync(join(dataDir, DATABASE_FILE))) {
      throw new Error(`${path} is missing: without it no access key can be read. Restore it.`);
    }
    const aside = `${path}.${randomUUID()}`;
    writeFileSync(aside, randomBytes(KEY_BYTES), { mode: 0o600, flush: true });
    linkIfAbsent(aside, path);
    unlinkSync(aside);
  }
  const bytes = readFileSync(path);
  const isWhole = bytes.length > 0 && bytes.length % KEY_BYTES === 0;
  if (!isWhole) throw new Error(`${path} must hold exactly 32 bytes for each root key`);
  return Array.from({ length: bytes.length / KEY_BYTES }, (_, place) =>
    bytes.subarray(place * KEY_BYTES, (place + 1) * KEY_BYTES),
  );
}

/** Gives a file a second name, unless the name is taken. @returns whether it was free */
export function linkIfAbsent(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
