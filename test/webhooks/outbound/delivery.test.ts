/** Outbound webhooks of a running service: every change reaches the target, also after kill -9. */
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newDataDir, type ServiceProcess, startProcess } from '../../support/process.ts';
import { until } from '../../upstream/until.ts';
import { createManyGrants, type ManyGrants } from '../jobs/many-grants.ts';
import { type FakeTarget, startFakeTarget, status } from './fake-target.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const SIZE = { keys: 6, grantsPerKey: 50, otherGrantsPerKey: 1 };

interface ReceivedEvent {
  event_id: string;
  action: string;
  grant_id?: string;
  grant?: { grantee_principal: string };
}

let folder: string;
let dataDir: string;
let manyGrants: ManyGrants;
let env: Record<string, string>;
let service: ServiceProcess;
let target: FakeTarget;

beforeAll(async () => {
  target = await startFakeTarget(SECRET);
  folder = newDataDir();
  dataDir = join(folder, 'data');
  manyGrants = await createManyGrants(dataDir, SIZE);
  const file = join(dataDir, 'targets.json');
  writeFileSync(file, JSON.stringify({ cache: { url: target.url, secrets: [SECRET], allow_private: true } }));
  env = { ...manyGrants.env, TARGETS: `file:${file}` };
  service = await startProcess(dataDir, [], env);
}, 60_000);
afterAll(async () => {
  await service?.stop('SIGKILL');
  await target?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

/** Returns the received events of an action, without repeated ones. */
function receivedEvents(action: string): ReceivedEvent[] {
  const events = target.requests.flatMap(({ payload }) => {
    if (payload instanceof Error) throw payload;
    return payload.data.events as ReceivedEvent[];
  });
  const byId = new Map(events.map((event) => [event.event_id, event]));
  return [...byId.values()].filter((event) => event.action === action);
}

async function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(service.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** Revokes one of the demo's grants by the API. @returns its id */
async function revoke(nth: number): Promise<string> {
  const { demo } = manyGrants;
  const [creator] = demo.users;
  const user = { id: creator?.user_id, password: creator?.password };
  const auth = { identity: { methods: ['password'], password: { user } }, scope: { project: { id: demo.project_id } } };
  const token = (await post('/v3/auth/tokens', { auth })).headers.get('x-subject-token') ?? '';
  const grant = demo.grants[nth];
  const path = `/v1.0/${demo.project_id}/kms/revoke-grant`;
  expect((await post(path, { ...grant }, { 'x-auth-token': token })).status).toBe(200);
  return grant?.grant_id ?? '';
}

test('a revoke by the API is sent to the target', async () => {
  const grantId = await revoke(0);
  await until(() => receivedEvents('revoke-grant').length === 1);
  expect(receivedEvents('revoke-grant')).toMatchObject([{ grant_id: grantId, channel: 'http' }]);
});

test('every revoke of a job is sent to the target', async () => {
  const { principal, signEvent } = manyGrants;
  const { headers, body } = signEvent({ type: 'principal.disabled', data: { grantee_principal: principal } });
  expect((await fetch(`${service.url}/hooks/hr`, { method: 'POST', headers, body })).status).toBe(200);
  await until(() => receivedEvents('principal.disabled').length === SIZE.keys * SIZE.grantsPerKey, 20_000);
  for (const { grant } of receivedEvents('principal.disabled')) expect(grant?.grantee_principal).toBe(principal);
});

test('an event that was not delivered before kill -9 is delivered after the restart', async () => {
  target.respondWith((response) => response.destroy());
  const grantId = await revoke(1);
  const exited = once(service.child, 'exit');
  service.child.kill('SIGKILL');
  await exited;
  target.respondWith(status(200));
  target.requests.length = 0;
  service = await startProcess(dataDir, [], env);
  await until(() => receivedEvents('revoke-grant').some(({ grant_id }) => grant_id === grantId), 20_000);
});

test('the log contains neither the secret nor the query of the target URL', async () => {
  await until(() => service.output().includes('"message":"delivery"'));
  for (const secretText of [SECRET, SECRET.slice(6), new URL(target.url).search])
    expect(service.output()).not.toContain(secretText);
});
