/** The signature of WorkOS webhooks. Source: WorkOS, "Sync data using webhooks", "Validate the requests manually". */
import { hmacSha256Hex, isEqualConstantTime } from './bytes.ts';
import { type SignableRequest, SignatureError } from './signed-request.ts';

/** How far the time of the header may be from our clock, on either side: what the vendor's own library takes. */
const SKEW_MS_MAX = 180_000;

const HEADER = /^t=(\d{1,15}), *v1=([0-9a-f]{64})$/;

/**
 * Checks that the header is of one of the secrets, over the bytes received, now.
 * @param nowMs ms since 1970
 * @throws SignatureError
 */
export function verifyWorkos(
  { headers, body }: Pick<SignableRequest, 'headers' | 'body'>,
  secrets: readonly string[],
  nowMs: number,
): void {
  const [, timestampMs, signature] = HEADER.exec(headers['workos-signature'] ?? '') ?? [];
  if (!timestampMs || !signature) throw new SignatureError('no WorkOS-Signature, or a malformed one');
  if (!(Math.abs(nowMs - Number(timestampMs)) <= SKEW_MS_MAX)) throw new SignatureError('its time is too far off');
  const content = Buffer.concat([Buffer.from(`${timestampMs}.`), body]);
  const isSigned = secrets.some((secret) => isEqualConstantTime(hmacSha256Hex(secret, content), signature));
  if (!isSigned) throw new SignatureError('wrong signature');
}
