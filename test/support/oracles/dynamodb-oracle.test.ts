/** Tests the oracle: it accepts a correct table and finds every removed, added or altered item. */
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
  await writeWebhookItems();
  items = await scan(...tableLocation());
});
afterAll(() => service?.stop());

const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';

function tableLocation(): [endpoint: string, table: string, region: string] {
  const { table, endpoint, aws } = service.services.config.dynamodb ?? {};
  return [endpoint ?? '', table ?? '', aws?.region ?? ''];
}

/** Writes an open job, an ended job, a mapping, a provisioned user and an outbox entry. */
async function writeWebhookItems(): Promise<void> {
  const { dynamodb } = service.services.config;
  if (!dynamodb) throw new Error('the service does not run on DynamoDB');
  const store = openDynamodbStore({ ...dynamodb, hasOutbox: true });
  for (const job of [testJob(1), testJob(2)]) await store.jobs.add(job);
  expect(await store.jobs.save({ ...testJob(2), state: 'done', dueAtMs: NOW_MS + 3 })).toBe(true);
  await store.mappings.put({ source: 'okta', identity: 'ann', grantee: GRANTEE });
  await store.scim.add({
    source: 'entra',
    type: 'User',
    id: '01a226ad-0b37-7bf4-b9f7-ca573154096d',
    userName: 'Ann',
    externalId: 'Ext-7',
    active: true,
    createdAtMs: NOW_MS,
    modifiedAtMs: NOW_MS,
    version: 1,
  });
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

/** Items that no other item implies: idempotency records, tokens, outbox entries, mappings and roles. */
const isIndependent = ({ pk, sk }: Item) => /^(once|token|outbox)#|^mappings$/.test(pk) || sk.startsWith('role#');

/** Counters that are all 0 need not exist. */
const isZero = ({ pk, sk, revision, ...counts }: Item) => Object.values(counts).every((count) => count === 0);

test('a table that the service has written has no faults', async () => {
  expect(await auditTable(...tableLocation())).toEqual([]);
});

test('the table of this test has an item of every kind in the schema', () => {
  const partitions = new Set(items.map(({ pk }) => pk.split('#')[0]));
  expect([...partitions].toSorted()).toEqual(
    ['access-key', 'all', 'domain', 'due', 'events', 'grant', 'key', 'keys', 'name', 'once', 'project', 'retirable']
      .concat(
        'retirable-n',
        'token',
        'user',
        'grantee-events',
        'job',
        'open-jobs',
        'mappings',
        'outbox',
        'scim',
        'scim-value',
        'scim-list',
        'scim-n',
      )
      .toSorted(),
  );
});

test('a missing item is found, whichever it is', () => {
  const required = items.filter((item) => !isIndependent(item) && !isZero(item));
  expect(required.length).toBeGreaterThan(80);
  const unnoticed = required.filter((missing) => auditItems(items.filter((item) => item !== missing)).length === 0);
  expect(unnoticed).toEqual([]);
});

test('an extra row, event or grant is found, whichever it is', () => {
  const unnoticed = items
    .filter((item) => !isIndependent(item) && !/^(domain|retirable-n)#/.test(item.pk) && !/^(n|held#.*)$/.test(item.sk))
    .filter(({ pk, sk, ...rest }) => auditItems([...items, { ...rest, pk: `${pk}f`, sk: `${sk}f` }]).length === 0);
  expect(unnoticed).toEqual([]);
});

test.each([1, -1])('a counter that is wrong by %i is found, whichever it is', (by) => {
  const isCounter = ({ pk, sk }: Item) =>
    sk === 'n' || sk.startsWith('held#') || (pk.startsWith('key#') && sk === 'key');
  const counters = items.filter(isCounter).flatMap((item) => {
    const names = Object.keys(item).filter((name) => typeof item[name] === 'number' && !/AtMs$/.test(name));
    return names.map((name) => ({ item, name }));
  });
  expect(counters.length).toBeGreaterThan(20);
  const unnoticed = counters.filter(({ item: counted, name }) => {
    const wrong = { ...counted, [name]: Number(counted[name]) + by };
    return auditItems(items.map((item) => (item === counted ? wrong : item))).length === 0;
  });
  expect(unnoticed).toEqual([]);
});

test.each(['wire', 'keyId', 'id', 'action'])('a wrong %s in one item is found, whichever it is', (name) => {
  const holders = items.filter((item) => typeof item[name] === 'string');
  expect(holders.length).toBeGreaterThan(5);
  const unnoticed = holders.filter((holder) => {
    const text = String(holder[name]);
    const altered = { ...holder, [name]: text.startsWith('{') ? text.replace(/"\w+"\}$/, '"x"}') : `${text}x` };
    return auditItems(items.map((item) => (item === holder ? altered : item))).length === 0;
  });
  expect(unnoticed).toEqual([]);
});

test('a ttl that is too short, or on an item that must stay, is found', () => {
  const withTtl = items.filter(({ ttl }) => ttl !== undefined);
  const kinds = withTtl.map(({ pk }) => pk.replace(/#(?!jobs).*/, ''));
  expect([...new Set(kinds)].toSorted()).toEqual(['all#jobs', 'job', 'once', 'token']);
  for (const original of withTtl) {
    // 8 days less: the ttl of a token may be up to 7 days after its expiry.
    const altered = { ...original, ttl: Number(original['ttl']) - 8 * 24 * 60 * 60 };
    expect(auditItems(items.map((item) => (item === original ? altered : item)))).toHaveLength(1);
  }
  const grant = items.find(({ sk }) => sk === 'grant');
  expect(auditItems(items.map((item) => (item === grant ? { ...item, ttl: 1 } : item)))).toEqual([
    `${grant?.pk} grant: has a ttl`,
  ]);
});

test('a wrong attribute of a job, mapping or outbox entry is found', () => {
  const find = (matches: (item: Item) => boolean) => items.find(matches) as Item;
  const altered: [item: Item, change: Partial<Item>][] = [
    [find(({ pk, ttl }) => pk.startsWith('job#') && ttl === undefined), { ttl: 4_000_000_000 }],
    [find(({ pk, ttl }) => pk === 'all#jobs' && ttl === undefined), { ttl: 4_000_000_000 }],
    [find(({ pk }) => pk.startsWith('job#')), { state: 'waiting' }],
    [find(({ pk }) => pk.startsWith('job#')), { revision: 9 }],
    [find(({ pk }) => pk === 'open-jobs'), { sk: `0001795327200009#${testJob(1).jobId}` }],
    [find(({ pk }) => pk === 'mappings'), { identity: 'bob' }],
    [find(({ pk }) => pk === 'mappings'), { source: '*' }],
    [find(({ pk }) => pk.startsWith('outbox#')), { sk: 'event#0f' }],
    [find(({ pk }) => pk.startsWith('outbox#')), { actor: 'x' }],
  ];
  const unnoticed = altered.filter(([original, change]) => {
    const wrong = { ...original, ...change } as Item;
    return auditItems(items.map((item) => (item === original ? wrong : item))).length === 0;
  });
  expect(unnoticed).toEqual([]);
});
