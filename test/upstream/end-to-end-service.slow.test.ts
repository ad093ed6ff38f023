/**
 * Three processes: the official SDK as client, a backend that signs with its own AK/SK, and a standalone instance as
 * the upstream. The backend's users are in its own directory and do not exist at the upstream.
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
import { CHILD_ENV, newDataDir, type ServiceProcess, startProcess } from '../support/process.ts';

type User = Keys & { user_id: string };

const folder = newDataDir();
const [upstreamDir, backendDir, keysFile] = ['upstream', 'backend', 'keys.json'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
let upstream: ServiceProcess;
let backend: ServiceProcess;
let demo: Demo;
/** The user at the upstream whose AK/SK the backend uses. */
let owner: User;
/** Users of the backend. */
let creator: User;
let other: User;
let reader: User;

async function admin(dataDir: string, ...args: string[]): Promise<Record<string, string>> {
  const env = { ...CHILD_ENV, DATA_DIR: dataDir };
  const { stdout } = await promisify(execFile)(process.execPath, ['local/admin.ts', ...args, '--json'], { env });
  return JSON.parse(stdout);
}

async function createUser(name: string, role: string): Promise<User> {
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
    KMS_ENDPOINT: upstream.url,
    KMS_RATE_PER_SECOND: '1000',
    ...env,
  });

const writeKeys = ({ access_key, secret_key }: Keys) =>
  writeFileSync(keysFile, JSON.stringify({ access_key, secret_key }));

beforeAll(async () => {
  upstream = await startProcess(upstreamDir, [], { GRANTS_PER_KEY: '5' });
  demo = upstream.demo();
  owner = demo.users.find(({ name }) => name === 'administrator') as User;
  writeKeys(owner);
  await admin(backendDir, 'create-project', '--domain', 'local', '--name', 'local-1', '--id', demo.project_id);
  creator = await createUser('creator', 'KMS CMKFullAccess');
  other = await createUser('other', 'KMS Administrator');
  reader = await createUser('reader', 'KMS CMKReadOnlyAccess');
  backend = await startBackend({ KMS_CREDENTIALS: `file:${keysFile}` });
});
afterAll(async () => {
  await backend.stop();
  await upstream.stop();
  rmSync(folder, { recursive: true });
});

const clientOf = (keys: Keys, url = backend.url): SdkClient => sdkClient(url, keys, { projectId: demo.project_id });
const idsOf = ({ grants }: SdkReply): string[] => grants.map((grant: { grant_id: string }) => grant.grant_id);
/** Lists the grants at the upstream, as its user `owner`. @returns their ids */
const idsAtUpstream = async (key_id: string) => idsOf(await clientOf(owner, upstream.url).listGrants({ key_id }));

/** Reads the events of a key from the store of a running process, newest first. */
async function eventsIn(dataDir: string, keyId: string): Promise<ChangeEvent[]> {
  const store = openSqliteStore(join(dataDir, 'kms-grants.db'));
  const events = await store.events.list(demo.project_id, { keyId }, 100);
  await store.close();
  return events;
}

let keyCount = 0;
let keyId: string;
beforeEach(async () => {
  keyCount += 1;
  keyId = (await clientOf(creator).createKey({ key_alias: `key-${keyCount}` })).key_info.key_id;
});

const newGrant = async (fields = {}, user = creator): Promise<string> => {
  const defaults = { key_id: keyId, grantee_principal: reader.user_id, operations: ['encrypt-data'] };
  return (await clientOf(user).createGrant({ ...defaults, ...fields })).grant_id;
};

