/**
 * The expected values are the vector of Feishu's documentation ("Encrypt Key encryption configuration"), a hash made
 * with `sha256sum`, and what node:crypto returns for the documented formula, which is written out here a second time.
 * `test/real/feishu.real.ts` compares with the vendor's own library.
 */
import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import {
  decryptFeishu,
  encryptFeishu,
  hasFeishuSignature,
  signFeishu,
  verifyFeishu,
} from '../../lib/signing/feishu.ts';
import { SignatureError } from '../../lib/signing/signed-request.ts';
import { randomFrom } from './random.ts';

const KEY = 'an-encrypt-key-of-the-console';
const AT_MS = 1_795_329_234_567;
const TIMESTAMP = '1795329234';
const NONCE = '1a2b3c4d';
const BODY = '{"encrypt":"P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="}';

const REFUSAL = 'not signed and encrypted with an Encrypt Key of this source';

const hashOf = (...parts: (string | Uint8Array)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

const headersOf = (changes: Record<string, string | undefined> = {}, body = BODY, key = KEY) => ({
  'x-lark-request-timestamp': TIMESTAMP,
  'x-lark-request-nonce': NONCE,
  'x-lark-signature': hashOf(TIMESTAMP, NONCE, key, body),
  ...changes,
});

type Options = { body?: string; keys?: readonly string[]; nowMs?: number };

function verify(
  headers: Record<string, string | undefined>,
  { body = BODY, keys = [KEY], nowMs = AT_MS }: Options = {},
) {
  return verifyFeishu({ headers, body: Buffer.from(body) }, keys, nowMs);
}

function refusalOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    expect(error.message).not.toContain(KEY);
    return error.message;
  }
}

test("the text of the documentation's example is decrypted, and encrypted again with its initialisation vector", () => {
  const encrypted = 'P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=';
  expect(decryptFeishu(encrypted, 'test key').toString()).toBe('hello world');
  const iv = Buffer.from(encrypted, 'base64').subarray(0, 16);
  expect(encryptFeishu('hello world', 'test key', iv)).toBe(encrypted);
});

test('the signature is the SHA-256 of timestamp, nonce, key and the bytes of the body', () => {
  // printf '1795329234%s' '1a2b3c4dan-encrypt-key-of-the-console{"a":"密"}' | sha256sum
  expect(signFeishu({ timestamp: TIMESTAMP, nonce: NONCE, body: Buffer.from('{"a":"密"}') }, KEY)).toBe(
    'e9fd046ad401d2c00aa254d6e522477892154c671fa52c7be2afcd81b6dd16a0',
  );
});

test('a signature with any of the configured keys verifies, and tells which one to decrypt with', () => {
  expect(verify(headersOf())).toBe(KEY);
  expect(verify(headersOf(), { keys: ['another-encrypt-key', KEY] })).toBe(KEY);
  expect(refusalOf(() => verify(headersOf(), { keys: ['another-encrypt-key'] }))).toBe(REFUSAL);
  expect(refusalOf(() => verify(headersOf(), { keys: [] }))).toBe(REFUSAL);
});

test('signatures of 1,000 random bodies verify, but not for altered bodies', () => {
  const { below, text } = randomFrom(2_200);
  const chars = [...'{}":,.aZ0 \n\u0000é密🔑'];
  for (let round = 0; round < 1_000; round += 1) {
    const body = text(chars, below(100));
    const key = text([...'abc123-_'], 16 + below(20));
    const headers = headersOf({}, body, key);
    expect(verify(headers, { body, keys: [key] })).toBe(key);
    expect(refusalOf(() => verify(headers, { body: `${body} `, keys: [key] }))).toBe(REFUSAL);
  }
});

test('a body that was parsed and written again does not verify', () => {
  const sent = '{ "encrypt" : "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=" }';
  const headers = headersOf({}, sent);
  expect(verify(headers, { body: sent })).toBe(KEY);
  expect(refusalOf(() => verify(headers, { body: JSON.stringify(JSON.parse(sent)) }))).toBe(REFUSAL);
});

