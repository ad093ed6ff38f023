/** kill -9 while 16 connections create and revoke grants: what was answered is kept, and nothing is half-done. */
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

/** A change as it was sent, `sequence` and all, so that it can be sent again as a client does. */
interface Ask {
  name: 'create-grant' | 'revoke-grant';
  keyId: string;
  grantId?: string;
  body: string;
}

class Refused extends Error {}

let folder: string;
let service: ServiceProcess;
let demo: Demo;
let token: string;
let granteesToken: string;

/** What the service has said 200 to: grant id -> key id. */
const living = new Map<string, string>();
const revoked = new Map<string, string>();

beforeAll(async () => {
  folder = newDataDir();
  service = await start();
  demo = service.demo();
  [token, granteesToken] = (await Promise.all(demo.users.slice(0, 2).map(login))) as [string, string];
  for (const { grant_id, key_id } of demo.grants) living.set(grant_id, key_id);
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
  const answer = (await response.json()) as Record<string, unknown>;
  if (response.status !== 200) throw new Refused(`${name}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

async function send(ask: Ask): Promise<string> {
  const answer = await post(ask.name, ask.body);
  if (ask.grantId === undefined) {
    living.set(String(answer['grant_id']), ask.keyId);
    return String(answer['grant_id']);
  }
  living.delete(ask.grantId);
  revoked.set(ask.grantId, ask.keyId);
  return ask.grantId;
}

function createAsk(): Ask {
  const keyId = demo.keys[randomInt(2)]?.key_id ?? '';
  const operations = randomInt(2) ? ['describe-key', 'retire-grant'] : ['describe-key', 'create-grant'];
  const [creator, grantee] = demo.users;
  const more = randomInt(2) ? {} : { retiring_principal: grantee?.user_id, name: 'kept' };
  const grant = { key_id: keyId, grantee_principal: (randomInt(2) ? grantee : creator)?.user_id, operations, ...more };
  return { name: 'create-grant', keyId, body: JSON.stringify({ ...grant, sequence: randomUUID() }) };
}

function revokeAsk(grantId: string): Ask {
  const keyId = living.get(grantId) ?? '';
  const body = JSON.stringify({ key_id: keyId, grant_id: grantId, sequence: randomUUID() });
  return { name: 'revoke-grant', keyId, grantId, body };
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
  let left = randomInt(50, 800);
  const answered = () => {
    left -= 1;
    if (left === 0) setTimeout(() => service.child.kill('SIGKILL'), randomInt(5));
  };
  const unanswered = await Promise.all(Array.from({ length: CONNECTIONS }, () => work(answered)));
  expect(await killed).toEqual([null, 'SIGKILL']);
  return unanswered;
}

/** A list to its end. Every page tells the same total, and it is the length of the list. */
async function all(name: string, body: object, as = token): Promise<string[]> {
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

async function listed(): Promise<string[]> {
  const lists = await Promise.all(demo.keys.map(({ key_id }) => all('list-grants', { key_id })));
  return lists.flat();
}

/** The actions recorded for each grant, from a copy of the files as they were found, so that they stay as they are. */
function recorded(round: number): Map<string, string> {
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

/** The same changes sent again, as clients do that got no answer: each is answered, and done once. */
async function resend(unanswered: Ask[]): Promise<void> {
  await Promise.all([...unanswered, ...unanswered].map(send));
}

test.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))(
  'kill %i: what was answered is there, what was not is whole or not at all, and can be sent again',
  async (round) => {
    const unanswered = await killAtWork();
    const events = recorded(round);
    const maybeRevoked = new Set(unanswered.map(({ grantId }) => grantId));
    for (const grantId of revoked.keys()) expect(events.get(grantId)).toBe('create-grant revoke-grant');
    for (const grantId of living.keys()) {
      if (!maybeRevoked.has(grantId)) expect(events.get(grantId)).toBe('create-grant');
    }

    service = await start();
    const found = new Set(await listed());
    const creates = unanswered.filter(({ grantId }) => grantId === undefined);
    const unknown = [...found].filter((grantId) => !living.has(grantId));
    expect(unknown.filter((grantId) => revoked.has(grantId))).toEqual([]);
    expect(unknown.length).toBeLessThanOrEqual(creates.length);
    expect([...living.keys()].filter((grantId) => !found.has(grantId) && !maybeRevoked.has(grantId))).toEqual([]);

    await resend(unanswered);
    const expected = [...living.keys()].sort();
    expect((await listed()).sort()).toEqual(expected);
    expect((await all('list-retirable-grants', {})).sort()).toEqual(expected);
    await all('list-retirable-grants', {}, granteesToken);
  },
  20_000,
);

test('after all that, each grant has its create event, each revoked one its revoke event, and every count is exact', async () => {
  expect(await service.stop()).toBe(0);
  const events = recorded(0);
  const expected = new Map([
    ...[...living.keys()].map((grantId) => [grantId, 'create-grant'] as const),
    ...[...revoked.keys()].map((grantId) => [grantId, 'create-grant revoke-grant'] as const),
  ]);
  events.delete('null');
  expect(events).toEqual(expected);
});
