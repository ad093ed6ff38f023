/**
 * Expected values come from the npm package `standardwebhooks`, the tests of the specification's own libraries
 * (`libraries/javascript/src/webhook.test.ts`, `libraries/go/webhook_asymmetric_test.go`) and the Web Crypto API.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { SignatureError } from '../../lib/signing/signed-request.ts';
import { signWebhook, verifyWebhook, webhookSecretProblem } from '../../lib/signing/standard-webhooks.ts';
import { randomFrom } from './random.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const AT_SECONDS = 1_614_265_330;
const BODY = '{"test": 2432232314}';
const SIGNATURE = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const WRONG = 'v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=';
const OTHER_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const HEADERS = { 'webhook-id': ID, 'webhook-timestamp': String(AT_SECONDS), 'webhook-signature': SIGNATURE };

interface Change {
  headers?: Record<string, string | undefined>;
  body?: Uint8Array;
  secrets?: string[];
  nowMs?: number;
}

/** Verifies the known message with a change. Returns the reason of a refusal; undefined if the message is accepted. */
function refusalOf({ headers, body = Buffer.from(BODY), secrets = [SECRET], nowMs = AT_SECONDS * 1000 }: Change) {
  try {
    return verifyWebhook({ headers: { ...HEADERS, ...headers }, body }, secrets, nowMs);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    for (const secret of secrets) expect(error.message).not.toContain(secret);
    return error.message;
  }
}

const webhook = (id: string, timestampSeconds: number, body: string | Uint8Array) => ({ id, timestampSeconds, body });

test('v1: signing the known message gives the known signature, which verifies', () => {
  expect(signWebhook(webhook(ID, AT_SECONDS, BODY), [SECRET])).toEqual(HEADERS);
  expect(refusalOf({})).toBeUndefined();
});

/** Wraps the 32-byte key that the Go library uses in PKCS #8. Source: RFC 8410, section 7. */
function privateKeyOf(seed: Buffer): KeyObject {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}
const publicSecretOf = (key: KeyObject) =>
  `whpk_${createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')}`;

const KNOWN_KEY = privateKeyOf(Buffer.from('VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=', 'base64'));
const KNOWN_ED25519 = 'v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==';

test('v1a: the known signature verifies, but not for other bytes, with another key or under another scheme', () => {
  const headers = { 'webhook-signature': KNOWN_ED25519 };
  const secrets = [publicSecretOf(KNOWN_KEY)];
  expect(refusalOf({ headers, secrets })).toBeUndefined();
  expect(refusalOf({ headers, secrets: [SECRET, ...secrets] })).toBeUndefined();
  expect(refusalOf({ headers, secrets, body: Buffer.from(`${BODY} `) })).toBe('wrong signature');
  const other = publicSecretOf(generateKeyPairSync('ed25519').privateKey);
  expect(refusalOf({ headers, secrets: [other] })).toBe('wrong signature');
  const renamed = { 'webhook-signature': KNOWN_ED25519.replace('v1a', 'v1') };
  expect(refusalOf({ headers: renamed, secrets })).toBe('wrong signature');
});

test('a public key is never used as an HMAC key: a message signed with it is refused', () => {
  const key = publicSecretOf(KNOWN_KEY).slice('whpk_'.length);
  const forged = new Webhook(key).sign(ID, new Date(AT_SECONDS * 1000), BODY);
  for (const signature of [forged, forged.replace('v1', 'v1a')]) {
    expect(refusalOf({ headers: { 'webhook-signature': signature }, secrets: [`whpk_${key}`] })).toBe(
      'wrong signature',
    );
  }
});

const { next, below, text } = randomFrom(5_050);
const ID_CHARS = [...'abcXYZ019_-:/+=~!'];
const BODY_CHARS = [...'{}[]":, \n\r\t.0aZé密🔑\u0000\u2028'];
const randomBytes = (length: number) => Buffer.from(Array.from({ length }, () => below(256)));
const randomSecret = () => `whsec_${randomBytes(24 + below(41)).toString('base64')}`;

test('1,000 random messages signed here verify in the package `standardwebhooks`, and the other way round', () => {
  const nowMs = Date.now();
  for (let round = 0; round < 1_000; round += 1) {
    const secret = randomSecret();
    const other = new Webhook(secret);
    const id = text(ID_CHARS, 1 + below(40));
    const body = text(BODY_CHARS, below(200));
    // The package checks timestamps against the real clock.
    const timestampSeconds = Math.floor(nowMs / 1000) - below(200);
    const signedHere = signWebhook(webhook(id, timestampSeconds, body), [secret]);
    expect(() => other.verify(body, signedHere, { jsonParse: false })).not.toThrow();
    const signedByPackage = other.sign(id, new Date(timestampSeconds * 1000), body);
    expect(signedByPackage).toBe(signedHere['webhook-signature']);
    const secrets = next() < 0.5 ? [secret] : [randomSecret(), secret];
    expect(
      refusalOf({
        headers: { ...signedHere, 'webhook-signature': signedByPackage },
        body: Buffer.from(body),
        secrets,
        nowMs,
      }),
    ).toBe(undefined);
  }
});

