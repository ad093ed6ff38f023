import { randomBytes, scrypt as scryptCallback, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const scrypt = promisify<string, Uint8Array, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scryptCallback,
);

/** 32 MiB and some 60 ms a guess. */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const HASH_BYTES = 32;

/** @returns `scrypt:<salt>:<hash>`, both base64 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await scrypt(password, salt, HASH_BYTES, COST);
  return `scrypt:${salt.toString('base64')}:${hash.toString('base64')}`;
}

/** @param stored undefined for an unknown user: it takes as long as a known one, so that time tells nothing */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [, salt = '', hash = ''] = (stored ?? `scrypt:${NO_SALT}:`).split(':');
  const expected = Buffer.from(hash, 'base64');
  const actual = await scrypt(password, Buffer.from(salt, 'base64'), HASH_BYTES, COST);
  return expected.length === HASH_BYTES && timingSafeEqual(actual, expected);
}

const NO_SALT = Buffer.alloc(16).toString('base64');
