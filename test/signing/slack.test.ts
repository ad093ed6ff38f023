/** The judges are the vendor's documented example and the vendor's own verifier, `@slack/bolt`. */
import { expect, test } from '@jest/globals';
import { isValidSlackRequest } from '@slack/bolt';
import { SignatureError } from '../../lib/signing/signed-request.ts';
import { signSlack, verifySlack } from '../../lib/signing/slack.ts';
import { randomFrom } from './random.ts';

/** Source: Slack, "Verifying requests from Slack". */
const EXAMPLE = {
  secret: '8f742231b10e8888abcd99yyyzzz85a5',
  timestamp: 1_531_420_618,
  body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
  signature: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
};
const HEADERS = {
  'x-slack-request-timestamp': String(EXAMPLE.timestamp),
  'x-slack-signature': EXAMPLE.signature,
};
const AT_MS = EXAMPLE.timestamp * 1000;

type Headers = Record<string, string | undefined>;

function refusalOf(
  headers: Headers,
  { body = EXAMPLE.body as string | Uint8Array, secrets = [EXAMPLE.secret], nowMs = AT_MS } = {},
) {
  try {
    return verifySlack({ headers, body: Buffer.from(body) }, secrets, nowMs);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    for (const secret of secrets) expect(error.message).not.toContain(secret);
    return error.message;
  }
}

const isValidForBolt = (headers: Headers, body: string, secret: string, nowMs: number) =>
  isValidSlackRequest({
    signingSecret: secret,
    body,
    headers: {
      'x-slack-signature': headers['x-slack-signature'] ?? '',
      'x-slack-request-timestamp': Number(headers['x-slack-request-timestamp']),
    },
    nowMilliseconds: nowMs,
  });

const STALE = 'X-Slack-Request-Timestamp is more than 5 minutes off';

test("the documented example verifies, with any of the configured secrets, and the signer makes the example's headers", () => {
  expect(refusalOf(HEADERS)).toBeUndefined();
  expect(refusalOf(HEADERS, { secrets: ['another-secret-00', EXAMPLE.secret] })).toBeUndefined();
  expect(signSlack(Buffer.from(EXAMPLE.body), EXAMPLE.secret, EXAMPLE.timestamp)).toEqual(HEADERS);
});

test("300 random bodies signed here are valid for Slack's own verifier and for this one, and altered ones for neither", () => {
  const { below, text } = randomFrom(2_000);
  const chars = [...'payload=%7B&+.aZ0 \n\u0000é密🔑'];
  for (let round = 0; round < 300; round += 1) {
    const body = text(chars, below(100));
    const secret = text([...'abc123-_'], 16 + below(20));
    const headers = signSlack(Buffer.from(body), secret, EXAMPLE.timestamp);
    expect(isValidForBolt(headers, body, secret, AT_MS)).toBe(true);
    expect(refusalOf(headers, { body, secrets: [secret] })).toBeUndefined();
    expect(isValidForBolt(headers, `${body} `, secret, AT_MS)).toBe(false);
    expect(refusalOf(headers, { body: `${body} `, secrets: [secret] })).toBe('wrong signature');
  }
});

test.each([
  [300_000, undefined],
  [-300_000, undefined],
  [300_001, STALE],
  [-300_001, STALE],
  [86_400_000, STALE],
  [-86_400_000, STALE],
  [Number.NaN, STALE],
])('with the clock %d ms ahead of the timestamp the refusal is %s', (ms, refusal) => {
  expect(refusalOf(HEADERS, { nowMs: AT_MS + ms })).toBe(refusal);
});

test("a timestamp a year in the future is refused, although Slack's own verifier accepts it", () => {
  const nowMs = AT_MS - 365 * 86_400_000;
  expect(isValidForBolt(HEADERS, EXAMPLE.body, EXAMPLE.secret, nowMs)).toBe(true);
  expect(refusalOf(HEADERS, { nowMs })).toBe(STALE);
});

test.each([
  ['x-slack-signature', 'X-Slack-Signature is missing or malformed'],
  ['x-slack-request-timestamp', 'X-Slack-Request-Timestamp is missing or malformed'],
])('a request without %s, or with an empty one, is refused', (name, refusal) => {
  expect(refusalOf({ ...HEADERS, [name]: undefined })).toBe(refusal);
  expect(refusalOf({ ...HEADERS, [name]: '' })).toBe(refusal);
});

test.each([
  ['another version', EXAMPLE.signature.replace('v0=', 'v1=')],
  ['no version', EXAMPLE.signature.slice(3)],
  ['upper case', EXAMPLE.signature.toUpperCase().replace('V0', 'v0')],
  ['one digit less', EXAMPLE.signature.slice(0, -1)],
  ['one digit more', `${EXAMPLE.signature}0`],
  ['two joined values', `${EXAMPLE.signature}, ${EXAMPLE.signature}`],
  ['a line end', `${EXAMPLE.signature}\n`],
])('a signature with %s is refused as malformed', (_, signature) => {
  expect(refusalOf({ ...HEADERS, 'x-slack-signature': signature })).toBe('X-Slack-Signature is missing or malformed');
});

test.each(['-1', '+1531420618', '1531420618.0', ' 1531420618', '1.531420618e9', 'now', '1'.repeat(13)])(
  'the timestamp %j is refused as malformed',
  (timestamp) => {
    expect(refusalOf({ ...HEADERS, 'x-slack-request-timestamp': timestamp })).toBe(
      'X-Slack-Request-Timestamp is missing or malformed',
    );
  },
);

test('another timestamp, secret or body, also the same form encoded again, is a wrong signature', () => {
  expect(refusalOf({ ...HEADERS, 'x-slack-request-timestamp': String(EXAMPLE.timestamp + 1) })).toBe('wrong signature');
  expect(refusalOf(HEADERS, { secrets: ['another-secret-00'] })).toBe('wrong signature');
  expect(refusalOf(HEADERS, { secrets: [] })).toBe('wrong signature');
  expect(refusalOf(HEADERS, { body: '' })).toBe('wrong signature');
  const lowerCaseEscapes = EXAMPLE.body.replaceAll(/%../g, (code) => code.toLowerCase());
  expect(new URLSearchParams(lowerCaseEscapes).toString()).toBe(new URLSearchParams(EXAMPLE.body).toString());
  expect(refusalOf(HEADERS, { body: lowerCaseEscapes })).toBe('wrong signature');
});

test('the signature covers the bytes received, also those that are not UTF-8', () => {
  const body = Buffer.from([0x74, 0x3d, 0xff, 0xfe, 0x00, 0xc3]);
  const headers = signSlack(body, EXAMPLE.secret, EXAMPLE.timestamp);
  expect(refusalOf(headers, { body })).toBeUndefined();
  // Decoded to text, both bodies are the same: t=\ufffd\ufffd\u0000\ufffd.
  expect(refusalOf(headers, { body: Buffer.from([0x74, 0x3d, 0xfe, 0xff, 0x00, 0xc3]) })).toBe('wrong signature');
});
