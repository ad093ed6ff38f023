/** The adapter for GitHub's secret scanning alerts. Its lists of keys: `github-key-lists.test.ts`. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { github } from '../../../../lib/webhooks/inbound/adapters/github.ts';
import { readBy, refusalBy, requestOf } from './request.ts';

/**
 * Source: GitHub Docs, "Secret scanning partner program", the sample request; its key is in GitHub's published list.
 */
const SAMPLE = {
  key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAdAjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==',
  headers: {
    'github-public-key-identifier': 'bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c',
    'github-public-key-signature':
      'MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg==',
  },
  body: '[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]',
};
/** By sha256sum: of `some_token`, of the sample body, of the access key below in upper and lower case, of `[]`. */
const SOME_TOKEN = '9a45520a1213f15016d2d768b5fb3d904492a44ee274b44d4de8803e00fb536a';
const BODY_HASH = '081d6426ede274cf582e232fb9f33488d9cc844895f82647a1c06f6806e09e4d';
const UPPER_HASH = '459e7c9bf7428f9977951fdb9c32e5d320d1ebba435e77c93b70ba279513b0c4';
const LOWER_HASH = '7ddccfc3e23baf04a142c2c74182139117ecfa82697d7a22404ceb4ac1a8a48b';
const EMPTY_LIST_HASH = '4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945';

test('the sample request of the GitHub documentation is verified with any of the keys, and read', async () => {
  const request = requestOf(SAMPLE.body, { headers: SAMPLE.headers });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'pem', type: 'spki' });
  expect(await refusalBy(github, request, [SAMPLE.key])).toBeUndefined();
  expect(await refusalBy(github, request, [other as string, SAMPLE.key])).toBeUndefined();
  expect(await refusalBy(github, request, [other as string])).toBe('wrong signature or unknown key');
  expect(await refusalBy(github, request, [])).toBe('wrong signature or unknown key');
  expect(readBy(github, request)).toEqual({
    deliveryId: BODY_HASH,
    tasks: [
      {
        action: 'revoke-principal',
        type: 'principal.disabled',
        event: 'secret.found',
        identities: [`sha256:${SOME_TOKEN}`],
        reason: 'github secret scanning: some_type',
      },
    ],
  });
});

test.each([
  ['no key identifier', { 'github-public-key-identifier': undefined }, 'missing signature header'],
  ['no signature', { 'github-public-key-signature': undefined }, 'missing signature header'],
  ['an empty signature', { 'github-public-key-signature': '' }, 'missing signature header'],
  ['a malformed key identifier', { 'github-public-key-identifier': 'a/../b' }, 'malformed key identifier'],
  [
    'a key identifier that is too long',
    { 'github-public-key-identifier': 'a'.repeat(129) },
    'malformed key identifier',
  ],
  ['two key identifiers', { 'github-public-key-identifier': 'a, b' }, 'malformed key identifier'],
  ['a signature that is not base64', { 'github-public-key-signature': '%%%' }, 'wrong signature or unknown key'],
  ['a signature that is not DER', { 'github-public-key-signature': 'AAAA' }, 'wrong signature or unknown key'],
])('a request with %s is refused', async (_, headers, refusal) => {
  const request = requestOf(SAMPLE.body, { headers: { ...SAMPLE.headers, ...headers } });
  expect(await refusalBy(github, request, [SAMPLE.key])).toBe(refusal);
});

test('a signature of another body is refused', async () => {
  const request = requestOf(`${SAMPLE.body}\n`, { headers: SAMPLE.headers });
  expect(await refusalBy(github, request, [SAMPLE.key])).toBe('wrong signature or unknown key');
});

const privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

test.each([
  [SAMPLE.key, true],
  ['https://api.github.com/meta/public_keys/secret_scanning', true],
  ['http://127.0.0.1:8080/keys', true],
  ['http://api.github.com/meta/public_keys/secret_scanning', false],
  ['http://127.0.0.1.example.com/', false],
  ['https://user:password@api.github.com/', false],
  ['ftp://api.github.com/', false],
  ['0123456789abcdef0123', false],
  [privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, false],
])('the configured secret %s is valid: %j', (secret, isValid) => {
  const problem = 'must be a P-256 public key as PEM or base64, or the https:// URL of a list of public keys';
  expect(github.secretProblem(secret)).toBe(isValid ? undefined : problem);
});

