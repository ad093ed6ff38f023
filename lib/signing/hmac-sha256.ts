/** Signatures that are the HMAC-SHA-256 of the body, in a header of the form `sha256=<64 hex digits>`. */
import { hmacSha256Hex, isEqualConstantTime } from './bytes.ts';
import { SignatureError } from './signed-request.ts';

const HEADER = /^sha256=([0-9a-f]{64})$/;

/**
 * Verifies that the signature of the bytes received fits one of the keys.
 * @param header the value of the header with the signature
 * @throws SignatureError
 */
export function verifyHmacSha256(header: string | undefined, body: Uint8Array, keys: readonly string[]): void {
  if (!header) throw new SignatureError('no signature');
  const signature = HEADER.exec(header)?.[1];
  if (!signature) throw new SignatureError('malformed signature: it must be sha256= and 64 hex digits');
  const isSigned = keys.some((key) => isEqualConstantTime(hmacSha256Hex(key, body), signature));
  if (!isSigned) throw new SignatureError('wrong signature');
}