test.each([['X-Lark-Signature'], ['X-Lark-Request-Timestamp'], ['X-Lark-Request-Nonce']])(
  'a request without %s, or with an empty one, is refused',
  (name) => {
    for (const value of [undefined, '']) {
      const headers = headersOf({ [name.toLowerCase()]: value });
      expect(refusalOf(() => verify(headers))).toBe(`${name} is missing or malformed`);
    }
  },
);

test('a request counts as signed if it has any of the three headers', () => {
  expect(hasFeishuSignature({ headers: { 'content-type': 'application/json' } })).toBe(false);
  for (const name of Object.keys(headersOf())) expect(hasFeishuSignature({ headers: { [name]: '' } })).toBe(true);
});

test.each([
  [299_999, undefined],
  [-300_000, undefined],
  [301_000, 'X-Lark-Request-Timestamp is more than 5 minutes off'],
  [-301_000, 'X-Lark-Request-Timestamp is more than 5 minutes off'],
  [Number.NaN, 'X-Lark-Request-Timestamp is more than 5 minutes off'],
])('with the clock %d ms ahead of the timestamp the refusal is %s', (ms, refusal) => {
  expect(refusalOf(() => verify(headersOf(), { nowMs: Number(TIMESTAMP) * 1000 + ms }))).toBe(refusal);
});

test.each([
  ['a timestamp with a sign', { 'x-lark-request-timestamp': '+1795329234' }, 'X-Lark-Request-Timestamp'],
  ['a timestamp that is no number', { 'x-lark-request-timestamp': 'now' }, 'X-Lark-Request-Timestamp'],
  ['a nonce with a space', { 'x-lark-request-nonce': 'a b' }, 'X-Lark-Request-Nonce'],
  ['two joined nonces', { 'x-lark-request-nonce': 'a, b' }, 'X-Lark-Request-Nonce'],
  [
    'a signature in upper case',
    { 'x-lark-signature': headersOf()['x-lark-signature'].toUpperCase() },
    'X-Lark-Signature',
  ],
  ['a signature with one digit less', { 'x-lark-signature': 'a'.repeat(63) }, 'X-Lark-Signature'],
])('a request with %s is refused as malformed', (_, changes, name) => {
  expect(refusalOf(() => verify(headersOf(changes)))).toBe(`${name} is missing or malformed`);
});

test('digits may not move between timestamp and nonce without changing the time', () => {
  const headers = headersOf({
    'x-lark-request-timestamp': TIMESTAMP.slice(0, -1),
    'x-lark-request-nonce': `4${NONCE}`,
  });
  expect(refusalOf(() => verify(headers))).toBe('X-Lark-Request-Timestamp is more than 5 minutes off');
});

test('what cannot be decrypted is refused like a wrong signature', () => {
  const iv = Buffer.alloc(16, 7);
  const encrypted = encryptFeishu('hello', KEY, iv);
  const altered = Buffer.from(encrypted, 'base64');
  altered[15] = (altered[15] ?? 0) ^ 1;
  const longer = Buffer.concat([Buffer.from(encrypted, 'base64'), Buffer.alloc(1)]);
  for (const bad of [
    '',
    'not base64!',
    iv.toString('base64'),
    altered.toString('base64'),
    longer.toString('base64'),
    Buffer.alloc(8).toString('base64'),
    undefined,
    null,
    7,
    [encrypted],
  ]) {
    expect(refusalOf(() => decryptFeishu(bad, KEY))).toBe(REFUSAL);
  }
  expect(refusalOf(() => decryptFeishu(encrypted, 'another-encrypt-key'))).toBe(REFUSAL);
  expect(refusalOf(() => verify(headersOf({}, BODY, 'another-encrypt-key')))).toBe(REFUSAL);
});
