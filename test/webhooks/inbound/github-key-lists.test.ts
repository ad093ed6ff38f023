/** Lists of keys in GitHub's documented form, served by a server of this machine. The clock is handed in. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SignatureError } from '../../../lib/signing/signed-request.ts';
import { github } from '../../../lib/webhooks/inbound/adapters/github.ts';
import { cachedKeyLists } from '../../../lib/webhooks/inbound/github-key-lists.ts';
import { refusalBy, requestOf } from './adapters/request.ts';

const NO_LIST = expect.objectContaining({ name: 'SignatureError', message: 'the key list cannot be fetched' });
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const pemOf = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'pem', type: 'spki' });
const entry = (key_identifier: string, key: unknown = pemOf()) => ({ key_identifier, key, is_current: true });
const listOf = (...public_keys: unknown[]) => JSON.stringify({ public_keys });

let asked: (string | undefined)[] = [];
let answer: (response: ServerResponse) => void;
const server = createServer((request, response) => {
  asked.push(request.headers['user-agent']);
  answer(response);
});
let url = '';

beforeEach(async () => {
  asked = [];
  answer = (response) => response.end(listOf(entry('k1')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/meta/public_keys/secret_scanning`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

test('GitHub asks for a User-Agent, and a known key is not asked for again within the hour', async () => {
  const keyIn = cachedKeyLists();
  for (const nowMs of [0, 1, MINUTE, HOUR - 1]) expect(await keyIn(url, 'k1', nowMs)).toBeDefined();
  expect(asked).toEqual(['kms-grants']);
});

test('unknown identifiers cause one question a minute, however many there are', async () => {
  const keyIn = cachedKeyLists();
  const many = Array.from({ length: 50 }, (_, index) => keyIn(url, `unknown-${index}`, index));
  expect(await Promise.all(many)).toEqual(Array(50).fill(undefined));
  expect(await keyIn(url, 'unknown', MINUTE - 1)).toBeUndefined();
  expect(asked).toHaveLength(1);
  expect(await keyIn(url, 'unknown', MINUTE)).toBeUndefined();
  expect(asked).toHaveLength(2);
});

test('who comes while the list is on its way gets its key', async () => {
  const keyIn = cachedKeyLists();
  const both = await Promise.all([keyIn(url, 'k1', 0), keyIn(url, 'k1', 0)]);
  expect(both.map((key) => key?.asymmetricKeyType)).toEqual(['ec', 'ec']);
  expect(asked).toHaveLength(1);
});

test('a new key is there a minute later, and one that was taken back is gone after an hour', async () => {
  const keyIn = cachedKeyLists();
  expect(await keyIn(url, 'k1', 0)).toBeDefined();
  answer = (response) => response.end(listOf(entry('k2')));
  expect(await keyIn(url, 'k1', HOUR - 1)).toBeDefined();
  expect(await keyIn(url, 'k1', HOUR)).toBeUndefined();
  expect(await keyIn(url, 'k2', HOUR)).toBeDefined();
});

test('a clock that was put back does not stop the asking', async () => {
  const keyIn = cachedKeyLists();
  expect(await keyIn(url, 'k2', 10 * HOUR)).toBeUndefined();
  answer = (response) => response.end(listOf(entry('k2')));
  expect(await keyIn(url, 'k2', HOUR)).toBeDefined();
});

test('where there is no list, what was kept goes on, and what was not is refused', async () => {
  const keyIn = cachedKeyLists();
  expect(await keyIn(url, 'k1', 0)).toBeDefined();
  answer = (response) => response.writeHead(500).end(listOf(entry('k2')));
  expect(await keyIn(url, 'k1', 2 * HOUR)).toBeDefined();
  await expect(keyIn(url, 'k2', 3 * HOUR)).rejects.toEqual(NO_LIST);
});

test.each([
  ['no JSON', 'keys'],
  ['another form', '{"keys":[]}'],
  ['a list of texts', listOf('k1')],
  ['no key', JSON.stringify({ public_keys: [{ key_identifier: 'k1' }] })],
  ['too many keys', listOf(...Array(101).fill(entry('k1', 'x')))],
])('an answer with %s is none', async (_, text) => {
  answer = (response) => response.end(text);
  await expect(cachedKeyLists()(url, 'k1', 0)).rejects.toEqual(NO_LIST);
});

test('a redirect is not followed', async () => {
  answer = (response) => response.writeHead(302, { location: url }).end();
  await expect(cachedKeyLists()(url, 'k1', 0)).rejects.toThrow(SignatureError);
  expect(asked).toHaveLength(1);
});

test('a key of another kind is left out, the others stay', async () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'pem', type: 'spki' });
  answer = (response) => response.end(listOf(entry('k0', 'no key'), entry('rsa', rsa), entry('k1')));
  const keyIn = cachedKeyLists();
  expect(await keyIn(url, 'rsa', 0)).toBeUndefined();
  expect(await keyIn(url, 'k0', 0)).toBeUndefined();
  expect(await keyIn(url, 'k1', 0)).toBeDefined();
});

/** Of GitHub Docs, "Secret scanning partner program"; the keys as GitHub publishes them. */
const IDENTIFIER = 'bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c';
const PEM =
  '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\nAjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==\n-----END PUBLIC KEY-----\n';
const BODY = '[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]';
const SIGNATURE = 'MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg==';

test('the published sample is good under the key of its identifier, and of no other', async () => {
  answer = (response) => response.end(listOf(entry('k1'), entry(IDENTIFIER, PEM)));
  const refusal = (identifier: string) => {
    const headers = { 'github-public-key-identifier': identifier, 'github-public-key-signature': SIGNATURE };
    return refusalBy(github, requestOf(BODY, { headers }), [url], 0);
  };
  expect(await refusal(IDENTIFIER)).toBeUndefined();
  for (const other of ['k1', 'k2']) expect(await refusal(other)).toBe('wrong signature or unknown key');
  expect(asked).toHaveLength(1);
});

test('a list that cannot be had does not hide a key of the settings after it', async () => {
  answer = (response) => response.writeHead(503).end();
  const headers = { 'github-public-key-identifier': IDENTIFIER, 'github-public-key-signature': SIGNATURE };
  expect(await refusalBy(github, requestOf(BODY, { headers }), [url, PEM], 0)).toBeUndefined();
  expect(await refusalBy(github, requestOf(BODY, { headers }), [`${url}/2`], 0)).toBe('the key list cannot be fetched');
});
