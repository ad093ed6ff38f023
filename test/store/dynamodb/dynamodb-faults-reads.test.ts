/** Lists that change while they are read, and batches that are answered in part. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  CREATOR,
  changeKeyState,
  commitAll,
  createGrant,
  createKey,
  DISABLED,
  DOMAIN,
  domain,
  ENABLED,
  GRANTEE,
  keyId,
  numbers,
  PROJECT,
  removeGrant,
  testGrant,
  testKey,
  user,
} from '../../contract/fixtures.ts';
import { type Step, throttled, unprocessed } from '../../support/fake-dynamodb.ts';
import { ended, type FaultyStore, openFaultyStore, toldBy } from './fault-fixture.ts';

const ALL = { limit: 1000 };
const FIRST_TWO = { limit: 2 };

let faulty: FaultyStore;

beforeEach(async () => {
  faulty = await openFaultyStore();
  await commitAll(
    faulty.direct,
    numbers(1, 4).map((n) => createGrant(testGrant(n))),
  );
  await commitAll(
    faulty.direct,
    numbers(2, 4).map((n) => createKey(testKey(n))),
  );
});
afterEach(() => faulty.stop());

/** Something happens before this read is answered, or after it was done and before its answer is sent. */
const before =
  (change: () => Promise<void>): Step =>
  async (_asked, forward) => {
    await change();
    return forward();
  };
const after =
  (change: () => Promise<void>): Step =>
  async (_asked, forward) => {
    const answer = await forward();
    await change();
    return answer;
  };

const made = () => commitAll(faulty.direct, [createGrant(testGrant(9))]);
const removed = () => commitAll(faulty.direct, [removeGrant(testGrant(2))]);
const disabled = () => commitAll(faulty.direct, [changeKeyState(testKey(3), DISABLED)]);

const idsIn = ({ json }: { json: string }) =>
  (JSON.parse(json) as { grant_id: string }[]).map(({ grant_id }) => grant_id);
const grantIds = (...ns: number[]) => ns.map((n) => testGrant(n).grant_id);

async function listGrants(filter = {}, page = ALL) {
  const key = await faulty.store.grants.key(PROJECT, keyId(1));
  if (!key) throw new Error('no key');
  return faulty.store.grants.listGrants(key, filter, page);
}

const LISTS: [string, () => Promise<{ json: string; total: number }>][] = [
  ['the grants of a key', () => listGrants()],
  ['the grants of a grantee', () => listGrants({ grantee: GRANTEE })],
  ['retirable grants', () => faulty.store.grants.listRetirable(PROJECT, user(CREATOR), domain(DOMAIN), ALL)],
];

describe.each(LISTS)('%s, when one is made or removed between the reads, is as it was at one moment', (_what, list) => {
  test.each([
    ['before the rows', before],
    ['after the rows', after],
  ])('%s', async (_when, around) => {
    faulty.fake.next('Query', around(made));
    const grown = await list();
    expect([grown.total, idsIn(grown)]).toEqual([5, grantIds(1, 2, 3, 4, 9)]);

    faulty.fake.next('Query', around(removed));
    const shrunk = await list();
    expect([shrunk.total, idsIn(shrunk)]).toEqual([4, grantIds(1, 3, 4, 9)]);
  });
});

test('the same with a grantee, when the change comes between the rows and the count', async () => {
  const isCount = (asked: Parameters<Step>[0]) => String(asked.input.Key.sk.S).startsWith('held#');
  let isDone = false;
  faulty.fake.always('GetItem', async (asked, forward) => {
    const answer = await forward();
    if (isCount(asked) && !isDone) {
      isDone = true;
      await made();
    }
    return answer;
  });
  const { total, json } = await listGrants({ grantee: GRANTEE });
  expect([total, idsIn({ json })]).toEqual([5, grantIds(1, 2, 3, 4, 9)]);
});

test('a page whose marker is cut off by a change still tells the total of its moment', async () => {
  faulty.fake.next('Query', before(removed));
  const { total, json, next } = await listGrants({}, FIRST_TWO);
  expect([total, idsIn({ json }), next]).toEqual([3, grantIds(1, 3), testGrant(3).grant_id]);
});

describe('a list of keys, when one is made or moved between the reads, is as it was at one moment', () => {
  const list = (filter = {}) => faulty.store.grants.listKeys(PROJECT, filter, ALL);
  const show = ({ total, keys }: Awaited<ReturnType<typeof list>>) => [total, keys.map(({ keyId: id }) => id)];

  test.each([
    ['before the rows', 'Query', before],
    ['after the rows', 'Query', after],
    ['before the keys', 'BatchGetItem', before],
    ['after the keys', 'BatchGetItem', after],
  ] as const)('%s', async (_when, operation, around) => {
    faulty.fake.next(
      operation,
      around(() => commitAll(faulty.direct, [createKey(testKey(6))])),
    );
    expect(show(await list())).toEqual([6, numbers(1, 6).map(keyId)]);

    faulty.fake.next(operation, around(disabled));
    const enabled = await list({ state: ENABLED });
    expect(show(enabled)).toEqual([5, [1, 2, 4, 5, 6].map(keyId)]);
    expect(new Set(enabled.keys.map(({ state }) => state))).toEqual(new Set([ENABLED]));
  });
});

