/** A Keystone that is stopped, suspended or killed: no token is accepted without a validation. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Answer, type Backend, startBackend } from './backend.ts';
import { type Iam, iamOf, type KeystoneUser } from './iam.ts';
import { type Keystone, startKeystone } from './keystone.ts';
import { probe } from './probe.ts';

const SHORT_CACHE_SECONDS = 2;
const LIMIT_MS = 30_000;
/** A third of the time that API Gateway allows for a request. */
const LATE_MS = 10_000;

let keystone: Keystone;
let iam: Iam;
let project: string;
let user: KeystoneUser;
let backend: Backend;
let shortCacheBackend: Backend;
const tokens: string[] = [];

beforeAll(async () => {
  keystone = await startKeystone();
  iam = iamOf(keystone);
  project = await iam.addProject();
  user = await iam.addUser(project, 'KMS Administrator');
  backend = await startBackend(keystone, 300);
  shortCacheBackend = await startBackend(keystone, SHORT_CACHE_SECONDS);
});

afterEach(async () => {
  keystone.resume();
  await keystone.start();
});

afterAll(async () => {
  await backend?.remove();
  await shortCacheBackend?.remove();
  await keystone?.remove();
});

async function newToken(): Promise<string> {
  const token = await iam.token(user, { project });
  tokens.push(token);
  return token;
}

/** Returns a new token that the backend has cached. */
async function cachedToken(to = backend): Promise<string> {
  const token = await newToken();
  expect((await to.kms(token, project, 'list-keys')).status).toBe(200);
  return token;
}

const keysOf = async (token: string): Promise<string[]> => (await backend.kms(token, project, 'list-keys')).body.keys;
const createKey = (token: string, key_alias: string, to = backend) =>
  to.kms(token, project, 'create-key', { key_alias });
const statusAndCode = ({ status, body }: Answer) => [status, body.error_code];

test('while Keystone is stopped, a cached token is accepted and any other token is 502', async () => {
  const cached = await cachedToken();
  const uncached = await newToken();
  const before = await keysOf(cached);
  await keystone.stop();
  expect(statusAndCode(await createKey(uncached, 'uncached'))).toEqual([502, 'APIGW.0201']);
  expect(statusAndCode(await createKey('garbage', 'garbage'))).toEqual([502, 'APIGW.0201']);
  expect(await keysOf(cached)).toEqual(before);
  const created = await createKey(cached, 'cached');
  expect(created.status).toBe(200);
  expect(await keysOf(cached)).toEqual(expect.arrayContaining([created.body.key_info.key_id]));
  expect(await keysOf(cached)).toHaveLength(before.length + 1);
});

test('while Keystone is stopped, a token is 502 once its cache time is over', async () => {
  const token = await newToken();
  const first = await shortCacheBackend.kms(token, project, 'list-keys');
  expect(first.status).toBe(200);
  await keystone.stop();
  const send = () => shortCacheBackend.kms(token, project, 'list-keys');
  const answers = await probe(send, ({ status }) => status !== 200, LIMIT_MS);
  const last = answers.pop() as Answer;
  expect(statusAndCode(last)).toEqual([502, 'APIGW.0201']);
  const cachedUntilMs = first.receivedAtMs + SHORT_CACHE_SECONDS * 1000;
  for (const { sentAtMs } of answers) expect(sentAtMs).toBeLessThan(cachedUntilMs);
  expect(statusAndCode(await createKey(token, 'forgotten', shortCacheBackend))).toEqual([502, 'APIGW.0201']);
});

test('after a restart of Keystone, valid tokens are accepted and invalid ones refused, without a restart of the service', async () => {
  const early = await newToken();
  await keystone.stop();
  expect((await createKey(early, 'early')).status).toBe(502);
  await keystone.start();
  expect((await createKey(early, 'again')).status).toBe(200);
  expect((await createKey(await newToken(), 'new')).status).toBe(200);
  expect(statusAndCode(await createKey('garbage', 'none'))).toEqual([401, 'APIGW.0301']);
});

test('while Keystone does not respond, a new token is 504 within 10 s and a cached token is accepted', async () => {
  const cached = await cachedToken();
  const uncached = await newToken();
  const before = await keysOf(cached);
  keystone.suspend();
  const refused = await Promise.all(Array.from({ length: 20 }, (_, index) => createKey(uncached, `hung-${index}`)));
  for (const answer of refused) {
    expect(statusAndCode(answer)).toEqual([504, 'APIGW.0201']);
    expect(answer.receivedAtMs - answer.sentAtMs).toBeLessThan(LATE_MS);
  }
  expect(await keysOf(cached)).toEqual(before);
  keystone.resume();
  expect((await createKey(uncached, 'awake')).status).toBe(200);
});

test('a token is 502 if Keystone is killed during its validation', async () => {
  const cached = await cachedToken();
  const uncached = await newToken();
  const before = await keysOf(cached);
  keystone.suspend();
  const pending = createKey(uncached, 'dying');
  await keystone.stop();
  expect(statusAndCode(await pending)).toEqual([502, 'APIGW.0201']);
  expect(await keysOf(cached)).toEqual(before);
});

test('a token that is revoked after a validation without a response is refused afterwards', async () => {
  const token = await newToken();
  keystone.suspend();
  expect((await createKey(token, 'hung')).status).toBe(504);
  keystone.resume();
  await iam.revoke(token);
  expect(statusAndCode(await createKey(token, 'revoked'))).toEqual([401, 'APIGW.0301']);
});

test('the log contains no token', () => {
  expect(tokens.length).toBeGreaterThan(5);
  for (const { output } of [backend, shortCacheBackend]) {
    expect(output()).toMatch(/"status":502/);
    for (const token of tokens) expect(output()).not.toContain(token);
  }
});
