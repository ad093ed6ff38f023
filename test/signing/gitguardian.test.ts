/** The signatures are made by OpenSSL, and one is the vendor's own example. */
import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { verifyGitGuardian } from '../../lib/signing/gitguardian.ts';
import { SignatureError } from '../../lib/signing/signed-request.ts';

/** Source: GitGuardian, "Custom webhook", the unit test below "Python3 example". */
const VENDOR = {
  token: 'foo',
  timestamp: '0',
  body: 'bar',
  signature: 'sha256=172fe3d694b734aa53dc892fd3b8d62163fc240064de570ba006900bb54a0fc2',
};
const AT_MS = 1_795_329_234_000;
const TIMESTAMP = '1795329234';
const TOKEN = 'a-token-of-the-dashboard';
const BODY = '{"action":"incident_triggered"}';

/** OpenSSL takes the key as hex, so that a key may hold any byte. */
function signatureOf(timestamp: string, { token = TOKEN, body = BODY } = {}): string {
  const hexKey = Buffer.from(timestamp + token).toString('hex');
  const args = ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${hexKey}`, '-r'];
  return `sha256=${execFileSync('openssl', args, { input: body }).toString().split(' ')[0]}`;
}

function refusalOf(
  headers: Record<string, string | undefined>,
  { body = BODY, tokens = [TOKEN], nowMs = AT_MS }: { body?: string; tokens?: string[]; nowMs?: number } = {},
) {
  try {
    return verifyGitGuardian({ headers, body: Buffer.from(body) }, tokens, nowMs);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    for (const token of tokens) expect(error.message).not.toContain(token);
    return error.message;
  }
}

const headersOf = (timestamp: string, signature = signatureOf(timestamp)) => ({
  timestamp,
  'gitguardian-signature': signature,
});

test("the vendor's example verifies with any of the configured tokens", () => {
  const headers = headersOf(VENDOR.timestamp, VENDOR.signature);
  const { body, token } = VENDOR;
  expect(refusalOf(headers, { body, tokens: [token], nowMs: 0 })).toBeUndefined();
  expect(refusalOf(headers, { body, tokens: ['other', token], nowMs: 300_000 })).toBeUndefined();
  expect(refusalOf(headers, { body, tokens: ['fo'], nowMs: 0 })).toBe('wrong signature');
  expect(refusalOf(headers, { body: 'baz', tokens: [token], nowMs: 0 })).toBe('wrong signature');
});

test.each([
  ['seconds', TIMESTAMP],
  ['seconds with a fraction', '1795329234.123456'],
  ['milliseconds', '1795329234000'],
  ['ISO 8601 in UTC', '2026-11-22T06:33:54.000000Z'],
  ['ISO 8601 with an offset', '2026-11-22T14:33:54+08:00'],
])('a signature by OpenSSL verifies with a timestamp in %s', (_, timestamp) => {
  expect(refusalOf(headersOf(timestamp))).toBeUndefined();
});

const LATE = 'Timestamp is more than 5 minutes off';

test.each([
  [300_000, undefined],
  [-300_000, undefined],
  [300_001, LATE],
  [-300_001, LATE],
  [Number.NaN, LATE],
])('with the clock %d ms ahead of the timestamp the refusal is %s', (ms, refusal) => {
  expect(refusalOf(headersOf(TIMESTAMP), { nowMs: AT_MS + ms })).toBe(refusal);
});

test.each([
  '-1',
  '+1795329234',
  '1.795e9',
  'now',
  '1'.repeat(15),
  '2026-11-22',
  '2026-13-22T06:33:54Z',
  `${TIMESTAMP} `,
])('a message with the timestamp %j is refused as malformed, although it is signed', (timestamp) => {
  expect(refusalOf(headersOf(timestamp))).toBe('malformed Timestamp');
});

test('the timestamp is part of the key: with another one the signature is wrong', () => {
  expect(refusalOf({ ...headersOf(TIMESTAMP), timestamp: '1795329235' })).toBe('wrong signature');
});

test.each([
  ['no timestamp', { timestamp: undefined }, 'the header Timestamp is missing'],
  ['an empty timestamp', { timestamp: '' }, 'the header Timestamp is missing'],
  ['no signature', { 'gitguardian-signature': undefined }, 'no signature'],
  [
    'a bare signature',
    { 'gitguardian-signature': signatureOf(TIMESTAMP).slice(7) },
    'malformed signature: it must be sha256= and 64 hex digits',
  ],
  // Public copies of the check leave the timestamp out of the key.
  ['a signature with the token alone as key', { 'gitguardian-signature': signatureOf('') }, 'wrong signature'],
])('a message with %s is refused', (_, change, refusal) => {
  expect(refusalOf({ ...headersOf(TIMESTAMP), ...change })).toBe(refusal);
});