test('signatures of 1,000 random bodies by the Web Crypto API verify, but not for a body with one flipped bit', async () => {
  for (let round = 0; round < 1_000; round += 1) {
    const keyBytes = randomBytes(24 + below(41));
    const secrets = [`whsec_${keyBytes.toString('base64')}`];
    const body = randomBytes(1 + below(100));
    const key = await crypto.subtle.importKey('raw', keyBytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    const content = Buffer.concat([Buffer.from(`${ID}.${AT_SECONDS}.`), body]);
    const signature = Buffer.from(await crypto.subtle.sign('HMAC', key, content)).toString('base64');
    const headers = { 'webhook-signature': `v1,${signature}` };
    expect(refusalOf({ headers, body, secrets })).toBeUndefined();
    const at = below(body.length);
    body[at] = (body[at] as number) ^ (1 << below(8));
    expect(refusalOf({ headers, body, secrets })).toBe('wrong signature');
  }
});

test('Ed25519 signatures of 200 random messages by Node verify, but not for a body with one flipped bit', () => {
  for (let round = 0; round < 200; round += 1) {
    const { privateKey } = generateKeyPairSync('ed25519');
    const body = randomBytes(below(100));
    const content = Buffer.concat([Buffer.from(`${ID}.${AT_SECONDS}.`), body]);
    const signature = sign(null, content, privateKey);
    const secrets = [publicSecretOf(privateKey)];
    const headersOf = (bytes: Buffer) => ({ 'webhook-signature': `${WRONG} v1a,${bytes.toString('base64')}` });
    expect(refusalOf({ headers: headersOf(signature), body, secrets })).toBeUndefined();
    const at = below(64);
    signature[at] = (signature[at] as number) ^ (1 << below(8));
    expect(refusalOf({ headers: headersOf(signature), body, secrets })).toBe('wrong signature');
  }
});

test('a message signed with two secrets verifies with either of them', () => {
  const headers = signWebhook(webhook(ID, AT_SECONDS, BODY), [OTHER_SECRET, SECRET]);
  expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
  expect(headers['webhook-signature'].split(' ')[1]).toBe(SIGNATURE);
  for (const secret of [SECRET, OTHER_SECRET]) expect(refusalOf({ headers, secrets: [secret] })).toBeUndefined();
});

test.each([
  [
    'unknown versions and wrong signatures before the right one',
    `v2,${SIGNATURE.slice(3)} ${WRONG} v1 v1, , ${SIGNATURE}`,
    undefined,
  ],
  ['the right one in 8th place', `${'v9,x '.repeat(7)}${SIGNATURE}`, undefined],
  ['the right one in 9th place', `${'v9,x '.repeat(8)}${SIGNATURE}`, 'wrong signature'],
  ['the right one with another version', SIGNATURE.replace('v1', 'v2'), 'wrong signature'],
  ['the right one without a version', SIGNATURE.slice(3), 'wrong signature'],
  ['a part of the right one', SIGNATURE.slice(0, 8), 'wrong signature'],
  ['nothing after the comma', 'v1,', 'wrong signature'],
  ['two joined headers', `${SIGNATURE},${SIGNATURE.slice(3)}x`.replace(',', ',x'), 'wrong signature'],
  ['no padding', SIGNATURE.replace('=', ''), 'wrong signature'],
  ['malformed v1a signatures', 'v1a,AAAA v1a,%%% v1a', 'wrong signature'],
])('webhook-signature with %s', (_, signatures, refusal) => {
  const secrets = [SECRET, publicSecretOf(KNOWN_KEY)];
  expect(refusalOf({ headers: { 'webhook-signature': signatures }, secrets })).toBe(refusal);
});

test.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
  'a message without %s, or with an empty one, is refused',
  (name) => {
    expect(refusalOf({ headers: { [name]: undefined } })).toBe('a webhook header is missing');
    expect(refusalOf({ headers: { [name]: '' } })).toBe('a webhook header is missing');
  },
);

