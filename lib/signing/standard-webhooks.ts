/**
 * Standard Webhooks. Signing and verifying share the stages below.
 * Source: standard-webhooks.md 1.0.0, "Signature scheme", "Webhook headers", "Verifying signatures".
 */
import { createHmac, createPublicKey, verify } from 'node:crypto';
import { VISIBLE_ASCII } from '../domain/characters.ts';
import { isEqualConstantTime } from './bytes.ts';
import { type SignableRequest, SignatureError } from './signed-request.ts';

/** How far webhook-timestamp may be before or after our clock. */
const SKEW_SECONDS_MAX = 5 * 60;

/** A sender that rotates its secret sends two. Further signatures would only cost time. */
const SIGNATURES_MAX = 8;

/**
 * Without a full stop, which separates the signed parts: with one in the id, two messages could have the same
 * signature.
 */
const ID = new RegExp(`^(?!.*\\.)[${VISIBLE_ASCII}]{1,256}$`);
const TIMESTAMP = /^\d{1,12}$/;

interface Scheme {
  version: string;
  prefix: string;
  /** Length of the decoded key. */
  bytesMin: number;
  bytesMax: number;
  /** Returns a function that verifies signatures of the content. */
  verifier(content: Uint8Array, key: Uint8Array): (signature: string) => boolean;
}

/** The prefix of a secret names its scheme, so that a public key is never used as an HMAC key. */
const SCHEMES: readonly Scheme[] = [
  {
    version: 'v1',
    prefix: 'whsec_',
    bytesMin: 24,
    bytesMax: 64,
    verifier(content, key) {
      const expected = hmacBase64(key, content);
      return (signature) => isEqualConstantTime(signature, expected);
    },
  },
  { version: 'v1a', prefix: 'whpk_', bytesMin: 32, bytesMax: 32, verifier: ed25519Verifier },
];

type WebhookHeaders = Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>;

/** Returns what is wrong with a configured secret, without repeating it; undefined if it is valid. */
export function webhookSecretProblem(secret: string): string | undefined {
  return parseSecret(secret)
    ? undefined
    : 'must be whsec_ and base64 of 24 to 64 bytes, or whpk_ and base64 of 32 bytes';
}

interface WebhookMessage {
  /** 1 to 256 printable ASCII characters except space and full stop; the same in every attempt to send the message. */
  id: string;
  /** Seconds since 1970. */
  timestampSeconds: number;
  body: string | Uint8Array;
}

/**
 * Signs a message.
 * @param secrets `whsec_…`; there is one signature for each
 * @throws Error if the id, the timestamp or a secret is malformed
 */
export function signWebhook(
  { id, timestampSeconds, body }: WebhookMessage,
  secrets: readonly string[],
): WebhookHeaders {
  const timestamp = String(timestampSeconds);
  if (!ID.test(id) || !TIMESTAMP.test(timestamp)) {
    throw new Error('a webhook with this id or timestamp cannot be signed: it is malformed');
  }
  const content = contentToSign(id, timestamp, body);
  const signatures = secrets.map((secret) => {
    const parsed = parseSecret(secret);
    if (parsed?.scheme.version !== 'v1') throw new Error('a secret for signing must be whsec_ and base64');
    return `v1,${hmacBase64(parsed.key, content)}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/**
 * Verifies that the message is recent, and that one of its signatures of the bytes received fits one of the secrets.
 * @param secrets `whsec_…` or `whpk_…`
 * @param nowMs ms since 1970
 * @throws SignatureError
 */
export function verifyWebhook(
  { headers, body }: Pick<SignableRequest, 'headers' | 'body'>,
  secrets: readonly string[],
  nowMs: number,
): void {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (!id || !timestamp || !signatures) throw new SignatureError('a webhook header is missing');
  if (!ID.test(id)) throw new SignatureError('malformed webhook-id');
  if (!TIMESTAMP.test(timestamp)) throw new SignatureError('malformed webhook-timestamp');
  const isNow = Math.abs(nowMs - Number(timestamp) * 1000) <= SKEW_SECONDS_MAX * 1000;
  if (!isNow) throw new SignatureError('webhook-timestamp is more than 5 minutes off');
  const content = contentToSign(id, timestamp, body);
  const verifiers = secrets
    .map(parseSecret)
    .filter((parsed) => parsed !== undefined)
    .map(({ scheme, key }) => ({ version: scheme.version, isValid: scheme.verifier(content, key) }));
  const isSigned = signatures
    .split(' ', SIGNATURES_MAX)
    .map((versioned) => versioned.split(','))
    .some(([version, signature = '']) => verifiers.some((one) => one.version === version && one.isValid(signature)));
  if (!isSigned) throw new SignatureError('wrong signature');
}

/** Joins bytes, not text: different bodies that are not UTF-8 could decode to the same text. */
function contentToSign(id: string, timestamp: string, body: string | Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(body)]);
}

/** Returns the scheme and the key of a secret; undefined if it is malformed. */
function parseSecret(secret: string): { scheme: Scheme; key: Uint8Array } | undefined {
  const scheme = SCHEMES.find(({ prefix }) => secret.startsWith(prefix));
  const key = scheme && parseBase64(secret.slice(scheme.prefix.length));
  return key && key.length >= scheme.bytesMin && key.length <= scheme.bytesMax ? { scheme, key } : undefined;
}

/** Returns undefined unless the text is strict base64. (Node's decoder accepts anything.) */
function parseBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function hmacBase64(key: Uint8Array, content: Uint8Array): string {
  return createHmac('sha256', key).update(content).digest('base64');
}

function ed25519Verifier(content: Uint8Array, key: Uint8Array): (signature: string) => boolean {
  const x = Buffer.from(key).toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return (signature) => {
    const bytes = parseBase64(signature);
    return bytes !== undefined && verify(null, content, publicKey, bytes);
  };
}
