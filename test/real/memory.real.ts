/** The token cache with a real Keystone: how long a token is accepted that has expired or was revoked. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answer, type Backend, startBackend } from './backend.ts';
import { type Iam, iamOf, type KeystoneUser } from './iam.ts';
import { type Keystone, startKeystone } from './keystone.ts';
import { probe } from './probe.ts';

/** Long enough that a token does not expire before a busy machine uses it. */
const TOKEN_SECONDS = 10;
const SHORT_CACHE_SECONDS = 2;
const LONG_CACHE_SECONDS = 300;
const LIMIT_MS = 30_000;

interface Fixture {
  keystone: Keystone;
  iam: Iam;
  project: string;
  user: KeystoneUser;
  reader: KeystoneUser;
  backend: Backend;
  /** Caches tokens for the time given to `startFixture`; `backend` for LONG_CACHE_SECONDS. */
  otherBackend: Backend;
}

async function startFixture(tokenSeconds: number, otherCacheSeconds: number): Promise<Fixture> {
  const keystone = await startKeystone({ tokenSeconds });
  const iam = iamOf(keystone);
  const project = await iam.addProject();
  return {
    keystone,
    iam,
    project,
    user: await iam.addUser(project, 'KMS Administrator'),
    reader: await iam.addUser(project, 'KMS CMKReadOnlyAccess'),
    backend: await startBackend(keystone, LONG_CACHE_SECONDS),
    otherBackend: await startBackend(keystone, otherCacheSeconds),
  };
}

async function removeFixture(fixture: Fixture | undefined): Promise<void> {
  await fixture?.backend.remove();
  await fixture?.otherBackend.remove();
  await fixture?.keystone.remove();
}

const isRefused = ({ status }: Answer) => status === 401;
const statuses = (answers: readonly Answer[]) => [...new Set(answers.map(({ status }) => status))];

describe('with tokens of ten seconds', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture(TOKEN_SECONDS, 0);
  });
  afterAll(() => removeFixture(fixture));

  test.each([
    ['no token cache', 'otherBackend'],
    [`a token cache of ${LONG_CACHE_SECONDS} s`, 'backend'],
  ] as const)('a token is accepted until it expires and refused afterwards, with %s', async (_cache, which) => {
    const { iam, user, project, [which]: backend } = fixture;
    const token = await iam.token(user, { project });
    const expiresAtMs = await iam.expiresAtMs(token);
    const answers = await probe(() => backend.kms(token, project, 'list-keys'), isRefused, LIMIT_MS);
    const last = answers.pop();
    expect(statuses(answers)).toEqual([200]);
    for (const { sentAtMs } of answers) expect(sentAtMs).toBeLessThan(expiresAtMs);
    expect(last?.receivedAtMs).toBeGreaterThanOrEqual(expiresAtMs);
    expect(last?.body.error_code).toBe('APIGW.0301');

    const late = await backend.kms(token, project, 'create-key', { key_alias: 'late' });
    expect([late.status, late.body.error_code]).toEqual([401, 'APIGW.0301']);
    const newToken = await iam.token(user, { project });
    expect((await backend.kms(newToken, project, 'list-keys')).body.keys).toEqual([]);
  });
});

describe('with tokens of one hour', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture(3600, SHORT_CACHE_SECONDS);
  });
  afterAll(() => removeFixture(fixture));

  test('a revoked token is refused once its cache time is over', async () => {
    const { iam, user, project, otherBackend } = fixture;
    const token = await iam.token(user, { project });
    const first = await otherBackend.kms(token, project, 'list-keys');
    expect(first.status).toBe(200);
    await iam.revoke(token);
    const answers = await probe(() => otherBackend.kms(token, project, 'list-keys'), isRefused, LIMIT_MS);
    const last = answers.pop();
    const cachedUntilMs = first.receivedAtMs + SHORT_CACHE_SECONDS * 1000;
    for (const { status, sentAtMs } of answers) {
      expect(status).toBe(200);
      expect(sentAtMs).toBeLessThan(cachedUntilMs);
    }
    expect(last?.body.error_code).toBe('APIGW.0301');
    expect((await otherBackend.kms(token, project, 'list-keys')).status).toBe(401);
  });

  test('a token of a disabled user is refused once its cache time is over', async () => {
    const { iam, project, otherBackend } = fixture;
    const user = await iam.addUser(project, 'KMS Administrator');
    const token = await iam.token(user, { project });
    const first = await otherBackend.kms(token, project, 'list-keys');
    await iam.setEnabled(user, false);
    const answers = await probe(() => otherBackend.kms(token, project, 'list-keys'), isRefused, LIMIT_MS);
    const cachedUntilMs = first.receivedAtMs + SHORT_CACHE_SECONDS * 1000;
    expect(statuses([first, ...answers])).toEqual([200, 401]);
    for (const { status, sentAtMs } of answers) if (status === 200) expect(sentAtMs).toBeLessThan(cachedUntilMs);
  });

  test('a cached token is used without another validation by Keystone', async () => {
    const { keystone, iam, user, project, backend } = fixture;
    const token = await iam.token(user, { project });
    const before = keystone.lookups();
    for (let request = 0; request < 5; request += 1) {
      expect((await backend.kms(token, project, 'list-keys')).status).toBe(200);
    }
    expect(keystone.lookups() - before).toBe(1);
  });

  test('50 concurrent requests with one new token cause one validation by Keystone', async () => {
    const { keystone, iam, user, project, backend } = fixture;
    const token = await iam.token(user, { project });
    const before = keystone.lookups();
    const answers = await Promise.all(Array.from({ length: 50 }, () => backend.kms(token, project, 'list-keys')));
    expect(statuses(answers)).toEqual([200]);
    expect(keystone.lookups() - before).toBe(1);
  });

  test('concurrent requests with two new tokens each get the permissions of their own token', async () => {
    const { keystone, iam, user, reader, project, backend } = fixture;
    const tokens = [await iam.token(user, { project }), await iam.token(reader, { project })];
    const before = keystone.lookups();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        backend.kms(tokens[index % 2], project, 'create-key', { key_alias: `made-${index}` }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => [200, 403]).flat());
    expect(keystone.lookups() - before).toBe(2);
    const { body } = await backend.kms(tokens[1], project, 'list-keys');
    expect(body.keys).toHaveLength(10);
  });

  test('a refused token is validated with every request, even if it differs little from a cached token', async () => {
    const { keystone, backend, project, iam, user } = fixture;
    const token = await iam.token(user, { project });
    expect((await backend.kms(token, project, 'list-keys')).status).toBe(200);
    const before = keystone.lookups();
    for (const wrong of [`${token}A`, `${token}A`, token.slice(1)]) {
      expect((await backend.kms(wrong, project, 'list-keys')).status).toBe(401);
    }
    expect(keystone.lookups() - before).toBe(3);
  });
});
