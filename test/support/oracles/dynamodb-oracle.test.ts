/** The audit itself: sound tables pass, and nothing can be taken away, added or altered in one without its notice. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openDynamodbStore } from '../../../lib/store/dynamodb/dynamodb.ts';
import { GRANTEE, grantId, keyId, NOW_MS } from '../../contract/fixtures.ts';
import { testJob } from '../../contract/jobs.ts';
import { startService, type TestService } from '../service.ts';
import { auditItems, auditTable } from './dynamodb.ts';
import { type Item, scan } from './dynamodb-scan.ts';

let service: TestService;
let items: Item[];

beforeAll(async () => {
  service = await startService();
  const { creator, grantee, kms, demo } = service;
  const [key] = demo.keys;
  const body = { key_id: key?.key_id, grantee_principal: creator.domain_id, grantee_principal_type: 'domain' };
  const operations = ['describe-key', 'retire-grant'];
  const answers = [
    await kms(creator, 'create-grant', {
      ...body,
      operations,
      retiring_principal: grantee.user_id,
      sequence: SEQUENCE,
    }),
    await kms(creator, 'revoke-grant', demo.grants[0]),
    await kms(grantee, 'retire-grant', demo.grants[1]),
    await kms(creator, 'schedule-key-deletion', { key_id: demo.keys[1]?.key_id, pending_days: '7' }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  await fillHooks();
  items = await scan(...place());
});
afterAll(() => service?.stop());

const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';

function place(): [endpoint: string, table: string, region: string] {
  const { table, endpoint, aws } = service.services.config.dynamodb ?? {};
  return [endpoint ?? '', table ?? '', aws?.region ?? ''];
}

/** A job under way and one that has ended, who somebody is, a change that is to be told. */
async function fillHooks(): Promise<void> {
  const { dynamodb } = service.services.config;
  if (!dynamodb) throw new Error('this is not on DynamoDB');
  const store = openDynamodbStore({ ...dynamodb, hasOutbox: true });
  for (const job of [testJob(1), testJob(2)]) await store.jobs.add(job);
  expect(await store.jobs.save({ ...testJob(2), state: 'done', dueAtMs: NOW_MS + 3 })).toBe(true);
  await store.mappings.put({ source: 'okta', identity: 'ann', grantee: GRANTEE });
  const [project] = await store.directory.projects();
  await store.events.append(
    {
      eventId: '0e',
      atMs: NOW_MS,
      action: 'revoke-grant',
      projectId: project?.projectId ?? '',
      keyId: keyId(7),
      actor: GRANTEE,
      channel: 'webhook',
      requestId: 'a1b2',
      grantId: grantId(7),
      upstreamRequestId: '',
    },
    [],
  );
}

/** What nothing else tells of: who may do what, what was answered, who is who, what is to be told still. */
const isAlone = ({ pk, sk }: Item) => /^(idempotency|token|outbox)#|^mappings$/.test(pk) || sk.startsWith('role#');

/** Counts that are 0, as when there never was any. */
const isNone = ({ pk, sk, revision, ...counts }: Item) => Object.values(counts).every((count) => count === 0);

test('a table that the service has written is sound', async () => {
  expect(await auditTable(...place())).toEqual([]);
});

test('it has an item of every kind that the schema names', () => {
  const partitions = new Set(items.map(({ pk }) => pk.split('#')[0]));
  expect([...partitions].toSorted()).toEqual(
    ['access-key', 'all', 'domain', 'due', 'events', 'grant', 'key', 'keys', 'name', 'idempotency', 'project', 'retirable']
      .concat('retirable-n', 'token', 'user', 'grantee-events', 'job', 'open-jobs', 'mappings', 'outbox')
      .toSorted(),
  );
});

test('an item that is missing is noticed, whichever it is', () => {
  const needed = items.filter((item) => !isAlone(item) && !isNone(item));
  expect(needed.length).toBeGreaterThan(80);
  const unnoticed = needed.filter((gone) => auditItems(items.filter((item) => item !== gone)).length === 0);
  expect(unnoticed).toEqual([]);
});

