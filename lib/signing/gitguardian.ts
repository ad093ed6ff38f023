/**
 * The signature of GitGuardian's custom webhooks: an HMAC whose key is the time of sending followed by the token.
 * Source: GitGuardian, "Custom webhook", "How to verify the payload signature".
 */
import { verifyHmacSha256 } from './hmac-sha256.ts';
import { type SignableRequest, SignatureError } from './signed-request.ts';

/** How far the header Timestamp may be before or after our clock. The vendor advises "a few seconds". */
const SKEW_MS_MAX = 5 * 60 * 1000;

/** The vendor does not say how the time is written, so the usual forms are accepted. The text itself is signed. */
const SECONDS = /^\d{1,11}(?:\.\d{1,9})?$/;
const MILLISECONDS = /^\d{12,14}$/;
const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Verifies that the message is recent, and that its signature of the bytes received fits one of the tokens.
 * @param nowMs ms since 1970
 * @throws SignatureError
 */
export function verifyGitGuardian(
  { headers, body }: Pick<SignableRequest, 'headers' | 'body'>,
  tokens: readonly string[],
  nowMs: number,
): void {
  const timestamp = headers['timestamp'];
  if (!timestamp) throw new SignatureError('the header Timestamp is missing');
  const timestampMs = parseTimestampMs(timestamp);
  if (timestampMs === undefined) throw new SignatureError('malformed Timestamp');
  if (!(Math.abs(nowMs - timestampMs) <= SKEW_MS_MAX)) {
    throw new SignatureError('Timestamp is more than 5 minutes off');
  }
  const keys = tokens.map((token) => timestamp + token);
  verifyHmacSha256(headers['gitguardian-signature'], body, keys);
}

/** Returns ms since 1970, or undefined for a text that is no time. */
function parseTimestampMs(text: string): number | undefined {
  if (SECONDS.test(text)) return Number(text) * 1000;
  if (MILLISECONDS.test(text)) return Number(text);
  const ms = ISO_8601.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
