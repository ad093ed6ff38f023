/** The data folder: the names of its files, and its root keys. */
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, linkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPrivateFile } from '../lib/clients/secrets.ts';

export const DATABASE_FILE = 'kms-grants.db';
/** The queue's database, where the store is DynamoDB. */
export const QUEUE_FILE = 'queue.db';
export const ROOT_KEY_FILE = 'root.key';
const KEY_BYTES = 32;

/**
 * Returns the root keys of the data folder, newest first, 32 bytes each. The first start creates a random one. The file
 * is written aside and linked, so that no process reads half a key and two processes that start together share one.
 * @throws Error if the file is missing although a database exists, has a wrong length, or is readable by others
 */
export async function ensureRootKeys(dataDir: string): Promise<readonly Uint8Array[]> {
  const path = join(dataDir, ROOT_KEY_FILE);
  if (!existsSync(path)) {
    if (existsSync(join(dataDir, DATABASE_FILE))) {
      throw new Error(
        `${path} is missing. The access keys in the database cannot be decrypted without it: restore it from a backup.`,
      );
    }
    const temporaryPath = `${path}.${randomUUID()}`;
    writeFileSync(temporaryPath, randomBytes(KEY_BYTES), { mode: 0o600, flush: true });
    linkIfAbsent(temporaryPath, path);
    unlinkSync(temporaryPath);
  }
  const bytes = await readPrivateFile(path).catch((error: Error) => {
    throw new Error(`${path} cannot be used: ${error.message}`);
  });
  const hasWholeKeys = bytes.length > 0 && bytes.length % KEY_BYTES === 0;
  if (!hasWholeKeys) throw new Error(`${path} must hold exactly 32 bytes for each root key`);
  return Array.from({ length: bytes.length / KEY_BYTES }, (_, index) =>
    bytes.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES),
  );
}

/** Creates a hard link. @returns false if a file with the new name exists */
export function linkIfAbsent(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
