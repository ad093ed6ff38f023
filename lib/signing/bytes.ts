import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** Returns the SHA-256 as 64 lower-case hex digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

export function hmacSha256(key: string | Uint8Array, data: string | Uint8Array): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

/** Returns the HMAC-SHA-256 as 64 lower-case hex digits. */
export function hmacSha256Hex(key: string | Uint8Array, data: string | Uint8Array): string {
  return hmacSha256(key, data).toString('hex');
}

/** Compares two texts in a time that depends only on their lengths, so that it reveals nothing of a secret. */
export function isEqualConstantTime(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
