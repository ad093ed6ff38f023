/**
 * Key lists in the form that GitHub documents, from a local server.
 * Also tests: lib/webhooks/inbound/key-lists.ts.
 */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SignatureError } from '../../../lib/signing/signed-request.ts';
import { github } from '../../../lib/webhooks/inbound/adapters/github.ts';
import { gitHubKeyLists } from '../../../lib/webhooks/inbound/github-key-lists.ts';
import { refusalBy, requestOf } from './adapters/request.ts';

const LIST_UNAVAILABLE = expect.objectContaining({ name: 'SignatureError', message: 'the key list cannot be fetched' });
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const pemOf = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'pem', type: 'spki' });
const entry = (key_identifier: string, key: unknown = pemOf()) => ({ key_identifier, key, is_current: true });
const listOf = (...public_keys: unknown[]) => JSON.stringify({ public_keys });

let userAgents: (string | undefined)[] = [];
let respond: (response: ServerResponse) => void;
const server = createServer((request, response) => {
  userAgents.push(request.headers['user-agent']);
  respond(response);
});
let url = '';

beforeEach(async () => {
  userAgents = [];
  respond = (response) => response.end(listOf(entry('k1')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/meta/public_keys/secret_scanning`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

test('a list is requested with a User-Agent, and a cached key is used for an hour without another request', async () => {
  const publicKeyOf = gitHubKeyLists();
  for (const nowMs of [0, 1, MINUTE, HOUR - 1]) expect(await publicKeyOf(url, 'k1', nowMs)).toBeDefined();
  expect(userAgents).toEqual(['kms-grants']);
});

test('unknown key identifiers cause at most one request a minute', async () => {
  const publicKeyOf = gitHubKeyLists();
  const lookups = Array.from({ length: 50 }, (_, index) => publicKeyOf(url, `unknown-${index}`, index));
  expect(await Promise.all(lookups)).toEqual(Array(50).fill(undefined));
  expect(await publicKeyOf(url, 'unknown', MINUTE - 1)).toBeUndefined();
  expect(userAgents).toHaveLength(1);
  expect(await publicKeyOf(url, 'unknown', MINUTE)).toBeUndefined();
  expect(userAgents).toHaveLength(2);
});

test('a lookup during a request waits for its response', async () => {
  const publicKeyOf = gitHubKeyLists();
  const keys = await Promise.all([publicKeyOf(url, 'k1', 0), publicKeyOf(url, 'k1', 0)]);
  expect(keys.map((key) => key?.asymmetricKeyType)).toEqual(['ec', 'ec']);
  expect(userAgents).toHaveLength(1);
});

test('a key that GitHub withdraws is rejected after an hour', async () => {
  const publicKeyOf = gitHubKeyLists();
  expect(await publicKeyOf(url, 'k1', 0)).toBeDefined();
  respond = (response) => response.end(listOf(entry('k2')));
  expect(await publicKeyOf(url, 'k1', HOUR - 1)).toBeDefined();
  expect(await publicKeyOf(url, 'k1', HOUR)).toBeUndefined();
  expect(await publicKeyOf(url, 'k2', HOUR)).toBeDefined();
});

test('after the clock was set back, the list of keys is requested again', async () => {
  const publicKeyOf = gitHubKeyLists();
  expect(await publicKeyOf(url, 'k2', 10 * HOUR)).toBeUndefined();
  respond = (response) => response.end(listOf(entry('k2')));
  expect(await publicKeyOf(url, 'k2', HOUR)).toBeDefined();
});

test('when the list cannot be fetched, cached keys stay valid and other lookups throw', async () => {
  const publicKeyOf = gitHubKeyLists();
  expect(await publicKeyOf(url, 'k1', 0)).toBeDefined();
  respond = (response) => response.writeHead(500).end(listOf(entry('k2')));
  expect(await publicKeyOf(url, 'k1', 2 * HOUR)).toBeDefined();
  await expect(publicKeyOf(url, 'k2', 3 * HOUR)).rejects.toEqual(LIST_UNAVAILABLE);
});

test.each([
  ['a body that is not JSON', 'keys'],
  ['another form', '{"keys":[]}'],
  ['strings instead of keys', listOf('k1')],
  ['an entry without a key', JSON.stringify({ public_keys: [{ key_identifier: 'k1' }] })],
  ['too many keys', listOf(...Array(101).fill(entry('k1', 'x')))],
])('a response with %s counts as unavailable', async (_, text) => {
  respond = (response) => response.end(text);
  await expect(gitHubKeyLists()(url, 'k1', 0)).rejects.toEqual(LIST_UNAVAILABLE);
});

test('a redirect of the list is not followed', async () => {
  respond = (response) => response.writeHead(302, { location: url }).end();
  await expect(gitHubKeyLists()(url, 'k1', 0)).rejects.toThrow(SignatureError);
  expect(userAgents).toHaveLength(1);
});

test('keys of another type in a list are ignored', async () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'pem', type: 'spki' });
  respond = (response) => response.end(listOf(entry('k0', 'no key'), entry('rsa', rsa), entry('k1')));
  const publicKeyOf = gitHubKeyLists();
  expect(await publicKeyOf(url, 'rsa', 0)).toBeUndefined();
  expect(await publicKeyOf(url, 'k0', 0)).toBeUndefined();
  expect(await publicKeyOf(url, 'k1', 0)).toBeDefined();
});

/** Source: GitHub Docs, "Secret scanning partner program", the sample request and its key. */
const IDENTIFIER = 'bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c';
const PEM =
  '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\nAjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==\n-----END PUBLIC KEY-----\n';
const BODY = '[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]';
const SIGNATURE = 'MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg==';

test('the sample request of the GitHub documentation is verified with the key of its identifier only', async () => {
  respond = (response) => response.end(listOf(entry('k1'), entry(IDENTIFIER, PEM)));
  const refusal = (identifier: string) => {
    const headers = { 'github-public-key-identifier': identifier, 'github-public-key-signature': SIGNATURE };
    return refusalBy(github, requestOf(BODY, { headers }), [url], 0);
  };
  expect(await refusal(IDENTIFIER)).toBeUndefined();
  for (const other of ['k1', 'k2']) expect(await refusal(other)).toBe('wrong signature or unknown key');
  expect(userAgents).toHaveLength(1);
});

test('a configured key verifies a signature even if the list before it cannot be fetched', async () => {
  respond = (response) => response.writeHead(503).end();
  const headers = { 'github-public-key-identifier': IDENTIFIER, 'github-public-key-signature': SIGNATURE };
  expect(await refusalBy(github, requestOf(BODY, { headers }), [url, PEM], 0)).toBeUndefined();
  expect(await refusalBy(github, requestOf(BODY, { headers }), [`${url}/2`], 0)).toBe('the key list cannot be fetched');
});
