/** kill -9 while 16 clients create and revoke grants: every answered change is durable, and none is partial. */
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Grant } from '../../lib/domain/model.ts';
import type { Demo, DemoUser } from '../../local/demo.ts';
import { auditDatabase } from '../support/oracles/sqlite.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../support/process.ts';

const ROUNDS = 5;
const CONNECTIONS = 16;

/** A change as it was sent, with its `sequence`, so that the test can retry it as a client does. */
interface ChangeRequest {
  name: 'create-grant' | 'revoke-grant';
  keyId: string;
  grantId?: string;
  body: string;
}

class RejectedError extends Error {}

let folder: string;
let service: ServiceProcess;
let demo: Demo;
let token: string;
let granteeToken: string;

/** Grant id -> key id, of the changes that the service answered with 200. */
const existing = new Map<string, string>();
const revoked = new Map<string, string>();

beforeAll(async () => {
  folder = newDataDir();
  service = await start();
  demo = service.demo();
  [token, granteeToken] = (await Promise.all(demo.users.slice(0, 2).map(login))) as [string, string];
  for (const { grant_id, key_id } of demo.grants) existing.set(grant_id, key_id);
});
afterAll(async () => {
  await service?.stop('SIGKILL');
  rmSync(folder, { recursive: true });
});

const start = () => startProcess(join(folder, 'data'), [], { GRANTS_PER_KEY: '1000000' });

async function login({ user_id: id, password }: DemoUser): Promise<string> {
  const identity = { methods: ['password'], password: { user: { id, password } } };
  const body = JSON.stringify({ auth: { identity, scope: { project: { id: demo.project_id } } } });
  const response = await fetch(`${service.url}/v3/auth/tokens`, { method: 'POST', body });
  return response.headers.get('x-subject-token') ?? '';
}

async function post(name: string, body: string, as = token): Promise<Record<string, unknown>> {
  const url = `${service.url}/v1.0/${demo.project_id}/kms/${name}`;
  const response = await fetch(url, { method: 'POST', headers: { 'X-Auth-Token': as }, body });
  const reply = (await response.json()) as Record<string, unknown>;
  if (response.status !== 200) throw new RejectedError(`${name}: ${response.status} ${JSON.stringify(reply)}`);
  return reply;
}

async function send(request: ChangeRequest): Promise<string> {
  const reply = await post(request.name, request.body);
  if (request.grantId === undefined) {
    existing.set(String(reply['grant_id']), request.keyId);
    return String(reply['grant_id']);
  }
  existing.delete(request.grantId);
  revoked.set(request.grantId, request.keyId);
  return request.grantId;
}

function createRequest(): ChangeRequest {
  const keyId = demo.keys[randomInt(2)]?.key_id ?? '';
  const operations = randomInt(2) ? ['describe-key', 'retire-grant'] : ['describe-key', 'create-grant'];
  const [creator, grantee] = demo.users;
  const optionalFields = randomInt(2) ? {} : { retiring_principal: grantee?.user_id, name: 'named' };
  const grant = {
    key_id: keyId,
    grantee_principal: (randomInt(2) ? grantee : creator)?.user_id,
    operations,
    ...optionalFields,
  };
  return { name: 'create-grant', keyId, body: JSON.stringify({ ...grant, sequence: randomUUID() }) };
}

function revokeRequest(grantId: string): ChangeRequest {
  const keyId = existing.get(grantId) ?? '';
  const body = JSON.stringify({ key_id: keyId, grant_id: grantId, sequence: randomUUID() });
  return { name: 'revoke-grant', keyId, grantId, body };
}

/** Creates and revokes grants until the service dies. @returns the request that got no reply */
async function changeUntilKilled(onReply: () => void): Promise<ChangeRequest> {
  const ownGrantIds: string[] = [];
  for (;;) {
    const isRevoke = ownGrantIds.length > 0 && randomInt(5) < 2;
    const request = isRevoke
      ? revokeRequest(ownGrantIds.splice(randomInt(ownGrantIds.length), 1)[0] as string)
      : createRequest();
    try {
      const grantId = await send(request);
      if (!isRevoke) ownGrantIds.push(grantId);
      onReply();
    } catch (error) {
      if (error instanceof RejectedError) throw error;
      return request;
    }
  }
}

