/** A Keystone that is down, hangs or dies is never a reason to let anyone in. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Answer, type Backend, startBackend } from './backend.ts';
import { type Iam, iamOf, type KeystoneUser } from './iam.ts';
import { type Keystone, startKeystone } from './keystone.ts';
import { probe } from './probe.ts';

const SHORT_MEMORY_SECONDS = 2;
const LIMIT_MS = 30_000;
/** A third of what a gateway gives a request. */
const LATE_MS = 10_000;

let keystone: Keystone;
let iam: Iam;
let project: string;
let user: KeystoneUser;
let backend: Backend;
let forgetful: Backend;
const tokens: string[] = [];

beforeAll(async () => {
  keystone = await startKeystone();
  iam = iamOf(keystone);
  project = await iam.addProject();
  user = await iam.addUser(project, 'KMS Administrator');
  backend = await startBackend(keystone, 300);
  forgetful = await startBackend(keystone, SHORT_MEMORY_SECONDS);
});

afterEach(async () => {
  keystone.goOn();
  await keystone.start();
});

afterAll(async () => {
  await backend?.remove();
  await forgetful?.remove();
  await keystone?.remove();
});

async function newToken(): Promise<string> {
  const token = await iam.token(user, { project });
  tokens.push(token);
  return token;
}

/** A token that the backend has seen. */
async function knownToken(to = backend): Promise<string> {
  const token = await newToken();
  expect((await to.kms(token, project, 'list-keys')).status).toBe(200);
  return token;
}

const keysOf = async (token: string): Promise<string[]> => (await backend.kms(token, project, 'list-keys')).body.keys;
const createKey = (token: string, key_alias: string, to = backend) =>
  to.kms(token, project, 'create-key', { key_alias });
const brief = ({ status, body }: Answer) => [status, body.error_code];

test('while Keystone is stopped a token that is remembered goes on, and any other is 502', async () => {
  const known = await knownToken();
  const fresh = await newToken();
  const before = await keysOf(known);
  await keystone.stop();
  expect(brief(await createKey(fresh, 'fresh'))).toEqual([502, 'APIGW.0201']);
  expect(brief(await createKey('garbage', 'garbage'))).toEqual([502, 'APIGW.0201']);
  expect(await keysOf(known)).toEqual(before);
  const made = await createKey(known, 'known');
  expect(made.status).toBe(200);
  expect(await keysOf(known)).toEqual(expect.arrayContaining([made.body.key_info.key_id]));
  expect(await keysOf(known)).toHaveLength(before.length + 1);
});

test('while Keystone is stopped a token is 502 when the time is over for which it was remembered', async () => {
  const token = await newToken();
  const first = await forgetful.kms(token, project, 'list-keys');
  expect(first.status).toBe(200);
  await keystone.stop();
  const ask = () => forgetful.kms(token, project, 'list-keys');
  const answers = await probe(ask, ({ status }) => status !== 200, LIMIT_MS);
  const last = answers.pop() as Answer;
  expect(brief(last)).toEqual([502, 'APIGW.0201']);
  const forgottenAtMs = first.answeredAtMs + SHORT_MEMORY_SECONDS * 1000;
  for (const { askedAtMs } of answers) expect(askedAtMs).toBeLessThan(forgottenAtMs);
  expect(brief(await createKey(token, 'forgotten', forgetful))).toEqual([502, 'APIGW.0201']);
});

test('when Keystone is there again, new tokens are good and bad ones refused without a restart here', async () => {
  const early = await newToken();
  await keystone.stop();
  expect((await createKey(early, 'early')).status).toBe(502);
  await keystone.start();
  expect((await createKey(early, 'again')).status).toBe(200);
  expect((await createKey(await newToken(), 'new')).status).toBe(200);
  expect(brief(await createKey('garbage', 'none'))).toEqual([401, 'APIGW.0301']);
});

test('while Keystone hangs, new tokens are 504 in good time, and those that are remembered go on', async () => {
  const known = await knownToken();
  const fresh = await newToken();
  const before = await keysOf(known);
  keystone.hang();
  const refused = await Promise.all(Array.from({ length: 20 }, (_, index) => createKey(fresh, `hung-${index}`)));
  for (const answer of refused) {
    expect(brief(answer)).toEqual([504, 'APIGW.0201']);
    expect(answer.answeredAtMs - answer.askedAtMs).toBeLessThan(LATE_MS);
  }
  expect(await keysOf(known)).toEqual(before);
  keystone.goOn();
  expect((await createKey(fresh, 'awake')).status).toBe(200);
});

test('a Keystone that dies with the question under way lets nobody in', async () => {
  const known = await knownToken();
  const fresh = await newToken();
  const before = await keysOf(known);
  keystone.hang();
  const underWay = createKey(fresh, 'dying');
  await keystone.stop();
  expect(brief(await underWay)).toEqual([502, 'APIGW.0201']);
  expect(await keysOf(known)).toEqual(before);
});

test('a token that was revoked while Keystone could not be asked is refused afterwards', async () => {
  const token = await newToken();
  keystone.hang();
  expect((await createKey(token, 'hung')).status).toBe(504);
  keystone.goOn();
  await iam.revoke(token);
  expect(brief(await createKey(token, 'revoked'))).toEqual([401, 'APIGW.0301']);
});

test('no token is in the log', () => {
  expect(tokens.length).toBeGreaterThan(5);
  for (const { output } of [backend, forgetful]) {
    expect(output()).toMatch(/"status":502/);
    for (const token of tokens) expect(output()).not.toContain(token);
  }
});
