/**
 * Standard Webhooks: sign and verify share the stages below.
 * Source: standard-webhooks.md 1.0.0, "Signature scheme", "Webhook headers", "Verifying signatures".
 */
import { createHmac, createPublicKey, verify } from 'node:crypto';
import { isEqualConstantTime } from './bytes.ts';
import { type SignableRequest, SignatureError } from './signed-request.ts';

/** How far webhook-timestamp may be from our clock, on either side. */
const SKEW_SECONDS_MAX = 5 * 60;

/** A sender that replaces its secret sends two; each one more is work for us. */
const SIGNATURES_MAX = 8;

/** The id is kept. With a full stop in it, one text could be signed for two messages. */
const ID = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;
const TIMESTAMP = /^\d{1,12}$/;

interface Scheme {
  version: string;
  prefix: string;
  /** Of the key that the secret holds. */
  bytesMin: number;
  bytesMax: number;
  /** Prepares the check of signatures: whatever there is to work out is worked out once. */
  checkOf(content: Uint8Array, key: Uint8Array): (sent: string) => boolean;
}

/** A secret says by its prefix for which scheme it is good, so that no public key is ever taken for an HMAC's. */
const SCHEMES: readonly Scheme[] = [
  {
    version: 'v1',
    prefix: 'whsec_',
    bytesMin: 24,
    bytesMax: 64,
    checkOf(content, key) {
      const expected = hmacBase64(key, content);
      return (sent) => isEqualConstantTime(sent, expected);
    },
  },
  { version: 'v1a', prefix: 'whpk_', bytesMin: 32, bytesMax: 32, checkOf: ed25519 },
];

/** The three headers of a message. */
type WebhookHeaders = Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>;

/** What is wrong with a secret, in words that do not repeat it. */
export function webhookSecretProblem(secret: string): string | undefined {
  return keyOf(secret) ? undefined : 'must be whsec_ and base64 of 24 to 64 bytes, or whpk_ and base64 of 32 bytes';
}

/** A message as it is signed. */
interface WebhookMessage {
  /** 1 to 256 printable ASCII characters without a space or a full stop; the same when it is sent again. */
  id: string;
  /** When it is sent, in s since 1970. */
  timestampSeconds: number;
  body: string | Uint8Array;
}

/**
 * Signs a message.
 * @param secrets `whsec_…`; each signs
 * @throws when the id, the time or a secret is of another form: that is a mistake of ours
 */
export function signWebhook(
  { id, timestampSeconds, body }: WebhookMessage,
  secrets: readonly string[],
): WebhookHeaders {
  const timestamp = String(timestampSeconds);
  if (!ID.test(id) || !TIMESTAMP.test(timestamp)) throw new Error('a webhook with such an id or time cannot be signed');
  const content = contentToSign(id, timestamp, body);
  const signatures = secrets.map((secret) => {
    const found = keyOf(secret);
    if (found?.scheme.version !== 'v1') throw new Error('a secret that signs must be whsec_ and base64');
    return `v1,${hmacBase64(found.key, content)}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/**
 * Checks that one of the signatures is of one of the secrets, over the bytes received, now.
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
  if (!isNow) throw new SignatureError('webhook-timestamp is too far off');
  const content = contentToSign(id, timestamp, body);
  const checks = secrets
    .map(keyOf)
    .filter((found) => found !== undefined)
    .map(({ scheme, key }) => ({ version: scheme.version, isSignature: scheme.checkOf(content, key) }));
  const isSigned = signatures
    .split(' ', SIGNATURES_MAX)
    .map((signature) => signature.split(','))
    .some(([version, sent = '']) => checks.some((check) => check.version === version && check.isSignature(sent)));
  if (!isSigned) throw new SignatureError('wrong signature');
}

/** Of bytes, not of text: two bodies that are not UTF-8 could be the same text. */
function contentToSign(id: string, timestamp: string, body: string | Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(body)]);
}

/** The key that a secret holds, and what it is good for. */
function keyOf(secret: string): { scheme: Scheme; key: Uint8Array } | undefined {
  const scheme = SCHEMES.find(({ prefix }) => secret.startsWith(prefix));
  const key = scheme && fromBase64(secret.slice(scheme.prefix.length));
  return key && key.length >= scheme.bytesMin && key.length <= scheme.bytesMax ? { scheme, key } : undefined;
}

/** Undefined for what is not base64 as an encoder writes it: Node decodes anything. */
function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function hmacBase64(key: Uint8Array, content: Uint8Array): string {
  return createHmac('sha256', key).update(content).digest('base64');
}

function ed25519(content: Uint8Array, key: Uint8Array): (sent: string) => boolean {
  const x = Buffer.from(key).toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return (sent) => {
    const signature = fromBase64(sent);
    return signature !== undefined && verify(null, content, publicKey, signature);
  };
}
