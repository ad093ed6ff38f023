/**
 * Compares the calls of functions to DynamoDB, in a service with an upstream KMS, with the permissions of their roles.
 * The upstream is a standalone service in a process of its own.
 */
import { rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseConfig } from '../../lib/config.ts';
import { type Services, useServices } from '../../lib/services.ts';
import { sign } from '../../lib/signing/sdk-hmac.ts';
import { signWebhook } from '../../lib/signing/standard-webhooks.ts';
import { messageProcessor } from '../../lib/webhooks/process-message.ts';
import type { DemoUser } from '../../local/demo.ts';
import { createGateway, drain } from '../../local/gateway.ts';
import { openServices } from '../../local/open-services.ts';
import { dynamodbEndpoint, freshTableName } from '../support/dynamodb.ts';
import { type FakeDynamodb, startFakeDynamodb } from '../support/fake-dynamodb.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../support/process.ts';
import { allows, type Use, usesOf } from './dynamodb-uses.ts';
import { KINDS } from './roles.ts';

type Keys = Pick<DemoUser, 'access_key' | 'secret_key'>;

const LOOKUPS = ['describe-principals', 'search'];
const READERS = [
  'describe-key',
  'list-grant-events',
  'list-grants',
  'list-issued-grants',
  'list-key-usage',
  'list-jobs',
  'list-keys',
  'list-principal-grants',
  'list-retirable-grants',
];
/** 24 bytes; a test value only. */
const HOOK_SECRET = 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz';
const CHANGERS = KINDS['ChangerRole']?.functions ?? [];
const JOB_CHANGERS = KINDS['JobsRole']?.functions ?? [];

const folder = newDataDir();
/** By name of the function. */
const uses = new Map<string, Use[]>();

let recorder: FakeDynamodb;
let upstream: ServiceProcess;
let services: Services;
let gateway: Awaited<ReturnType<typeof createGateway>>;

beforeAll(async () => {
  recorder = await startFakeDynamodb(dynamodbEndpoint());
  upstream = await startProcess(join(folder, 'upstream'));
  const { project_id, users } = upstream.demo();
  const [owner] = users as [DemoUser];
  const hooks = join(folder, 'hooks.json');
  const source = { kind: 'standard', secrets: [HOOK_SECRET], projects: [project_id], actions: ['principal.disabled'] };
  writeFileSync(hooks, JSON.stringify({ idp: source }));
  const config = parseConfig({
    DATA_DIR: join(folder, 'backend'),
    STORE: 'dynamodb',
    DYNAMODB_ENDPOINT: recorder.endpoint,
    TABLE: freshTableName(),
    AUTHORITY: 'upstream',
    KMS_ENDPOINT: upstream.url,
    KMS_CREDENTIALS: 'env',
    KMS_ACCESS_KEY: owner.access_key,
    KMS_SECRET_KEY: owner.secret_key,
    KMS_RATE_PER_SECOND: '1000',
    HOOKS: `file:${hooks}`,
  });
  services = await openServices(config);
  useServices(services);
  gateway = await createGateway([]);
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  await services.accounts.createProject('local-1', 'ours', project_id);
  const ann = await newUser(project_id, 'ann');
  const bob = await newUser(project_id, 'bob');

  /** Sends a signed request: the service stores an idempotency record for it even without a `sequence`. */
  async function call(user: Keys, name: string, fields: object, status = 200) {
    recorder.requests.length = 0;
    const reply = await post(user, `/v1.0/${project_id}/kms/${name}`, JSON.stringify(fields));
    expect([name, reply.status]).toEqual([name, status]);
    uses.set(name, [...(uses.get(name) ?? []), ...recorder.requests.flatMap(usesOf)]);
    return reply.body;
  }

  const { key_info } = await call(ann, 'create-key', { key_alias: 'one' });
  const { key_id } = key_info;
  const operations = ['retire-grant', 'encrypt-data'];
  const grant = { key_id, grantee_principal: bob.user_id, operations };
  const first = await call(ann, 'create-grant', grant);
  const second = await call(ann, 'create-grant', { ...grant, sequence: '919c82d4-8046-4722-9094-35c3c6524cff' });
  await call(bob, 'create-grant', grant, 403);
  await call(bob, 'list-grants', { key_id });
  await call(bob, 'list-retirable-grants', {});
  await call(bob, 'list-keys', {});
  await call(bob, 'describe-key', { key_id });
  await call(bob, 'list-key-usage', {});
  await call(bob, 'list-issued-grants', { issuing_principal: ann.user_id });
  await call(bob, 'describe-principals', { principals: [bob.user_id] });
  await call(bob, 'search', { query: bob.user_id });
  await call(bob, 'revoke-grant', { key_id, ...first }, 403);
  await call(ann, 'revoke-grant', { key_id, ...first });
  await call(bob, 'retire-grant', { key_id, ...second });
  await call(bob, 'retire-grant', { key_id, grant_id: '0'.repeat(64) }, 400);
  // Within the same second an equal request without `sequence` would have the same signature, and so be a repeat.
  await call(ann, 'create-grant', { ...grant, sequence: '919c82d4-8046-4722-9094-35c3c6524cfe' });
  await call(ann, 'list-principal-grants', { grantee_principal: bob.user_id });
  expect(await call(ann, 'revoke-principal-grants', { grantee_principal: bob.user_id })).toMatchObject({ revoked: 1 });
  await call(ann, 'list-grant-events', { key_id });

  await call(ann, 'create-grant', { ...grant, sequence: '919c82d4-8046-4722-9094-35c3c6524cfd' });
  expect(await runJobFor(bob.user_id)).toMatchObject({ state: 'done', revoked: 1 });
  await call(ann, 'create-grant', { ...grant, sequence: '919c82d4-8046-4722-9094-35c3c6524cfc' });
  const selection = { grantee_principal: bob.user_id, key_id };
  const { digest } = await call(ann, 'create-revocation-job', { ...selection, dry_run: true });
  const { job_id } = await call(ann, 'create-revocation-job', { ...selection, digest, reason: 'left' }, 202);
  await call(ann, 'stop-job', { job_id });
  await call(ann, 'retry-job', { job_id });
  await call(bob, 'list-jobs', {});
  await call(ann, 'disable-key', { key_id });
  await call(ann, 'enable-key', { key_id });
  await call(ann, 'schedule-key-deletion', { key_id, pending_days: '7' });
  await call(ann, 'cancel-key-deletion', { key_id });
});

