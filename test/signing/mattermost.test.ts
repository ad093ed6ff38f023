import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { type PressContext, signPress, verifyPress } from '../../lib/signing/mattermost.ts';
import { SignatureError } from '../../lib/signing/signed-request.ts';

const SECRET = 'a press secret of 32 characters.';
const NOW = 1_795_000_000_000;
const CONTEXT: PressContext = {
  request_id: '0123456789abcdef0123456789abcdef',
  button: 'confirm',
  channel_id: 'channel1',
  team_id: 'team1',
  audience: 'asker',
  expires_at_ms: NOW + 1,
  reply_url: 'https://chat.example.com/hooks/commands/abc',
  reply_url_expires_at_ms: NOW + 1,
};
const signed = signPress(CONTEXT, 'chat', SECRET);

test('the signature is the HMAC-SHA-256 of the source and all fields', () => {
  const text = JSON.stringify(['mattermost press', 'chat', ...Object.values(CONTEXT)]);
  expect(signed.signature).toBe(createHmac('sha256', SECRET).update(text).digest('hex'));
  expect(verifyPress(signed, 'chat', SECRET, NOW)).toMatchObject(CONTEXT);
});

test.each([
  ...Object.keys(CONTEXT).map((name) => [`another ${name}`, { ...signed, [name]: 'other' }] as const),
  ...Object.keys(CONTEXT).map((name) => [`no ${name}`, { ...signed, [name]: undefined }] as const),
  ['a number as text', { ...signed, expires_at_ms: String(signed.expires_at_ms) }],
  ['no signature', { ...signed, signature: undefined }],
  ['an empty signature', { ...signed, signature: '' }],
  ['a list as signature', { ...signed, signature: [signed.signature] }],
])('a context with %s is refused', (_, context) => {
  expect(() => verifyPress(context, 'chat', SECRET, NOW)).toThrow(SignatureError);
});

test('a context is refused for another source, with another secret, and from its expiry on', () => {
  expect(() => verifyPress(signed, 'other', SECRET, NOW)).toThrow(SignatureError);
  expect(() => verifyPress(signed, 'chat', `${SECRET} `, NOW)).toThrow(SignatureError);
  expect(() => verifyPress(signed, 'chat', SECRET, NOW + 1)).toThrow('expired');
});
