/**
 * Kills a service on DynamoDB with SIGKILL, under load and inside a transaction. Answered changes must be stored, and
 * every other change must be stored completely or not at all.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Demo } from '../../../local/demo.ts';
import { dynamodbEndpoint, freshTableName } from '../../support/dynamodb.ts';
import { type FakeDynamodb, type Step, startFakeDynamodb } from '../../support/fake-dynamodb.ts';
import { auditItems } from '../../support/oracles/dynamodb.ts';
import { type Item, scan } from '../../support/oracles/dynamodb-scan.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../../support/process.ts';

const ROUNDS = 3;
const CONNECTIONS = 8;
const table = freshTableName();

/** A change request, with its `sequence`, so that it can be retried as a client does. */
interface ChangeRequest {
  name: 'create-grant' | 'revoke-grant';
  grantId?: string;
  body: string;
}

class Refused extends Error {}

let folder: string;
let fake: FakeDynamodb;
let service: ServiceProcess;
let demo: Demo;
let token: string;

/** Grants whose creation was answered with 200, by grant id, with the key id. */
const existing = new Map<string, string>();
const revoked = new Set<string>();

beforeAll(async () => {
  folder = newDataDir();
  fake = await startFakeDynamodb(dynamodbEndpoint());
  service = await start();
  demo = service.demo();
  for (const { grant_id, key_id } of demo.grants) existing.set(grant_id, key_id);
  const [creator] = demo.users;
  const identity = { methods: ['password'], password: { user: { id: creator?.user_id, password: creator?.password } } };
  const body = JSON.stringify({ auth: { identity, scope: { project: { id: demo.project_id } } } });
  const response = await fetch(`${service.url}/v3/auth/tokens`, { method: 'POST', body });
  token = response.headers.get('x-subject-token') ?? '';
});
afterEach(() => fake.reset());
afterAll(async () => {
  await service?.stop('SIGKILL');
  await fake?.stop();
  rmSync(folder, { recursive: true });
});

const start = (endpoint = dynamodbEndpoint()) =>
  startProcess(join(folder, 'data'), [], {
    STORE: 'dynamodb',
    TABLE: table,
    DYNAMODB_ENDPOINT: endpoint,
    GRANTS_PER_KEY: '1000000',
  });

/** Starts another process on the same table and data folder. */
async function restart(endpoint?: string): Promise<void> {
  await service.stop();
  service = await start(endpoint);
}

async function post(name: string, body: string): Promise<Record<string, unknown>> {
  const url = `${service.url}/v1.0/${demo.project_id}/kms/${name}`;
  const response = await fetch(url, { method: 'POST', headers: { 'X-Auth-Token': token }, body });
  const reply = (await response.json()) as Record<string, unknown>;
  if (response.status !== 200) throw new Refused(`${name}: ${response.status} ${JSON.stringify(reply)}`);
  return reply;
}

/** @returns the id of the grant that was created or revoked */
async function send({ name, grantId, body }: ChangeRequest): Promise<string> {
  const reply = await post(name, body);
  if (grantId === undefined) {
    existing.set(String(reply['grant_id']), JSON.parse(body).key_id);
    return String(reply['grant_id']);
  }
  existing.delete(grantId);
  revoked.add(grantId);
  return grantId;
}

function createRequest(): ChangeRequest {
  const [creator, grantee] = demo.users;
  const operations = randomInt(2) ? ['describe-key', 'retire-grant'] : ['describe-key', 'create-grant'];
  const type = randomInt(2) ? 'user' : 'domain';
  const grant = {
    key_id: demo.keys[randomInt(2)]?.key_id,
    grantee_principal: type === 'user' ? grantee?.user_id : creator?.domain_id,
    grantee_principal_type: type,
    operations,
    ...(randomInt(2) && { retiring_principal: grantee?.user_id }),
  };
  return { name: 'create-grant', body: JSON.stringify({ ...grant, sequence: randomUUID() }) };
}

function revokeRequest(grantId: string): ChangeRequest {
  const request = { key_id: existing.get(grantId), grant_id: grantId, sequence: randomUUID() };
  return { name: 'revoke-grant', grantId, body: JSON.stringify(request) };
}

/** Creates and revokes grants until the service is gone. @returns the request that got no reply */
async function work(onReply: () => void): Promise<ChangeRequest> {
  const ownGrants: string[] = [];
  for (;;) {
    const isRevoke = ownGrants.length > 0 && randomInt(5) < 2;
    const request = isRevoke
      ? revokeRequest(ownGrants.splice(randomInt(ownGrants.length), 1)[0] as string)
      : createRequest();
    try {
      const grantId = await send(request);
      if (!isRevoke) ownGrants.push(grantId);
      onReply();
    } catch (error) {
      if (error instanceof Refused) throw error;
      return request;
    }
  }
}

/** Kills the service at a random moment under load. @returns the requests that got no reply */
async function killUnderLoad(): Promise<ChangeRequest[]> {
  const killed = once(service.child, 'exit');
  let left = randomInt(20, 120);
  const onReply = () => {
    left -= 1;
    if (left === 0) setTimeout(() => service.child.kill('SIGKILL'), randomInt(10));
  };
  const unanswered = await Promise.all(Array.from({ length: CONNECTIONS }, () => work(onReply)));
  expect(await killed).toEqual([null, 'SIGKILL']);
  return unanswered;
}