/** Kills the service at a random moment under load. @returns the requests that got no reply */
async function killUnderLoad(): Promise<ChangeRequest[]> {
  const killed = once(service.child, 'exit');
  let left = randomInt(50, 800);
  const onReply = () => {
    left -= 1;
    if (left === 0) setTimeout(() => service.child.kill('SIGKILL'), randomInt(5));
  };
  const unanswered = await Promise.all(Array.from({ length: CONNECTIONS }, () => changeUntilKilled(onReply)));
  expect(await killed).toEqual([null, 'SIGKILL']);
  return unanswered;
}

/** Reads all pages of a list, and checks that each page's total is the length of the list. @returns the grant ids */
async function readAllPages(name: string, body: object, as = token): Promise<string[]> {
  const grants: Grant[] = [];
  const totals = new Set<unknown>();
  let marker = '';
  do {
    const page = await post(name, JSON.stringify({ ...body, limit: '1000', marker }), as);
    grants.push(...(page['grants'] as Grant[]));
    totals.add(page['total']);
    marker = String(page['next_marker']);
  } while (marker !== '');
  expect([...totals]).toEqual([grants.length]);
  return grants.map((grant) => grant.grant_id);
}

async function listAllGrants(): Promise<string[]> {
  const lists = await Promise.all(demo.keys.map(({ key_id }) => readAllPages('list-grants', { key_id })));
  return lists.flat();
}

/** Audits a copy of the database, so that the original stays as the kill left it. @returns actions by grant id */
function recordedActions(round: number): Map<string, string> {
  const copy = join(folder, `copy-${round}`);
  cpSync(join(folder, 'data'), copy, { recursive: true });
  const path = join(copy, 'kms-grants.db');
  expect(auditDatabase(path)).toEqual([]);
  const db = new DatabaseSync(path);
  const rows = db
    .prepare("SELECT grant_id, group_concat(action, ' ' ORDER BY action) AS actions FROM events GROUP BY grant_id")
    .all();
  db.close();
  return new Map(rows.map((row) => [String(row['grant_id']), String(row['actions'])]));
}

/** Sends each request twice, as a client without a reply retries. */
async function resend(unanswered: ChangeRequest[]): Promise<void> {
  await Promise.all([...unanswered, ...unanswered].map(send));
}

test.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))(
  'kill %i: answered changes are durable, unanswered ones are complete or absent, and retries apply each once',
  async (round) => {
    const unanswered = await killUnderLoad();
    const events = recordedActions(round);
    const maybeRevoked = new Set(unanswered.map(({ grantId }) => grantId));
    for (const grantId of revoked.keys()) expect(events.get(grantId)).toBe('create-grant revoke-grant');
    for (const grantId of existing.keys()) {
      if (!maybeRevoked.has(grantId)) expect(events.get(grantId)).toBe('create-grant');
    }

    service = await start();
    const listed = new Set(await listAllGrants());
    const creates = unanswered.filter(({ grantId }) => grantId === undefined);
    const unknown = [...listed].filter((grantId) => !existing.has(grantId));
    expect(unknown.filter((grantId) => revoked.has(grantId))).toEqual([]);
    expect(unknown.length).toBeLessThanOrEqual(creates.length);
    expect([...existing.keys()].filter((grantId) => !listed.has(grantId) && !maybeRevoked.has(grantId))).toEqual([]);

    await resend(unanswered);
    const expected = [...existing.keys()].sort();
    expect((await listAllGrants()).sort()).toEqual(expected);
    expect((await readAllPages('list-retirable-grants', {})).sort()).toEqual(expected);
    await readAllPages('list-retirable-grants', {}, granteeToken);
  },
  20_000,
);

test('after all kills each grant has one create event, each revoked one a revoke event, and every counter is exact', async () => {
  expect(await service.stop()).toBe(0);
  const events = recordedActions(0);
  const expected = new Map([
    ...[...existing.keys()].map((grantId) => [grantId, 'create-grant'] as const),
    ...[...revoked.keys()].map((grantId) => [grantId, 'create-grant revoke-grant'] as const),
  ]);
  events.delete('null');
  expect(events).toEqual(expected);
});
