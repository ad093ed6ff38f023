/**
 * Signature and encryption of what Feishu and Lark send. Both use the Encrypt Key of the app.
 * Source: Feishu Open Platform, "Encrypt Key encryption configuration": AES-256-CBC, and a SHA-256 that is no HMAC.
 */
import { createCipheriv, createDecipheriv, hash } from 'node:crypto';
import { isEqualConstantTime, sha256Hex } from './bytes.ts';
import { type SignableRequest, SignatureError } from './signed-request.ts';

/** Feishu prescribes none. */
const SKEW_SECONDS_MAX = 300;

const IV_BYTES = 16;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

const SIGNATURE = 'x-lark-signature';
const TIMESTAMP = 'x-lark-request-timestamp';
const NONCE = 'x-lark-request-nonce';

/** One for a wrong signature and for a failed decryption, so that nobody can find out more with altered messages. */
const REFUSAL = 'not signed and encrypted with an Encrypt Key of this source';

interface SignedParts {
  /** Seconds since 1970, as sent. */
  timestamp: string;
  nonce: string;
  body: Uint8Array;
}

/** Returns the signature as 64 lower-case hex digits. @param body as sent, that is encrypted */
export function signFeishu({ timestamp, nonce, body }: SignedParts, encryptKey: string): string {
  return sha256Hex(Buffer.concat([Buffer.from(`${timestamp}${nonce}${encryptKey}`), body]));
}

/** Whether the request has a part of a signature. Only the check of the URL has none. */
export const hasFeishuSignature = ({ headers }: Pick<SignableRequest, 'headers'>): boolean =>
  [SIGNATURE, TIMESTAMP, NONCE].some((name) => headers[name] !== undefined);

/**
 * Verifies that the message is recent, and that its signature of the bytes received fits one of the keys.
 * @param nowMs ms since 1970
 * @returns the key that fits, which is also the one to decrypt with
 * @throws SignatureError
 */
export function verifyFeishu(
  { headers, body }: Pick<SignableRequest, 'headers' | 'body'>,
  encryptKeys: readonly string[],
  nowMs: number,
): string {
  const { [SIGNATURE]: signature = '', [TIMESTAMP]: timestamp = '', [NONCE]: nonce = '' } = headers;
  if (!/^[0-9a-f]{64}$/.test(signature)) throw new SignatureError('X-Lark-Signature is missing or malformed');
  if (!/^\d{1,12}$/.test(timestamp)) throw new SignatureError('X-Lark-Request-Timestamp is missing or malformed');
  if (!/^[\x21-\x7e]{1,128}$/.test(nonce)) throw new SignatureError('X-Lark-Request-Nonce is missing or malformed');
  if (!(Math.abs(nowMs / 1000 - Number(timestamp)) <= SKEW_SECONDS_MAX)) {
    throw new SignatureError('X-Lark-Request-Timestamp is more than 5 minutes off');
  }
  const parts = { timestamp, nonce, body };
  const encryptKey = encryptKeys.find((key) => isEqualConstantTime(signFeishu(parts, key), signature));
  if (encryptKey === undefined) throw new SignatureError(REFUSAL);
  return encryptKey;
}

const aesKeyOf = (encryptKey: string): Buffer => hash('sha256', encryptKey, 'buffer');

/**
 * Decrypts the value of `encrypt`. The encryption does not protect against changes: verify the signature first.
 * @param encrypted base64 of the initialisation vector and the encrypted text
 * @throws SignatureError
 */
export function decryptFeishu(encrypted: unknown, encryptKey: string): Buffer {
  try {
    if (typeof encrypted !== 'string' || !BASE64.test(encrypted)) throw new Error('not base64');
    const bytes = Buffer.from(encrypted, 'base64');
    const decipher = createDecipheriv('aes-256-cbc', aesKeyOf(encryptKey), bytes.subarray(0, IV_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES)), decipher.final()]);
  } catch {
    throw new SignatureError(REFUSAL);
  }
}

/** Returns the value of `encrypt`. @param iv 16 random bytes */
export function encryptFeishu(text: string | Uint8Array, encryptKey: string, iv: Uint8Array): string {
  const cipher = createCipheriv('aes-256-cbc', aesKeyOf(encryptKey), iv);
  return Buffer.concat([iv, cipher.update(Buffer.from(text)), cipher.final()]).toString('base64');
}
