/** The signature of WorkOS webhooks. Source: WorkOS, "Sync data using webhooks", "Validate the requests manually". */
import { hmacSha256Hex, isEqualConstantTime } from './bytes.ts';
import { type SignableRequest, SignatureError } from './signed-request.ts';

/** How far the timestamp may be before or after our clock. Source: the default of the vendor's Node library. */
const SKEW_MS_MAX = 180_000;

const HEADER = /^t=(\d{1,15}), *v1=([0-9a-f]{64})$/;

/**
 * Verifies that the message is recent, and that its signature of the bytes received fits one of the secrets.
 * @param nowMs ms since 1970
 * @throws SignatureError
 */
export function verifyWorkos(
  { headers, body }: Pick<SignableRequest, 'headers' | 'body'>,
  secrets: readonly string[],
  nowMs: number,
): void {
  const [, timestampMs, signature] = HEADER.exec(headers['workos-signature'] ?? '') ?? [];
  if (!timestampMs || !signature) throw new SignatureError('WorkOS-Signature is missing or malformed');
  if (!(Math.abs(nowMs - Number(timestampMs)) <= SKEW_MS_MAX)) {
    throw new SignatureError('the timestamp in WorkOS-Signature is more than 3 minutes off');
  }
  const content = Buffer.concat([Buffer.from(`${timestampMs}.`), body]);
  const isSigned = secrets.some((secret) => isEqualConstantTime(hmacSha256Hex(secret, content), signature));
  if (!isSigned) throw new SignatureError('wrong signature');
}
