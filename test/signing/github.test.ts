/**
 * The known signatures are from GitHub Docs, "Secret scanning partner program", and from the Python Package Index
 * (warehouse, `tests/unit/integration/github/test_utils.py`), which uses the older of GitHub's two published keys.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { isSignedWith, parsePublicKey } from '../../lib/signing/github.ts';
import { randomFrom } from './random.ts';

const KNOWN = [
  {
    from: 'GitHub Docs',
    key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\nAjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==',
    signature: 'MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg==',
    body: '[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]',
  },
  {
    from: 'the Python Package Index',
    key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq\nkCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==',
    signature: 'MEQCIAfgjgz6Ou/3DXMYZBervz1TKCHFsvwMcbuJhNZse622AiAG86/cku2XdcmFWNHl2WSJi2fkE8t+auvB24eURaOd2A==',
    body: '[{"type":"github_oauth_token","token":"cb4985f91f740272c0234202299f43808034d7f5","url":" https://github.com/github/faketestrepo/blob/b0dd59c0b500650cacd4551ca5989a6194001b10/production.env"}]',
  },
];
const pem = (base64: string) => `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`;

test.each(KNOWN)('the known signature of $from verifies its bytes and no others', ({ key, signature, body }) => {
  for (const text of [pem(key), pem(key).trim(), key, key.replace('\n', '')]) {
    const parsed = parsePublicKey(text);
    if (!parsed) throw new Error('the public key was not parsed');
    expect(isSignedWith(parsed, Buffer.from(body), signature)).toBe(true);
    expect(isSignedWith(parsed, Buffer.from(`${body} `), signature)).toBe(false);
    expect(isSignedWith(parsed, Buffer.from(body.replace('token', 'Token')), signature)).toBe(false);
  }
});

test('a signature does not verify under another public key', () => {
  const [first, second] = KNOWN as [(typeof KNOWN)[0], (typeof KNOWN)[0]];
  const key = parsePublicKey(pem(first.key));
  expect(key && isSignedWith(key, Buffer.from(second.body), second.signature)).toBe(false);
});

test('signatures of 300 random bodies by Node verify, but not for a body with one flipped bit', () => {
  const { below } = randomFrom(256);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = parsePublicKey(publicKey.export({ format: 'pem', type: 'spki' }) as string);
  for (let round = 0; round < 300; round += 1) {
    const body = Buffer.from(Array.from({ length: 1 + below(80) }, () => below(256)));
    const signature = sign('sha256', body, privateKey).toString('base64');
    expect(key && isSignedWith(key, body, signature)).toBe(true);
    const at = below(body.length);
    body[at] = (body[at] as number) ^ (1 << below(8));
    expect(key && isSignedWith(key, body, signature)).toBe(false);
  }
});

test.each(['', ' ', 'AAAA', '%%%', 'MEQCIQ==', 'a'.repeat(10_000), 'é', KNOWN[0]?.signature.replace('ME', 'MF') ?? ''])(
  'the malformed signature %j does not verify, and nothing is thrown',
  (signature) => {
    const key = parsePublicKey(KNOWN[0]?.key ?? '');
    expect(key && isSignedWith(key, Buffer.from(KNOWN[0]?.body ?? ''), signature)).toBe(false);
  },
);

const pairOf = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });

test.each([
  ['an empty text', ''],
  ['a word', 'secret'],
  ['base64 that is no key', 'AAAAAAAAAAAAAAAA'],
  ['a private key', pairOf('P-256').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string],
  ['a key on another curve', pairOf('P-384').publicKey.export({ format: 'pem', type: 'spki' }) as string],
  ['an Ed25519 key', generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }) as string],
  ['a truncated PEM', pem(KNOWN[0]?.key ?? '').slice(0, 100)],
])('parsePublicKey refuses %s', (_, text) => {
  expect(parsePublicKey(text)).toBeUndefined();
});