/** Reads the table until two reads are equal: DynamoDB has then applied what the killed process had sent. */
async function stableItems(): Promise<Item[]> {
  let items = await scan(dynamodbEndpoint(), table, 'local');
  for (;;) {
    const next = await scan(dynamodbEndpoint(), table, 'local');
    if (JSON.stringify(next) === JSON.stringify(items)) return items;
    items = next;
  }
}

/** Returns the actions of the events of each grant. */
function actionsByGrant(items: readonly Item[]): Map<string, string> {
  const actions = new Map<string, string>();
  for (const { pk, action } of items.filter(({ pk, sk }) => pk.startsWith('grant#') && sk.startsWith('event#'))) {
    const grantId = pk.slice('grant#'.length);
    actions.set(grantId, [actions.get(grantId) ?? [], String(action)].flat().toSorted().join(' '));
  }
  return actions;
}

const grantsIn = (items: readonly Item[]) =>
  items.filter(({ sk }) => sk === 'grant').map(({ pk }) => pk.slice('grant#'.length));

/** Reads all pages of a list and checks that the total of each page is the length of the list. */
async function listAll(name: string, body: object): Promise<string[]> {
  const ids: string[] = [];
  const totals = new Set<unknown>();
  let marker = '';
  do {
    const page = await post(name, JSON.stringify({ ...body, limit: '1000', marker }));
    ids.push(...(page['grants'] as { grant_id: string }[]).map(({ grant_id }) => grant_id));
    totals.add(page['total']);
    marker = String(page['next_marker']);
  } while (marker !== '');
  expect([...totals]).toEqual([ids.length]);
  return ids;
}

const listed = async () =>
  (await Promise.all(demo.keys.map(({ key_id }) => listAll('list-grants', { key_id })))).flat().toSorted();

const killBefore: Step = async () => {
  await service.stop('SIGKILL');
  return 'drop';
};
const killAfter: Step = async (_request, forward) => {
  await forward();
  await service.stop('SIGKILL');
  return 'drop';
};

test.each([
  ['before DynamoDB gets it', killBefore, 0],
  ['after DynamoDB has applied it', killAfter, 1],
])(
  'a change whose service is killed %s is applied once after a retry',
  async (_when, step, by) => {
    await restart(fake.endpoint);
    for (const request of [createRequest(), revokeRequest([...existing.keys()].at(-1) ?? '')]) {
      const before = await stableItems();
      fake.next('TransactWriteItems', step);
      await expect(send(request)).rejects.toThrow();
      const after = await stableItems();
      expect(auditItems(after)).toEqual([]);
      const isCreate = request.grantId === undefined;
      expect(grantsIn(after).length - grantsIn(before).length).toBe(isCreate ? by : by && -by);
      if (by === 0) expect(after).toEqual(before);

      await restart(fake.endpoint);
      const grantId = await send(request);
      expect(await listed()).toEqual([...existing.keys()].toSorted());
      if (by === 1 && isCreate) expect(grantsIn(after)).toContain(grantId);
      expect(auditItems(await stableItems())).toEqual([]);
    }
    await restart();
  },
  60_000,
);

test.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))(
  'after kill %i, answered changes are stored, and unanswered ones can be retried',
  async () => {
    const unanswered = await killUnderLoad();
    const items = await stableItems();
    expect(auditItems(items)).toEqual([]);
    const [stored, actions] = [new Set(grantsIn(items)), actionsByGrant(items)];
    const maybeRevoked = new Set(unanswered.map(({ grantId }) => grantId));
    for (const grantId of revoked) expect(actions.get(grantId)).toBe('create-grant revoke-grant');
    expect([...revoked].filter((grantId) => stored.has(grantId))).toEqual([]);
    expect([...existing.keys()].filter((grantId) => !stored.has(grantId) && !maybeRevoked.has(grantId))).toEqual([]);
    const unknown = [...stored].filter((grantId) => !existing.has(grantId));
    expect(unknown.length).toBeLessThanOrEqual(unanswered.filter(({ grantId }) => grantId === undefined).length);

    await restart();
    await Promise.all([...unanswered, ...unanswered].map(send));
    const expected = [...existing.keys()].toSorted();
    expect(await listed()).toEqual(expected);
    expect((await listAll('list-retirable-grants', {})).toSorted()).toEqual(expected);
  },
  60_000,
);

test('after all kills every counter is exact and each change has one event', async () => {
  expect(await service.stop()).toBe(0);
  const items = await stableItems();
  expect(auditItems(items)).toEqual([]);
  expect(grantsIn(items).toSorted()).toEqual([...existing.keys()].toSorted());
  const expected = new Map([
    ...[...existing.keys()].map((grantId) => [grantId, 'create-grant'] as const),
    ...[...revoked].map((grantId) => [grantId, 'create-grant revoke-grant'] as const),
  ]);
  expect(actionsByGrant(items)).toEqual(expected);
});
