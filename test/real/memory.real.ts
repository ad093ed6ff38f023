/** How long a token is good here that Keystone once called good: until it expires, and a while after it is revoked. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answer, type Backend, startBackend } from './backend.ts';
import { type Iam, iamOf, type KeystoneUser } from './iam.ts';
import { type Keystone, startKeystone } from './keystone.ts';
import { probe } from './probe.ts';

/** Tokens must not expire before a busy machine comes to use them. */
const TOKEN_SECONDS = 10;
const SHORT_MEMORY_SECONDS = 2;
const LONG_MEMORY_SECONDS = 300;
const LIMIT_MS = 30_000;

interface World {
  keystone: Keystone;
  iam: Iam;
  project: string;
  user: KeystoneUser;
  reader: KeystoneUser;
  backend: Backend;
  /** Remembers a token for other than `LONG_MEMORY_SECONDS`. */
  other: Backend;
}

async function startWorld(tokenSeconds: number, otherMemorySeconds: number): Promise<World> {
  const keystone = await startKeystone({ tokenSeconds });
  const iam = iamOf(keystone);
  const project = await iam.addProject();
  return {
    keystone,
    iam,
    project,
    user: await iam.addUser(project, 'KMS Administrator'),
    reader: await iam.addUser(project, 'KMS CMKReadOnlyAccess'),
    backend: await startBackend(keystone, LONG_MEMORY_SECONDS),
    other: await startBackend(keystone, otherMemorySeconds),
  };
}

async function removeWorld(world: World | undefined): Promise<void> {
  await world?.backend.remove();
  await world?.other.remove();
  await world?.keystone.remove();
}

const isRefused = ({ status }: Answer) => status === 401;
const statuses = (answers: readonly Answer[]) => [...new Set(answers.map(({ status }) => status))];

describe('where tokens expire soon', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld(TOKEN_SECONDS, 0);
  });
  afterAll(() => removeWorld(world));

  test.each([
    ['asks every time', 'other'],
    [`remembers a token for ${LONG_MEMORY_SECONDS} s`, 'backend'],
  ] as const)('a token is good until it expires and never after, where the service %s', async (_how, which) => {
    const { iam, user, project, [which]: backend } = world;
    const token = await iam.token(user, { project });
    const expiresAtMs = await iam.expiresAtMs(token);
    const answers = await probe(() => backend.kms(token, project, 'list-keys'), isRefused, LIMIT_MS);
    const last = answers.pop();
    expect(statuses(answers)).toEqual([200]);
    for (const { askedAtMs } of answers) expect(askedAtMs).toBeLessThan(expiresAtMs);
    expect(last?.answeredAtMs).toBeGreaterThanOrEqual(expiresAtMs);
    expect(last?.body.error_code).toBe('APIGW.0301');

    const late = await backend.kms(token, project, 'create-key', { key_alias: 'late' });
    expect([late.status, late.body.error_code]).toEqual([401, 'APIGW.0301']);
    const fresh = await iam.token(user, { project });
    expect((await backend.kms(fresh, project, 'list-keys')).body.keys).toEqual([]);
  });
});

describe('where tokens live long', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld(3600, SHORT_MEMORY_SECONDS);
  });
  afterAll(() => removeWorld(world));

  test('a revoked token is out when the time is over for which it is remembered', async () => {
    const { iam, user, project, other } = world;
    const token = await iam.token(user, { project });
    const first = await other.kms(token, project, 'list-keys');
    expect(first.status).toBe(200);
    await iam.revoke(token);
    const answers = await probe(() => other.kms(token, project, 'list-keys'), isRefused, LIMIT_MS);
    const last = answers.pop();
    const forgottenAtMs = first.answeredAtMs + SHORT_MEMORY_SECONDS * 1000;
    for (const { status, askedAtMs } of answers) {
      expect(status).toBe(200);
      expect(askedAtMs).toBeLessThan(forgottenAtMs);
    }
    expect(last?.body.error_code).toBe('APIGW.0301');
    expect((await other.kms(token, project, 'list-keys')).status).toBe(401);
  });

  test('a user who is disabled is out by the same time', async () => {
    const { iam, project, other } = world;
    const user = await iam.addUser(project, 'KMS Administrator');
    const token = await iam.token(user, { project });
    const first = await other.kms(token, project, 'list-keys');
    await iam.setEnabled(user, false);
    const answers = await probe(() => other.kms(token, project, 'list-keys'), isRefused, LIMIT_MS);
    const forgottenAtMs = first.answeredAtMs + SHORT_MEMORY_SECONDS * 1000;
    expect(statuses([first, ...answers])).toEqual([200, 401]);
    for (const { status, askedAtMs } of answers) if (status === 200) expect(askedAtMs).toBeLessThan(forgottenAtMs);
  });

  test('a token that is remembered is not asked about again', async () => {
    const { keystone, iam, user, project, backend } = world;
    const token = await iam.token(user, { project });
    const before = keystone.lookups();
    for (let request = 0; request < 5; request += 1) {
      expect((await backend.kms(token, project, 'list-keys')).status).toBe(200);
    }
    expect(keystone.lookups() - before).toBe(1);
  });

  test('many requests at once with one new token ask Keystone once', async () => {
    const { keystone, iam, user, project, backend } = world;
    const token = await iam.token(user, { project });
    const before = keystone.lookups();
    const answers = await Promise.all(Array.from({ length: 50 }, () => backend.kms(token, project, 'list-keys')));
    expect(statuses(answers)).toEqual([200]);
    expect(keystone.lookups() - before).toBe(1);
  });

  test('many requests at once with two new tokens are each judged by their own', async () => {
    const { keystone, iam, user, reader, project, backend } = world;
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

  test('a token that was refused is asked about again, and never good because of one that is', async () => {
    const { keystone, backend, project, iam, user } = world;
    const token = await iam.token(user, { project });
    expect((await backend.kms(token, project, 'list-keys')).status).toBe(200);
    const before = keystone.lookups();
    for (const wrong of [`${token}A`, `${token}A`, token.slice(1)]) {
      expect((await backend.kms(wrong, project, 'list-keys')).status).toBe(401);
    }
    expect(keystone.lookups() - before).toBe(3);
  });
});