const read = (body: unknown) => readBy(github, requestOf(body));

test('a leaked access key is used as an identity; of any other secret only the hash is used', () => {
  const matches = [
    { token: 'ABCDEFGHIJ0123456789', type: 'hwc_ak', url: 'https://github.com/a/b' },
    { token: 'abcdefghij0123456789', type: 'hwc_sk', url: '' },
    { token: 'ABCDEFGHIJ0123456789', type: 'hwc_ak', url: 'https://github.com/c/d' },
  ];
  const events = read(matches);
  expect(events).toMatchObject({
    tasks: [
      {
        identities: ['access-key:ABCDEFGHIJ0123456789', `sha256:${UPPER_HASH}`],
        reason: 'github secret scanning: hwc_ak',
      },
      { identities: [`sha256:${LOWER_HASH}`], reason: 'github secret scanning: hwc_sk' },
      { identities: ['access-key:ABCDEFGHIJ0123456789', `sha256:${UPPER_HASH}`] },
    ],
  });
  expect(JSON.stringify(events)).not.toMatch(/abcdefghij0123456789|github\.com/);
});

test('the type of a secret is cut and made printable in the reason', () => {
  const events = read([{ token: 'a', type: `\u0000\n${'é'.repeat(300)}` }]);
  expect(events).toMatchObject({ tasks: [{ reason: `github secret scanning: ? ${'é'.repeat(229)}` }] });
});

test('a match that cannot be read does not stop the others, and its type decides nothing', () => {
  const matches = [{ type: 'SECRET' }, { token: 'some_token' }, 'SECRET', { token: 'some_token', type: ['a'] }];
  const leaked = { identities: [`sha256:${SOME_TOKEN}`], reason: 'github secret scanning: unknown type' };
  expect(read(matches)).toMatchObject({
    tasks: [
      { action: 'unreadable', reason: 'Parameters missing in the request message. token is required.' },
      leaked,
      { action: 'unreadable', reason: 'Invalid parameter. The body must be an array of objects.' },
      leaked,
    ],
  });
  expect(JSON.stringify(read(matches))).not.toContain('SECRET');
});

test('an alert without matches has no tasks', () => {
  expect(read('[]')).toEqual({ deliveryId: EMPTY_LIST_HASH, tasks: [] });
});

test.each([
  ['', 'KMS.0202 The body must be JSON in UTF-8.'],
  ['{"token":"SECRET","type":"a"}', 'KMS.0202 The body must be a JSON array.'],
  ['[{"token":"SECRET","token":"b","type":"a"}]', 'KMS.0202 A key occurs twice.'],
  ['["SECRET"]', 'KMS.0308 The body must be an array of objects.'],
  ['[{"type":"SECRET"}]', 'KMS.0204 token is required.'],
  ['[{"token":"","type":"a"}]', 'KMS.0308 token must be a string, not empty.'],
  ['[{"token":["SECRET"],"type":"a"}]', 'KMS.0308 token must be a string, not empty.'],
  ['[{"type":"a"},{"token":1,"type":"a"}]', 'KMS.0204 token is required.'],
])('the body %j is refused with a text that does not repeat it', (body, refusal) => {
  expect(read(body)).toBe(refusal);
});

test('the signature is verified over the bytes, also when they are not UTF-8', async () => {
  const body = Buffer.from([0xff, 0xfe, 0x00]);
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signature = sign('sha256', body, privateKey).toString('base64');
  const headers = { 'github-public-key-identifier': 'k', 'github-public-key-signature': signature };
  const request = requestOf('', { headers, body });
  expect(
    await refusalBy(github, request, [publicKey.export({ format: 'pem', type: 'spki' }) as string]),
  ).toBeUndefined();
  expect(readBy(github, request)).toMatch(/^KMS.0202/);
});
