/** kill -9 of a service on DynamoDB under load, and inside a transaction: what was answered holds, nothing is half-done. */
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

/** A change as it was sent, `sequence` and all, so that it can be sent again as a client does. */
interface Ask {
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

/** What the service has said 200 to: grant id -> key id. */
const living = new Map<string, string>();
const revoked = new Set<string>();

beforeAll(async () => {
  folder = newDataDir();
  fake = await startFakeDynamodb(dynamodbEndpoint());
  service = await start();
  demo = service.demo();
  for (const { grant_id, key_id } of demo.grants) living.set(grant_id, key_id);
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

/** Another process, on the same table and data folder. */
async function restart(endpoint?: string): Promise<void> {
  await service.stop();
  service = await start(endpoint);
}

async function post(name: string, body: string): Promise<Record<string, unknown>> {
  const url = `${service.url}/v1.0/${demo.project_id}/kms/${name}`;
  const response = await fetch(url, { method: 'POST', headers: { 'X-Auth-Token': token }, body });
  const answer = (await response.json()) as Record<string, unknown>;
  if (response.status !== 200) throw new Refused(`${name}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

/** @returns the grant that was made or revoked */
async function send({ name, grantId, body }: Ask): Promise<string> {
  const answer = await post(name, body);
  if (grantId === undefined) {
    living.set(String(answer['grant_id']), JSON.parse(body).key_id);
    return String(answer['grant_id']);
  }
  living.delete(grantId);
  revoked.add(grantId);
  return grantId;
}

function createAsk(): Ask {
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

function revokeAsk(grantId: string): Ask {
  const ask = { key_id: living.get(grantId), grant_id: grantId, sequence: randomUUID() };
  return { name: 'revoke-grant', grantId, body: JSON.stringify(ask) };
}

/** Creates and revokes until the service is gone. @returns the change that got no answer */
async function work(answered: () => void): Promise<Ask> {
  const mine: string[] = [];
  for (;;) {
    const isRevoke = mine.length > 0 && randomInt(5) < 2;
    const ask = isRevoke ? revokeAsk(mine.splice(randomInt(mine.length), 1)[0] as string) : createAsk();
    try {
      const grantId = await send(ask);
      if (!isRevoke) mine.push(grantId);
      answered();
    } catch (error) {
      if (error instanceof Refused) throw error;
      return ask;
    }
  }
}

/** Kills it at a random moment among its answers. @returns the changes that got no answer */
async function killAtWork(): Promise<Ask[]> {
  const killed = once(service.child, 'exit');
  let left = randomInt(20, 120);
  const answered = () => {
    left -= 1;
    if (left === 0) setTimeout(() => service.child.kill('SIGKILL'), randomInt(10));
  };
  const unanswered = await Promise.all(Array.from({ length: CONNECTIONS }, () => work(answered)));
  expect(await killed).toEqual([null, 'SIGKILL']);
  return unanswered;
}

/** The table once DynamoDB has done with what the killed process had sent: when two looks at it are the same. */
async function settled(): Promise<Item[]> {
  let items = await scan(dynamodbEndpoint(), table, 'local');
  for (;;) {
    const again = await scan(dynamodbEndpoint(), table, 'local');
    if (JSON.stringify(again) === JSON.stringify(items)) return items;
    items = again;
  }
}

/** The actions recorded for each grant. */
function storiesIn(items: readonly Item[]): Map<string, string> {
  const stories = new Map<string, string>();
  for (const { pk, action } of items.filter(({ pk, sk }) => pk.startsWith('grant#') && sk.startsWith('event#'))) {
    const grantId = pk.slice('grant#'.length);
    stories.set(grantId, [stories.get(grantId) ?? [], String(action)].flat().toSorted().join(' '));
  }
  return stories;
}

const grantsIn = (items: readonly Item[]) =>
  items.filter(({ sk }) => sk === 'grant').map(({ pk }) => pk.slice('grant#'.length));

/** A list to its end. Every page tells the same total, and it is the length of the list. */
async function all(name: string, body: object): Promise<string[]> {
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
  (await Promise.all(demo.keys.map(({ key_id }) => all('list-grants', { key_id })))).flat().toSorted();

const killedBefore: Step = async () => {
  await service.stop('SIGKILL');
  return 'drop';
};
const killedAfter: Step = async (_asked, forward) => {
  await forward();
  await service.stop('SIGKILL');
  return 'drop';
};

test.each([
  ['before DynamoDB has it', killedBefore, 0],
  ['after DynamoDB has done it', killedAfter, 1],
])(
  'killed inside a transaction, %s: not done or done whole, and once when it is sent again',
  async (_when, step, by) => {
    await restart(fake.endpoint);
    for (const ask of [createAsk(), revokeAsk([...living.keys()].at(-1) ?? '')]) {
      const before = await settled();
      fake.next('TransactWriteItems', step);
      await expect(send(ask)).rejects.toThrow();
      const after = await settled();
      expect(auditItems(after)).toEqual([]);
      const isCreate = ask.grantId === undefined;
      expect(grantsIn(after).length - grantsIn(before).length).toBe(isCreate ? by : by && -by);
      if (by === 0) expect(after).toEqual(before);

      await restart(fake.endpoint);
      const grantId = await send(ask);
      expect(await listed()).toEqual([...living.keys()].toSorted());
      if (by === 1 && isCreate) expect(grantsIn(after)).toContain(grantId);
      expect(auditItems(await settled())).toEqual([]);
    }
    await restart();
  },
  60_000,
);

test.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))(
  'kill %i: what was answered is there, what was not is whole or not at all, and can be sent again',
  async () => {
    const unanswered = await killAtWork();
    const items = await settled();
    expect(auditItems(items)).toEqual([]);
    const [found, stories] = [new Set(grantsIn(items)), storiesIn(items)];
    const maybeRevoked = new Set(unanswered.map(({ grantId }) => grantId));
    for (const grantId of revoked) expect(stories.get(grantId)).toBe('create-grant revoke-grant');
    expect([...revoked].filter((grantId) => found.has(grantId))).toEqual([]);
    expect([...living.keys()].filter((grantId) => !found.has(grantId) && !maybeRevoked.has(grantId))).toEqual([]);
    const unknown = [...found].filter((grantId) => !living.has(grantId));
    expect(unknown.length).toBeLessThanOrEqual(unanswered.filter(({ grantId }) => grantId === undefined).length);

    await restart();
    await Promise.all([...unanswered, ...unanswered].map(send));
    const expected = [...living.keys()].toSorted();
    expect(await listed()).toEqual(expected);
    expect((await all('list-retirable-grants', {})).toSorted()).toEqual(expected);
  },
  60_000,
);

test('after all that every count is exact, and each change has one event', async () => {
  expect(await service.stop()).toBe(0);
  const items = await settled();
  expect(auditItems(items)).toEqual([]);
  expect(grantsIn(items).toSorted()).toEqual([...living.keys()].toSorted());
  const expected = new Map([
    ...[...living.keys()].map((grantId) => [grantId, 'create-grant'] as const),
    ...[...revoked].map((grantId) => [grantId, 'create-grant revoke-grant'] as const),
  ]);
  expect(storiesIn(items)).toEqual(expected);
});
