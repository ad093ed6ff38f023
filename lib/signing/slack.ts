/** The signature of Slack's requests, version v0. Source: Slack, "Verifying requests from Slack". */
import { hmacSha256Hex, isEqualConstantTime } from './bytes.ts';
import { type SignableRequest, SignatureError } from './signed-request.ts';

/** How far the timestamp may be before or after our clock. Source: the same page. */
const SKEW_MS_MAX = 300_000;

const TIMESTAMP = /^\d{1,12}$/;
const SIGNATURE = /^v0=[0-9a-f]{64}$/;

/** The bytes that are signed: version, timestamp and body as received. */
function contentOf(timestamp: string, body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`v0:${timestamp}:`), body]);
}

const signatureOf = (content: Uint8Array, secret: string) => `v0=${hmacSha256Hex(secret, content)}`;

/** Returns the headers with which Slack sends the body. @param timestamp seconds since 1970 */
export function signSlack(body: Uint8Array, secret: string, timestamp: number) {
  return {
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': signatureOf(contentOf(String(timestamp), body), secret),
  };
}

/**
 * Verifies that the request is recent, and that its signature of the bytes received fits one of the secrets.
 * @param nowMs ms since 1970
 * @throws SignatureError
 */
export function verifySlack(
  { headers, body }: Pick<SignableRequest, 'headers' | 'body'>,
  secrets: readonly string[],
  nowMs: number,
): void {
  const { 'x-slack-request-timestamp': timestamp = '', 'x-slack-signature': signature = '' } = headers;
  if (!SIGNATURE.test(signature)) throw new SignatureError('X-Slack-Signature is missing or malformed');
  if (!TIMESTAMP.test(timestamp)) throw new SignatureError('X-Slack-Request-Timestamp is missing or malformed');
  if (!(Math.abs(nowMs - Number(timestamp) * 1000) <= SKEW_MS_MAX)) {
    throw new SignatureError('X-Slack-Request-Timestamp is more than 5 minutes off');
  }
  const content = contentOf(timestamp, body);
  const isSigned = secrets.some((secret) => isEqualConstantTime(signatureOf(content, secret), signature));
  if (!isSigned) throw new SignatureError('wrong signature');
}