test("a grant that a user of the backend creates exists at the upstream, issued by the user of the backend's AK/SK", async () => {
  const grant_id = await newGrant({ name: 'made-here', operations: ['describe-key', 'decrypt-data'] });
  const list = await clientOf(owner, upstream.url).listGrants({ key_id: keyId });
  expect(list).toMatchObject({
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
  expect(await clientOf(reader).listGrants({ key_id: keyId })).toEqual(list);
  expect((await eventsIn(upstreamDir, keyId)).map(({ actor }) => actor)).toEqual([owner.user_id, owner.user_id]);
});

test('only the creator of the key may revoke; any other user is refused without a call of the upstream', async () => {
  const grant_id = await newGrant();
  const before = await eventsIn(upstreamDir, keyId);
  for (const [user, code] of [
    [other, 'KMS.0306'],
    [reader, 'KMS.0307'],
  ] as const) {
    const error = await failure(clientOf(user).cancelGrant({ key_id: keyId, grant_id }));
    expect(error).toMatchObject({ httpStatusCode: 403, errorCode: code });
  }
  expect(await idsAtUpstream(keyId)).toEqual([grant_id]);
  expect(await eventsIn(upstreamDir, keyId)).toEqual(before);

  expect(await clientOf(creator).cancelGrant({ key_id: keyId, grant_id })).toEqual({ httpStatusCode: 200 });
  expect(await idsAtUpstream(keyId)).toEqual([]);
});

test('a grantee may delegate only the operations that it holds together with create-grant: else KMS.0306', async () => {
  const grantee = { grantee_principal: other.user_id };
  expect(await failure(newGrant(grantee, other))).toMatchObject({ httpStatusCode: 403, errorCode: 'KMS.0306' });
  const delegating = await newGrant({ ...grantee, operations: ['create-grant', 'describe-key'] });
  expect(await failure(newGrant({}, other))).toMatchObject({ httpStatusCode: 403, errorCode: 'KMS.0306' });
  expect(await idsAtUpstream(keyId)).toEqual([delegating]);
  const delegated = await newGrant({ operations: ['describe-key'] }, other);
  expect(await idsAtUpstream(keyId)).toEqual([delegating, delegated]);
});

test("a user lists and retires only the grants that it may retire itself, although the backend's AK/SK could retire all", async () => {
  const plain = await newGrant();
  const asRetirer = await newGrant({ retiring_principal: other.user_id });
  const asGrantee = await newGrant({ grantee_principal: other.user_id, operations: ['describe-key', 'retire-grant'] });
  expect(idsOf(await clientOf(owner, upstream.url).listRetirableGrants({}))).toEqual(
    expect.arrayContaining([plain, asRetirer, asGrantee]),
  );
  expect(await clientOf(other).listRetirableGrants({})).toMatchObject({
    grants: [{ grant_id: asRetirer }, { grant_id: asGrantee }],
    next_marker: '',
    truncated: 'false',
    total: 2,
  });
  expect(await clientOf(reader).listRetirableGrants({})).toMatchObject({ grants: [], total: 0 });

  const refused = await failure(clientOf(other).cancelSelfGrant({ key_id: keyId, grant_id: plain }));
  expect(refused).toMatchObject({ httpStatusCode: 403, errorCode: 'KMS.0306' });
  for (const grant_id of [asRetirer, asGrantee]) {
    expect(await clientOf(other).cancelSelfGrant({ key_id: keyId, grant_id })).toEqual({ httpStatusCode: 200 });
  }
  expect(await idsAtUpstream(keyId)).toEqual([plain]);
  expect(await clientOf(other).listRetirableGrants({})).toMatchObject({ grants: [], total: 0 });
});

test('each change has one event, with the user of the backend as actor and the request id of the upstream', async () => {
  const sequence = '919c82d4-8046-4722-9094-35c3c6524cff';
  const grant_id = await newGrant();
  await clientOf(creator).cancelGrant({ key_id: keyId, grant_id, sequence });
  const [events, upstreamEvents] = [await eventsIn(backendDir, keyId), await eventsIn(upstreamDir, keyId)];
  expect(events.map(({ action, actor }) => [action, actor])).toEqual(
    ['revoke-grant', 'create-grant', 'create-key'].map((action) => [action, creator.user_id]),
  );
  expect(events.map(({ upstreamRequestId }) => upstreamRequestId)).toEqual(
    upstreamEvents.map(({ requestId }) => requestId),
  );
  expect(events[0]).toMatchObject({ channel: 'http', sequence, keyId });
  // The backend sends its request id as the sequence, so that the events of both can be matched.
  expect(upstreamEvents.map((event) => event.sequence?.replaceAll('-', ''))).toEqual(
    events.map(({ requestId }) => requestId),
  );
});

test('errors of the upstream are passed on with their codes and texts', async () => {
  const client = clientOf(creator);
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
    // A key that another user created at the upstream: the backend forwards the call, and the upstream refuses it.
    [
      client.cancelGrant({ ...foreign }),
      403,
      'KMS.0306',
      'No access permissions. Only the key creator may revoke its grants. The upstream refused the credentials of this service: check KMS_CREDENTIALS and the roles of their user.',
    ],
  ] as const) {
    expect(await failure(call)).toMatchObject({
      httpStatusCode,
      errorCode,
      errorMsg,
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  }
  // Different names: equal bodies that are signed within one second have the same signature and count as one request.
  for (let n = 1; n < 5; n += 1) await newGrant({ name: `grant-${n}` });
  expect(await failure(newGrant({ name: 'one-more' }))).toMatchObject({ httpStatusCode: 400, errorCode: 'KMS.2404' });
  expect(await idsAtUpstream(keyId)).toHaveLength(5);
  expect((await idsAtUpstream(keyId))[0]).toBe(grant_id);
});

test('wrong credentials of the backend: 401 with a text that names KMS_CREDENTIALS', async () => {
  const wrong = await startBackend({
    KMS_CREDENTIALS: 'env',
    KMS_ACCESS_KEY: owner.access_key,
    KMS_SECRET_KEY: 'wrong',
  });
  const error = await failure(clientOf(creator, wrong.url).listGrants({ key_id: keyId }));
  await wrong.stop();
  expect(error).toMatchObject({ httpStatusCode: 401, errorCode: 'APIGW.0301' });
  expect(error.errorMsg).toMatch(/The upstream refused the credentials of this service: check KMS_CREDENTIALS/);
  expect(wrong.output()).not.toContain('Signature=');
});

test('a rotated AK/SK is used after the first refusal of the old one, without a restart', async () => {
  const newKeys = (await admin(upstreamDir, 'create-access-key', '--user', owner.user_id)) as unknown as Keys;
  expect((await clientOf(creator).listGrants({ key_id: keyId })).total).toBe(0);
  writeKeys(newKeys);
  await admin(upstreamDir, 'disable-access-key', '--access-key', owner.access_key);
  expect((await clientOf(creator).listGrants({ key_id: keyId })).total).toBe(0);
  owner = { ...owner, ...newKeys };
});

test('the log of the backend has no secret, and the line of a call has the request id of the upstream', async () => {
  await newGrant();
  const log = backend.output();
  const lines = log.split('\n').filter((line) => line.startsWith('{'));
  const last = lines.map((line) => JSON.parse(line)).findLast(({ action }) => action === 'create-grant');
  expect(last.upstream_request_id).toBe((await eventsIn(upstreamDir, keyId))[0]?.requestId);
  for (const secret of [owner.secret_key, creator.secret_key, 'Signature=']) expect(log).not.toContain(secret);
});