test('a list that changes whenever it is read is answered all the same, and soon', async () => {
  let n = 10;
  faulty.fake.always(
    'Query',
    before(async () => {
      n += 1;
      await commitAll(faulty.direct, [createGrant(testGrant(n))]);
    }),
  );
  const startedAtMs = performance.now();
  const { total, json } = await listGrants();
  expect(performance.now() - startedAtMs).toBeLessThan(5_000);
  expect(Math.abs(total - idsIn({ json }).length)).toBeLessThanOrEqual(1);
});

describe('a list that DynamoDB answers in pieces, as it does past 1 MB, is whole', () => {
  /** Each answer has one row at most, and says where to go on. */
  const piecemeal: Step = ({ input }, forward) => forward({ ...input, Limit: 1 });

  test.each([
    [{ limit: 1000 }, [1, 2, 3, 4]],
    [{ limit: 2 }, [1, 2]],
    [{ limit: 2, offset: 1 }, [2, 3]],
    [{ limit: 2, offset: 3 }, [4]],
    [{ limit: 2, offset: 4 }, []],
    [{ limit: 2, after: testGrant(2).grant_id }, [3, 4]],
  ])('%j', async (page, ns) => {
    faulty.fake.always('Query', piecemeal);
    const { total, json } = await listGrants({}, page);
    expect([total, idsIn({ json })]).toEqual([4, grantIds(...ns)]);
  });
});

test('every read is a consistent one', async () => {
  const { store, fake } = faulty;
  const { grants, directory, events, idempotency } = store;
  await Promise.all([
    ...LISTS.map(([, list]) => list()),
    grants.listKeys(PROJECT, {}, ALL),
    grants.keyByAlias(PROJECT, 'alias-1'),
    grants.keyCount(PROJECT),
    grants.keysDue(0, 10),
    grants.grant(PROJECT, testGrant(1).grant_id),
    grants.heldOperations(keyId(1), [user(GRANTEE)]),
    ...[{}, { keyId: keyId(1) }, { grantId: testGrant(1).grant_id }].map((filter) => events.list(PROJECT, filter, 10)),
    idempotency.find('a', 0),
    directory.session('a'),
    directory.accessKey('a'),
    directory.projectsOf('a'),
    directory.rolesOf('a', 'b'),
    directory.users(),
  ]);
  const reads = fake.asked.map(({ operation, input }) => ({
    operation,
    asked: operation === 'BatchGetItem' ? Object.values(input.RequestItems as object[]) : [input],
  }));
  expect(new Set(reads.map(({ operation }) => operation))).toEqual(new Set(['GetItem', 'BatchGetItem', 'Query']));
  for (const { asked } of reads) expect(asked).toMatchObject([{ ConsistentRead: true }]);
});

describe('a batch that is answered in part', () => {
  const list = () => faulty.store.grants.listKeys(PROJECT, {}, ALL);

  test.each([1, 3, 5])('%i of its keys are asked for again, and all come in order', async (many) => {
    faulty.fake.next('BatchGetItem', unprocessed(many));
    const { keys, total } = await list();
    expect([total, keys.map(({ keyId: id }) => id)]).toEqual([5, numbers(1, 5).map(keyId)]);
    const asked = faulty.fake.asked.filter(({ operation }) => operation === 'BatchGetItem');
    const sizes = asked.map(({ input }) => Object.values(input.RequestItems as { Keys: object[] }[])[0]?.Keys.length);
    expect(sizes).toEqual([5, many]);
    for (const { input } of asked) expect(JSON.stringify(input)).toContain('"ConsistentRead":true');
  });

  test('again and again, and throttled in between', async () => {
    faulty.fake.next('BatchGetItem', unprocessed(4), throttled, unprocessed(4), unprocessed(2), unprocessed(1));
    expect((await list()).keys.map(({ keyId: id }) => id)).toEqual(numbers(1, 5).map(keyId));
  });

  test('for ever is 504 within the time of a read, with pauses', async () => {
    faulty.fake.always('BatchGetItem', unprocessed(5));
    const { thrown, ms } = await ended(() => Promise.race([list(), deadline(5_000)]));
    const { length: tries } = faulty.fake.asked;
    expect(toldBy(thrown).code).toBe('APIGW.0201:504');
    expect(ms).toBeLessThan(3_500);
    expect(tries).toBeLessThan(60);
  });
});

const deadline = (ms: number) =>
  new Promise((_resolve, reject) => setTimeout(reject, ms, new Error('not ended yet')).unref());
