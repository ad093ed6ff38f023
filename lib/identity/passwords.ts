import { randomBytes, scrypt as scryptCallback, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const scrypt = promisify<string, Uint8Array, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scryptCallback,
);

/** 32 MiB and about 60 ms per check. Each hash stores its own cost, so that this cost can be raised later. */
const COST = { N: 2 ** 15, r: 8, p: 1 };
const MEMORY_BYTES_MAX = 256 * 1024 * 1024;
const HASH_BYTES = 32;

/** Returns `scrypt:<N>:<r>:<p>:<salt>:<hash>`, with salt and hash in base64. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await scrypt(password, salt, HASH_BYTES, { ...COST, maxmem: MEMORY_BYTES_MAX });
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), hash.toString('base64')].join(':');
}

/**
 * Returns whether a password matches a hash.
 * @param stored undefined for an unknown user: the check takes as long, so that the response time does not reveal it
 */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [, N, r, p, salt = '', hash = ''] = STORED.exec(stored ?? '') ?? STORED.exec(UNMATCHED) ?? [];
  const cost = { N: Number(N), r: Number(r), p: Number(p), maxmem: MEMORY_BYTES_MAX };
  const actual = await scrypt(password, Buffer.from(salt, 'base64'), HASH_BYTES, cost);
  return timingSafeEqual(actual, Buffer.from(hash, 'base64'));
}

const STORED = /^scrypt:(\d+):(\d+):(\d+):([A-Za-z0-9+/]+=*):([A-Za-z0-9+/]{43}=)$/;

/** A hash of the usual cost that matches no password. */
const UNMATCHED = `scrypt:${COST.N}:${COST.r}:${COST.p}:${Buffer.alloc(16).toString('base64')}:${'A'.repeat(43)}=`;