afterAll(async () => {
  await drain(gateway, 0);
  await services.store.close();
  await upstream.stop();
  await recorder.stop();
  rmSync(folder, { recursive: true });
});

/** Sends a webhook about the principal and runs its job. @returns the job */
async function runJobFor(grantee: string) {
  const body = JSON.stringify({ type: 'principal.disabled', data: { grantee_principal: grantee } });
  const message = { id: 'msg-1', timestampSeconds: Math.floor(Date.now() / 1000), body };
  const headers = { 'content-type': 'application/json', ...signWebhook(message, [HOOK_SECRET]) };
  const response = await fetch(`${address()}/hooks/idp`, { method: 'POST', headers, body });
  const { job_id: jobId } = (await response.json()) as { job_id: string };
  const [received] = await services.queue.receive(1);
  if (!received) throw new Error('the webhook put no message on the queue');
  recorder.requests.length = 0;
  expect(await messageProcessor(services).process(received, () => false)).toBe(true);
  uses.set('work', recorder.requests.flatMap(usesOf));
  return services.store.jobs.job(jobId);
}

async function newUser(projectId: string, name: string) {
  const user = await services.accounts.createUser(projectId, name, 'KMS Administrator');
  return { ...user, ...(await services.accounts.createAccessKey(user.user_id)) };
}

const address = () => `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;

async function post({ access_key: accessKey, secret_key: secretKey }: Keys, path: string, body: string) {
  const headers = {
    'content-type': 'application/json',
    'x-sdk-date': new Date().toISOString().replace(/[-:]|\.\d+/g, ''),
  };
  const request = { method: 'POST', path, query: '', headers, body: Buffer.from(body) };
  const authorization = sign(request, { accessKey, secretKey }, Object.keys(headers));
  const init = { method: 'POST', headers: { ...headers, authorization }, body };
  const response = await fetch(address() + path, init);
  // biome-ignore lint/suspicious/noExplicitAny: each API has its own reply
  return { status: response.status, body: (await response.json()) as any };
}

test('every function that calls the KMS was called', () => {
  expect([...uses.keys()].sort()).toEqual([...READERS, ...LOOKUPS, ...CHANGERS, ...JOB_CHANGERS, 'work'].sort());
});

test.each([
  ['ReaderRole', READERS],
  ['LookupRole', LOOKUPS],
  ['JobsRole', JOB_CHANGERS],
  ['ChangerRole', CHANGERS],
  ['WorkerRole', ['work']],
])('%s allows every call that its functions make', (kind, functions) => {
  const used = functions.flatMap((name) => uses.get(name) ?? []);
  const may = KINDS[kind]?.may ?? [];
  expect(used.filter((use) => !may.some((permission) => allows(permission, use)))).toEqual([]);
});

test('reading functions write nothing', () => {
  const actions = READERS.flatMap((name) => uses.get(name) ?? []).map(({ action }) => action);
  expect([...new Set(actions)].filter((action) => !/:(?:Batch)?GetItem$|:Query$/.test(action))).toEqual([]);
});

test('changing functions only add events, idempotency records and items of keys and grants', () => {
  const used = CHANGERS.flatMap((name) => uses.get(name) ?? []);
  const written = used.filter(({ action }) => /:(?:Put|Update|Delete)Item$/.test(action));
  expect([...new Set(written.map(({ action, pk }) => `${action} ${pk.replace(/#.*/, '')}`))].sort()).toEqual([
    'dynamodb:PutItem events',
    'dynamodb:PutItem grant',
    'dynamodb:PutItem grantee-events',
    'dynamodb:PutItem key',
    'dynamodb:PutItem once',
  ]);
});
