/**
 * The official SDK, this backend with credentials of its own, and a standalone instance that plays the cloud: three
 * processes over real sockets. The backend's people are in its own directory, and the cloud knows none of them.
 */
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { ChangeEvent } from '../../lib/domain/events.ts';
import { openSqliteStore } from '../../lib/store/sqlite/sqlite.ts';
import type { Demo } from '../../local/demo.ts';
import { failure, type Keys, type SdkClient, type SdkReply, sdkClient } from '../sdk/client.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../support/process.ts';

type Person = Keys & { user_id: string };

const folder = newDataDir();
const [cloudDir, backendDir, keysFile] = ['cloud', 'backend', 'keys.json'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
let cloud: ServiceProcess;
let backend: ServiceProcess;
let demo: Demo;
/** The cloud's user whose AK/SK the backend has. */
let owner: Person;
/** Users of the backend. */
let maker: Person;
let other: Person;
let reader: Person;

async function admin(dataDir: string, ...args: string[]): Promise<Record<string, string>> {
  const env = { PATH: process.env['PATH'], DATA_DIR: dataDir };
  const { stdout } = await promisify(execFile)(process.execPath, ['local/admin.ts', ...args, '--json'], { env });
  return JSON.parse(stdout);
}

async function person(name: string, role: string): Promise<Person> {
  const { user_id = '' } = await admin(
    backendDir,
    ...['create-user', '--project', demo.project_id, '--name', name, '--role', role],
  );
  const { access_key = '', secret_key = '' } = await admin(backendDir, 'create-access-key', '--user', user_id);
  return { user_id, access_key, secret_key };
}

const startBackend = (env: Record<string, string>) =>
  startProcess(backendDir, ['--no-demo'], {
    AUTHORITY: 'upstream',
    KMS_ENDPOINT: cloud.url,
    KMS_RATE_PER_SECOND: '1000',
    ...env,
  });

const writeKeys = ({ access_key, secret_key }: Keys) =>
  writeFileSync(keysFile, JSON.stringify({ access_key, secret_key }));

beforeAll(async () => {
  cloud = await startProcess(cloudDir, [], { GRANTS_PER_KEY: '5' });
  demo = cloud.demo();
  owner = demo.users.find(({ name }) => name === 'administrator') as Person;
  writeKeys(owner);
  await admin(backendDir, 'create-project', '--domain', 'ours', '--name', 'local-1', '--id', demo.project_id);
  maker = await person('maker', 'KMS CMKFullAccess');
  other = await person('other', 'KMS Administrator');
  reader = await person('reader', 'KMS CMKReadOnlyAccess');
  backend = await startBackend({ KMS_CREDENTIALS: `file:${keysFile}` });
});
afterAll(async () => {
  await backend.stop();
  await cloud.stop();
  rmSync(folder, { recursive: true });
});

const clientOf = (keys: Keys, url = backend.url): SdkClient => sdkClient(url, keys, { projectId: demo.project_id });
const idsOf = ({ grants }: SdkReply): string[] => grants.map((grant: { grant_id: string }) => grant.grant_id);
/** What the cloud lists, asked by its own user. */
const grantsAtCloud = async (key_id: string) => idsOf(await clientOf(owner, cloud.url).listGrants({ key_id }));

/** Newest first, from a store that its process has open. */
async function eventsIn(dataDir: string, keyId: string): Promise<ChangeEvent[]> {
  const store = openSqliteStore(join(dataDir, 'kms-grants.db'));
  const events = await store.events.list(demo.project_id, { keyId }, 100);
  await store.close();
  return events;
}

let made = 0;
let keyId: string;
beforeEach(async () => {
  made += 1;
  keyId = (await clientOf(maker).createKey({ key_alias: `made-${made}` })).key_info.key_id;
});

const newGrant = async (fields = {}, by = maker): Promise<string> => {
  const least = { key_id: keyId, grantee_principal: reader.user_id, operations: ['encrypt-data'] };
  return (await clientOf(by).createGrant({ ...least, ...fields })).grant_id;
};

test('what a user of ours makes is at the cloud, in the name of the user that the backend is there', async () => {
  const grant_id = await newGrant({ name: 'made-here', operations: ['describe-key', 'decrypt-data'] });
  const there = await clientOf(owner, cloud.url).listGrants({ key_id: keyId });
  expect(there).toMatchObject({
    grants: [
      {
        grant_id,
        name: 'made-here',
        grantee_principal: reader.user_id,
        operations: ['describe-key', 'decrypt-data'],
        issuing_principal: owner.user_id,
      },
    ],
    total: 1,
  });
  expect(await clientOf(reader).listGrants({ key_id: keyId })).toEqual(there);
  expect((await eventsIn(cloudDir, keyId)).map(({ actor }) => actor)).toEqual([owner.user_id, owner.user_id]);
});

test('the user of ours who made the key revokes; another of ours does not: KMS.0306, and the cloud hears nothing', async () => {
  const grant_id = await newGrant();
  const before = await eventsIn(cloudDir, keyId);
  for (const [user, code] of [
    [other, 'KMS.0306'],
    [reader, 'KMS.0307'],
  ] as const) {
    const error = await failure(clientOf(user).cancelGrant({ key_id: keyId, grant_id }));
    expect(error).toMatchObject({ httpStatusCode: 403, errorCode: code });
  }
  expect(await grantsAtCloud(keyId)).toEqual([grant_id]);
  expect(await eventsIn(cloudDir, keyId)).toEqual(before);

  expect(await clientOf(maker).cancelGrant({ key_id: keyId, grant_id })).toEqual({ httpStatusCode: 200 });
  expect(await grantsAtCloud(keyId)).toEqual([]);
});

test('a user of ours passes on only what it was granted with create-grant', async () => {
  const ask = { grantee_principal: other.user_id };
  expect(await failure(newGrant(ask, other))).toMatchObject({ httpStatusCode: 403, errorCode: 'KMS.0306' });
  const open = await newGrant({ ...ask, operations: ['create-grant', 'describe-key'] });
  expect(await failure(newGrant({}, other))).toMatchObject({ httpStatusCode: 403, errorCode: 'KMS.0306' });
  expect(await grantsAtCloud(keyId)).toEqual([open]);
  const passedOn = await newGrant({ operations: ['describe-key'] }, other);
  expect(await grantsAtCloud(keyId)).toEqual([open, passedOn]);
});

test('each user of ours lists as retirable, and retires, what names it, though the backend could retire all', async () => {
  const plain = await newGrant();
  const named = await newGrant({ retiring_principal: other.user_id });
  const held = await newGrant({ grantee_principal: other.user_id, operations: ['describe-key', 'retire-grant'] });
  expect(idsOf(await clientOf(owner, cloud.url).listRetirableGrants({}))).toEqual(
    expect.arrayContaining([plain, named, held]),
  );
  expect(await clientOf(other).listRetirableGrants({})).toMatchObject({
    grants: [{ grant_id: named }, { grant_id: held }],
    next_marker: '',
    truncated: 'false',
    total: 2,
  });
  expect(await clientOf(reader).listRetirableGrants({})).toMatchObject({ grants: [], total: 0 });

  const refused = await failure(clientOf(other).cancelSelfGrant({ key_id: keyId, grant_id: plain }));
  expect(refused).toMatchObject({ httpStatusCode: 403, errorCode: 'KMS.0306' });
  for (const grant_id of [named, held]) {
    expect(await clientOf(other).cancelSelfGrant({ key_id: keyId, grant_id })).toEqual({ httpStatusCode: 200 });
  }
  expect(await grantsAtCloud(keyId)).toEqual([plain]);
  expect(await clientOf(other).listRetirableGrants({})).toMatchObject({ grants: [], total: 0 });
});

test("each change leaves one event here that tells who of ours, and the cloud's request id", async () => {
  const sequence = '919c82d4-8046-4722-9094-35c3c6524cff';
  const grant_id = await newGrant();
  await clientOf(maker).cancelGrant({ key_id: keyId, grant_id, sequence });
  const [here, there] = [await eventsIn(backendDir, keyId), await eventsIn(cloudDir, keyId)];
  expect(here.map(({ action, actor }) => [action, actor])).toEqual(
    ['revoke-grant', 'create-grant', 'create-key'].map((action) => [action, maker.user_id]),
  );
  expect(here.map(({ upstreamRequestId }) => upstreamRequestId)).toEqual(there.map(({ requestId }) => requestId));
  expect(here[0]).toMatchObject({ channel: 'http', sequence, keyId });
  // The cloud was told our request id as the sequence, so that both logs can be read together.
  expect(there.map((event) => event.sequence?.replaceAll('-', ''))).toEqual(here.map(({ requestId }) => requestId));
});

test("the cloud's own refusals come through with their codes", async () => {
  const client = clientOf(maker);
  const ABSENT = { key_id: '0d0466b0-e727-4d9c-b35d-f84bb474a37f', grant_id: '0'.repeat(64) };
  const grant_id = await newGrant();
  const foreign = demo.grants[0] ?? ABSENT;
  for (const [call, httpStatusCode, errorCode, errorMsg] of [
    [client.listGrants({ key_id: ABSENT.key_id }), 404, 'KMS.0207', 'The key does not exist.'],
    [client.cancelGrant({ key_id: keyId, grant_id: ABSENT.grant_id }), 400, 'KMS.2501', 'Invalid grant ID.'],
    [
      client.cancelGrant({ key_id: keyId, grant_id: foreign.grant_id }),
      400,
      'KMS.2502',
      'grant_id and key_id do not match.',
    ],
    [client.createKey({ key_alias: 'orders' }), 400, 'KMS.1104', 'Duplicate key aliases.'],
    // A key that another user of the cloud made: whoever has the role is let through here, and refused there.
    [
      client.cancelGrant({ ...foreign }),
      403,
      'KMS.0306',
      'No access permissions. Only the key creator may revoke its grants. It is the user of this service whom the KMS refuses: check KMS_CREDENTIALS and what that user may do.',
    ],
  ] as const) {
    expect(await failure(call)).toMatchObject({
      httpStatusCode,
      errorCode,
      errorMsg,
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  }
  // Each with a name of its own: what is signed in one second with one body is one request.
  for (let n = 1; n < 5; n += 1) await newGrant({ name: `grant-${n}` });
  expect(await failure(newGrant({ name: 'one-more' }))).toMatchObject({ httpStatusCode: 400, errorCode: 'KMS.2404' });
  expect(await grantsAtCloud(keyId)).toHaveLength(5);
  expect((await grantsAtCloud(keyId))[0]).toBe(grant_id);
});

test('wrong credentials of the backend: 401 with a text that says whose they are', async () => {
  const wrong = await startBackend({
    KMS_CREDENTIALS: 'env',
    KMS_ACCESS_KEY: owner.access_key,
    KMS_SECRET_KEY: 'wrong',
  });
  const error = await failure(clientOf(maker, wrong.url).listGrants({ key_id: keyId }));
  await wrong.stop();
  expect(error).toMatchObject({ httpStatusCode: 401, errorCode: 'APIGW.0301' });
  expect(error.errorMsg).toMatch(/the user of this service whom the KMS refuses.* KMS_CREDENTIALS/);
  expect(wrong.output()).not.toContain('Signature=');
});

test('a rotated AK/SK is taken up with the first refusal of the old one, without a restart', async () => {
  const fresh = (await admin(cloudDir, 'create-access-key', '--user', owner.user_id)) as unknown as Keys;
  expect((await clientOf(maker).listGrants({ key_id: keyId })).total).toBe(0);
  writeKeys(fresh);
  await admin(cloudDir, 'disable-access-key', '--access-key', owner.access_key);
  expect((await clientOf(maker).listGrants({ key_id: keyId })).total).toBe(0);
  owner = { ...owner, ...fresh };
});

test('no secret is in the log of the backend, and each call is there with the request id of the cloud', async () => {
  await newGrant();
  const log = backend.output();
  const lines = log.split('\n').filter((line) => line.startsWith('{'));
  const last = lines.map((line) => JSON.parse(line)).findLast(({ action }) => action === 'create-grant');
  expect(last.upstream_request_id).toBe((await eventsIn(cloudDir, keyId))[0]?.requestId);
  for (const secret of [owner.secret_key, maker.secret_key, 'Signature=']) expect(log).not.toContain(secret);
});