test('a row, event or grant that is there once too often is noticed, whichever it is', () => {
  const unnoticed = items
    .filter((item) => !isAlone(item) && !/^(domain|retirable-n)#/.test(item.pk) && !/^(n|held#.*)$/.test(item.sk))
    .filter(({ pk, sk, ...rest }) => auditItems([...items, { ...rest, pk: `${pk}f`, sk: `${sk}f` }]).length === 0);
  expect(unnoticed).toEqual([]);
});

test.each([1, -1])('a counter that is off by %i is noticed, whichever it is', (by) => {
  const isCounter = ({ pk, sk }: Item) =>
    sk === 'n' || sk.startsWith('held#') || (pk.startsWith('key#') && sk === 'key');
  const counters = items.filter(isCounter).flatMap((item) => {
    const names = Object.keys(item).filter((name) => typeof item[name] === 'number' && !/AtMs$/.test(name));
    return names.map((name) => ({ item, name }));
  });
  expect(counters.length).toBeGreaterThan(20);
  const unnoticed = counters.filter(({ item: counted, name }) => {
    const off = { ...counted, [name]: Number(counted[name]) + by };
    return auditItems(items.map((item) => (item === counted ? off : item))).length === 0;
  });
  expect(unnoticed).toEqual([]);
});

test.each(['wire', 'keyId', 'id', 'action'])(
  'another %s in one of several rows is noticed, whichever it is',
  (name) => {
    const holders = items.filter((item) => typeof item[name] === 'string');
    expect(holders.length).toBeGreaterThan(5);
    const unnoticed = holders.filter((holder) => {
      const text = String(holder[name]);
      const altered = { ...holder, [name]: text.startsWith('{') ? text.replace(/"\w+"\}$/, '"x"}') : `${text}x` };
      return auditItems(items.map((item) => (item === holder ? altered : item))).length === 0;
    });
    expect(unnoticed).toEqual([]);
  },
);

test('a time to live that is too short, or on what must stay, is noticed', () => {
  const lingering = items.filter(({ ttl }) => ttl !== undefined);
  const kinds = lingering.map(({ pk }) => pk.replace(/#(?!jobs).*/, ''));
  expect([...new Set(kinds)].toSorted()).toEqual(['all#jobs', 'idempotency', 'job', 'token']);
  for (const short of lingering) {
    // 8 days less: a token's is 7 days longer than it is good for at most.
    const altered = { ...short, ttl: Number(short['ttl']) - 8 * 24 * 60 * 60 };
    expect(auditItems(items.map((item) => (item === short ? altered : item)))).toHaveLength(1);
  }
  const grant = items.find(({ sk }) => sk === 'grant');
  expect(auditItems(items.map((item) => (item === grant ? { ...item, ttl: 1 } : item)))).toEqual([
    `${grant?.pk} grant: has a ttl`,
  ]);
});

test('what is told of hooks and is not so is noticed', () => {
  const found = (isIt: (item: Item) => boolean) => items.find(isIt) as Item;
  const altered: [item: Item, change: Partial<Item>][] = [
    [found(({ pk, ttl }) => pk.startsWith('job#') && ttl === undefined), { ttl: 4_000_000_000 }],
    [found(({ pk, ttl }) => pk === 'all#jobs' && ttl === undefined), { ttl: 4_000_000_000 }],
    [found(({ pk }) => pk.startsWith('job#')), { state: 'waiting' }],
    [found(({ pk }) => pk.startsWith('job#')), { revision: 9 }],
    [found(({ pk }) => pk === 'open-jobs'), { sk: `0001795327200009#${testJob(1).jobId}` }],
    [found(({ pk }) => pk === 'mappings'), { identity: 'bob' }],
    [found(({ pk }) => pk === 'mappings'), { source: '*' }],
    [found(({ pk }) => pk.startsWith('outbox#')), { sk: 'event#0f' }],
    [found(({ pk }) => pk.startsWith('outbox#')), { actor: 'x' }],
  ];
  const unnoticed = altered.filter(([one, change]) => {
    return auditItems(items.map((item) => (item === one ? ({ ...one, ...change } as Item) : item))).length === 0;
  });
  expect(unnoticed).toEqual([]);
});
