/**
 * What Feishu sends is verified. The form of the events is that of Feishu's documentation: "Receive message", "Request
 * URL configuration".
 */
import { expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { feishuReceiver, refusalOf } from '../../support/chat/feishu-receiver.ts';
import { APP, requestOf, signed } from '../../support/chat/feishu-requests.ts';
import { ANN, feishuSource, GROUP } from '../../support/chat/feishu-source.ts';

const NOW_MS = 1_795_329_234_567;
const { feishu, platform, receive, read } = feishuReceiver(NOW_MS);

const NOT_SIGNED = 'not signed and encrypted with an Encrypt Key of this source';
const UNSIGNED_HEADERS = {
  'x-lark-request-timestamp': undefined,
  'x-lark-request-nonce': undefined,
  'x-lark-signature': undefined,
};
const unsigned = (content: object, encryptKey?: string) =>
  feishu.requestOf(content, { headers: UNSIGNED_HEADERS, ...(encryptKey !== undefined && { encryptKey }) });

const typed = feishu.message(ANN, 'list orders', { chatId: GROUP });
const header = (changes: object) => ({ ...typed, header: { ...typed.header, ...changes } });

test.each([
  ['of another app', header({ app_id: 'cli_other' }), 'the app is not `app_id`'],
  ['with another token', header({ token: 'x'.repeat(32) }), 'the token is not `verification_token`'],
  ['without a token', header({ token: undefined }), 'the token is not `verification_token`'],
  ['of another organisation', header({ tenant_key: 'foreign' }), 'the organisation is not one of `tenants`'],
  ['without an organisation', header({ tenant_key: undefined }), 'the organisation is not one of `tenants`'],
  ['without an id', header({ event_id: undefined }), 'the event has no type or no id'],
  [
    'of schema 1.0',
    { ts: '1', uuid: 'x', token: APP.verificationToken, type: 'event_callback', event: {} },
    'not an event of schema 2.0',
  ],
  ['of a press in the old form', { open_id: ANN, action: { value: {} }, token: 'c-1' }, 'not an event of schema 2.0'],
])('an event %s is refused', (_, event, refusal) => {
  expect(refusalOf(() => read(event))).toBe(refusal);
});

test.each([
  ['the signature', 'x-lark-signature', 'X-Lark-Signature'],
  ['the timestamp', 'x-lark-request-timestamp', 'X-Lark-Request-Timestamp'],
  ['the nonce', 'x-lark-request-nonce', 'X-Lark-Request-Nonce'],
])('a message without %s is refused', (_, name, shown) => {
  const request = feishu.requestOf(typed, { headers: { [name]: undefined } });
  expect(refusalOf(() => receive(request))).toBe(`${shown} is missing or malformed`);
});

test('a message is refused that is unsigned, signed with another key, stale, from the future, or written again', () => {
  expect(refusalOf(() => receive(unsigned(typed)))).toBe('only url_verification may come without a signature');
  expect(refusalOf(() => receive(feishu.requestOf(typed, { encryptKey: 'another-encrypt-key' })))).toBe(NOT_SIGNED);
  for (const ms of [-301_000, 301_000]) {
    const request = feishu.requestOf(typed, { nowMs: NOW_MS + ms });
    expect(refusalOf(() => receive(request))).toBe('X-Lark-Request-Timestamp is more than 5 minutes off');
  }
  const request = feishu.requestOf(typed);
  const body = Buffer.from(JSON.stringify(JSON.parse(Buffer.from(request.body).toString()), undefined, 1));
  expect(refusalOf(() => receive({ ...request, body }))).toBe(NOT_SIGNED);
});

test('a signed message that is not encrypted is refused, and so is one with an event beside `encrypt`', () => {
  const at = { nowMs: NOW_MS };
  expect(refusalOf(() => receive(signed(JSON.stringify(typed), at)))).toBe(NOT_SIGNED);
  const encrypted = JSON.parse(Buffer.from(feishu.requestOf({ schema: '2.0' }).body).toString());
  const mixed = signed(JSON.stringify({ ...typed, ...encrypted }), at);
  expect(refusalOf(() => receive(mixed))).toBe('not an event of schema 2.0');
  for (const body of ['', 'not JSON', '[]', '{"encrypt":7}', '{"encrypt":"!"}', '{}']) {
    expect(refusalOf(() => receive(signed(body, at)))).toBe(NOT_SIGNED);
  }
});

test('a decrypted text that is no JSON object is refused', () => {
  for (const text of ['', 'hello world', '[]', 'null', '7']) {
    const request = requestOf(text, { nowMs: NOW_MS });
    expect(refusalOf(() => receive(request))).toBe('the decrypted text is not a JSON object');
  }
});

test('messages with any of several Encrypt Keys are read', () => {
  const keys = ['the-encrypt-key-of-last-year', APP.encryptKey];
  for (const encryptKey of keys) {
    expect(receive(feishu.requestOf(typed, { encryptKey }), {}, keys).incoming.type).toBe('command');
    const check = { type: 'url_verification', token: APP.verificationToken, challenge: 'c' };
    expect(receive(unsigned(check, encryptKey), {}, keys).incoming.type).toBe('handshake');
  }
});

const check = { type: 'url_verification', token: APP.verificationToken, challenge: 'ajls384kdjx98XX' };

test('the check of the URL gets its challenge back, signed or not', () => {
  const answer = { deliveryId: undefined, incoming: { type: 'handshake', reply: { challenge: 'ajls384kdjx98XX' } } };
  expect(receive(unsigned(check))).toEqual(answer);
  expect(receive(feishu.requestOf(check))).toEqual(answer);
});

test.each([
  ['with another key', unsigned(check, 'another-encrypt-key'), NOT_SIGNED],
  ['that is not encrypted', { ...unsigned(check), body: Buffer.from(JSON.stringify(check)) }, NOT_SIGNED],
  ['with another token', unsigned({ ...check, token: 'x'.repeat(32) }), 'the token is not `verification_token`'],
  ['without a token', unsigned({ ...check, token: undefined }), 'the token is not `verification_token`'],
  ['with a challenge that is no text', unsigned({ ...check, challenge: {} }), 'the challenge is malformed'],
  ['with an endless challenge', unsigned({ ...check, challenge: 'x'.repeat(1_001) }), 'the challenge is malformed'],
])('a check of the URL %s is refused', (_, request, refusal) => {
  expect(refusalOf(() => receive(request))).toBe(refusal);
});

test('an Encrypt Key has at least 16 characters', () => {
  expect(platform.secretProblem(APP.encryptKey)).toBeUndefined();
  expect(platform.secretProblem('short')).toBeDefined();
});

test.each([
  ['app_id', 'a5fb0ae6', 'must be an App ID'],
  ['app_secret', 'the-secret-itself', 'must refer to the App Secret'],
  ['verification_token', '', 'must be the Verification Token'],
  ['tenants', [], 'must not be empty'],
  ['tenants', undefined, 'is missing: must be a list'],
  ['tenants', ['a b'], 'must be the tenant_key'],
  ['channels', ['oc'], 'must be the id of a chat'],
  ['host', 'open.feishu.cn', 'must be feishu or lark'],
])('the setting %s may not be %j', (name, value, problem) => {
  const schema = z.object(platform.settings);
  const settings = { ...feishuSource().settings, app_secret: 'file:/run/secrets/feishu' };
  expect(z.safeParse(schema, settings).success).toBe(true);
  expect(z.safeParse(schema, { ...settings, channels: [GROUP], host: 'lark' }).success).toBe(true);
  const { error } = z.safeParse(schema, { ...settings, [name]: value });
  expect(error?.issues[0]?.message).toContain(problem);
});