test.each([
  ['another body', { body: Buffer.from('{"test": 2432232315}') }],
  ['no body', { body: Buffer.alloc(0) }],
  ['another id', { headers: { 'webhook-id': `${ID}x` } }],
  ['another time', { headers: { 'webhook-timestamp': String(AT_SECONDS + 1) } }],
  ['the same time written differently', { headers: { 'webhook-timestamp': `0${AT_SECONDS}` } }],
  ['another secret', { secrets: [OTHER_SECRET] }],
  ['no secret', { secrets: [] }],
  ['malformed secrets', { secrets: ['whsec_', 'whpk_AAAA', SECRET.slice(6)] }],
])('the known message with %s is refused', (_, change) => {
  expect(refusalOf(change)).toBe('wrong signature');
});

test.each(['a.b', '.', 'a b', '', 'a\n', 'é', 'a'.repeat(257), '\u007f'])(
  'the webhook-id %j is neither signed nor accepted',
  (id) => {
    expect(() => signWebhook(webhook(id, AT_SECONDS, BODY), [SECRET])).toThrow('cannot be signed');
    expect(refusalOf({ headers: { 'webhook-id': id } })).toBe(
      id ? 'malformed webhook-id' : 'a webhook header is missing',
    );
  },
);

test.each(['-1', '+1', '1e9', '1.5', ' 1614265330', '1614265330 ', '0x10', 'NaN', 'Infinity', '1614265330,1614265330'])(
  'the webhook-timestamp %j is refused as malformed',
  (timestamp) => {
    expect(refusalOf({ headers: { 'webhook-timestamp': timestamp } })).toBe('malformed webhook-timestamp');
  },
);

test.each(['١٦١٤٢٦٥٣٣٠', '1614265330\n', '1'.repeat(13)])(
  'the webhook-timestamp %j is also refused as malformed',
  (timestamp) => {
    expect(refusalOf({ headers: { 'webhook-timestamp': timestamp } })).toBe('malformed webhook-timestamp');
  },
);

test.each(['0', '2147483647', '2147483648', '4294967296', '999999999999', '1614265330000'.slice(0, 12)])(
  'the webhook-timestamp %s is refused as too far from the clock',
  (timestamp) => {
    expect(refusalOf({ headers: { 'webhook-timestamp': timestamp } })).toBe(
      'webhook-timestamp is more than 5 minutes off',
    );
  },
);

test.each([
  [0, undefined],
  [300_000, undefined],
  [-300_000, undefined],
  [300_001, 'webhook-timestamp is more than 5 minutes off'],
  [-300_001, 'webhook-timestamp is more than 5 minutes off'],
  [301_000, 'webhook-timestamp is more than 5 minutes off'],
  [-301_000, 'webhook-timestamp is more than 5 minutes off'],
  [Number.NaN, 'webhook-timestamp is more than 5 minutes off'],
])('with the clock %d ms ahead of webhook-timestamp the refusal is %s', (ms, refusal) => {
  expect(refusalOf({ nowMs: AT_SECONDS * 1000 + ms })).toBe(refusal);
});

test.each([-1, 1.5, 1e12, Number.NaN])('the timestamp %d cannot be signed', (timestampSeconds) => {
  expect(() => signWebhook(webhook(ID, timestampSeconds, BODY), [SECRET])).toThrow('cannot be signed');
});

const base64 = (bytes: number) => Buffer.alloc(bytes, 0xfb).toString('base64');

test.each([SECRET, `whsec_${base64(24)}`, `whsec_${base64(64)}`, `whpk_${base64(32)}`])(
  'the configured secret %s is valid',
  (secret) => {
    expect(webhookSecretProblem(secret)).toBeUndefined();
  },
);

test.each([
  ['an empty text', ''],
  ['only the prefix', 'whsec_'],
  ['too short', `whsec_${base64(23)}`],
  ['too long', `whsec_${base64(65)}`],
  ['no prefix', base64(32)],
  ['the prefix in upper case', `WHSEC_${base64(32)}`],
  ['a private key', `whsk_${base64(32)}`],
  ['a public key too short', `whpk_${base64(31)}`],
  ['a public key too long', `whpk_${base64(33)}`],
  ['base64url', `whsec_${Buffer.alloc(24, 0xfb).toString('base64url')}`],
  ['a line end', `${SECRET}\n`],
  ['a character outside base64', `${SECRET.slice(0, -1)}*`],
])('a configured secret is refused with a message that does not repeat it: %s', (_, secret) => {
  expect(webhookSecretProblem(secret)).toBe(
    'must be whsec_ and base64 of 24 to 64 bytes, or whpk_ and base64 of 32 bytes',
  );
  expect(() => signWebhook(webhook(ID, AT_SECONDS, BODY), [secret])).toThrow('a secret for signing must be whsec_');
});

test('a public key cannot sign', () => {
  expect(() => signWebhook(webhook(ID, AT_SECONDS, BODY), [`whpk_${base64(32)}`])).toThrow('a secret for signing');
});
