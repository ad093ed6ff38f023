/** Lists that change while they are read, and batch reads with unprocessed keys. */
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
import { type Step, throttled, unprocessedKeys } from '../../support/fake-dynamodb.ts';
import { codeAndMessages, type FaultyStore, failureOf, openFaultyStore } from './fault-fixture.ts';

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

/** Makes a change just before the read. */
const before =
  (change: () => Promise<void>): Step =>
  async (_request, forward) => {
    await change();
    return forward();
  };
/** Makes a change after the read and before its response is sent. */
const after =
  (change: () => Promise<void>): Step =>
  async (_request, forward) => {
    const response = await forward();
    await change();
    return response;
  };

const createOne = () => commitAll(faulty.direct, [createGrant(testGrant(9))]);
const removeOne = () => commitAll(faulty.direct, [removeGrant(testGrant(2))]);
const disableOne = () => commitAll(faulty.direct, [changeKeyState(testKey(3), DISABLED)]);

const idsIn = ({ json }: { json: string }) =>
  (JSON.parse(json) as { grant_id: string }[]).map(({ grant_id }) => grant_id);
const grantIds = (...ns: number[]) => ns.map((n) => testGrant(n).grant_id);

async function listGrants(filter = {}, page = ALL) {
  const key = await faulty.store.grants.key(PROJECT, keyId(1));
  if (!key) throw new Error('no key');
  return faulty.store.grants.listGrants(key, filter, page);
}

const LISTS: [string, () => Promise<{ json: string; total: number }>][] = [
  ['grants of a key', () => listGrants()],
  ['grants of a grantee on a key', () => listGrants({ grantee: GRANTEE })],
  ['retirable grants', () => faulty.store.grants.listRetirable(PROJECT, user(CREATOR), domain(DOMAIN), ALL)],
];

describe.each(LISTS)('the list of %s has rows and total of the same moment', (_what, list) => {
  test.each([
    ['before', before],
    ['after', after],
  ])('when a grant is created or removed just %s the rows are read', async (_when, around) => {
    faulty.fake.next('Query', around(createOne));
    const grown = await list();
    expect([grown.total, idsIn(grown)]).toEqual([5, grantIds(1, 2, 3, 4, 9)]);

    faulty.fake.next('Query', around(removeOne));
    const shrunk = await list();
    expect([shrunk.total, idsIn(shrunk)]).toEqual([4, grantIds(1, 3, 4, 9)]);
  });
});

test('the list of a grantee has rows and total of the same moment when they change in between', async () => {
  const isCounter = (request: Parameters<Step>[0]) => String(request.input.Key.sk.S).startsWith('held#');
  let isCreated = false;
  faulty.fake.always('GetItem', async (request, forward) => {
    const response = await forward();
    if (isCounter(request) && !isCreated) {
      isCreated = true;
      await createOne();
    }
    return response;
  });
  const { total, json } = await listGrants({ grantee: GRANTEE });
  expect([total, idsIn({ json })]).toEqual([5, grantIds(1, 2, 3, 4, 9)]);
});

test('a page has rows, total and marker of the same moment when a grant is removed before it is read', async () => {
  faulty.fake.next('Query', before(removeOne));
  const { total, json, next } = await listGrants({}, FIRST_TWO);
  expect([total, idsIn({ json }), next]).toEqual([3, grantIds(1, 3), testGrant(3).grant_id]);
});

describe('the list of keys has rows and total of the same moment', () => {
  const list = (filter = {}) => faulty.store.grants.listKeys(PROJECT, filter, ALL);
  const totalAndIds = ({ total, keys }: Awaited<ReturnType<typeof list>>) => [total, keys.map(({ keyId: id }) => id)];

  test.each([
    ['before the rows', 'Query', before],
    ['after the rows', 'Query', after],
    ['before the keys', 'BatchGetItem', before],
    ['after the keys', 'BatchGetItem', after],
  ] as const)('when a key is created or disabled just %s are read', async (_when, operation, around) => {
    faulty.fake.next(
      operation,
      around(() => commitAll(faulty.direct, [createKey(testKey(6))])),
    );
    expect(totalAndIds(await list())).toEqual([6, numbers(1, 6).map(keyId)]);

    faulty.fake.next(operation, around(disableOne));
    const enabled = await list({ state: ENABLED });
    expect(totalAndIds(enabled)).toEqual([5, [1, 2, 4, 5, 6].map(keyId)]);
    expect(new Set(enabled.keys.map(({ state }) => state))).toEqual(new Set([ENABLED]));
  });
});

test('a list that changes during every read is returned within 5 seconds', async () => {
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

describe('a list is complete when DynamoDB returns it in parts, as it does beyond 1 MB', () => {
  /** Each response has at most one row, and a key to continue from. */
  const oneRowOnly: Step = ({ input }, forward) => forward({ ...input, Limit: 1 });

  test.each([
    [{ limit: 1000 }, [1, 2, 3, 4]],
    [{ limit: 2 }, [1, 2]],
    [{ limit: 2, offset: 1 }, [2, 3]],
    [{ limit: 2, offset: 3 }, [4]],
    [{ limit: 2, offset: 4 }, []],
    [{ limit: 2, after: testGrant(2).grant_id }, [3, 4]],
  ])('with the page request %j', async (page, ns) => {
    faulty.fake.always('Query', oneRowOnly);
    const { total, json } = await listGrants({}, page);
    expect([total, idsIn({ json })]).toEqual([4, grantIds(...ns)]);
  });
});

test('every read is strongly consistent', async () => {
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
  const reads = fake.requests.map(({ operation, input }) => ({
    operation,
    parameters: operation === 'BatchGetItem' ? Object.values(input.RequestItems as object[]) : [input],
  }));
  expect(new Set(reads.map(({ operation }) => operation))).toEqual(new Set(['GetItem', 'BatchGetItem', 'Query']));
  for (const { parameters } of reads) expect(parameters).toMatchObject([{ ConsistentRead: true }]);
});

describe('a batch read with unprocessed keys', () => {
  const list = () => faulty.store.grants.listKeys(PROJECT, {}, ALL);

  test.each([1, 3, 5])('requests the %i unprocessed keys again and returns all keys in order', async (count) => {
    faulty.fake.next('BatchGetItem', unprocessedKeys(count));
    const { keys, total } = await list();
    expect([total, keys.map(({ keyId: id }) => id)]).toEqual([5, numbers(1, 5).map(keyId)]);
    const requests = faulty.fake.requests.filter(({ operation }) => operation === 'BatchGetItem');
    const sizes = requests.map(
      ({ input }) => Object.values(input.RequestItems as { Keys: object[] }[])[0]?.Keys.length,
    );
    expect(sizes).toEqual([5, count]);
    for (const { input } of requests) expect(JSON.stringify(input)).toContain('"ConsistentRead":true');
  });

  test('returns all keys after several partial responses and throttling', async () => {
    faulty.fake.next(
      'BatchGetItem',
      unprocessedKeys(4),
      throttled,
      unprocessedKeys(4),
      unprocessedKeys(2),
      unprocessedKeys(1),
    );
    expect((await list()).keys.map(({ keyId: id }) => id)).toEqual(numbers(1, 5).map(keyId));
  });

  test('fails with 504 within the time limit if keys stay unprocessed, with pauses between attempts', async () => {
    faulty.fake.always('BatchGetItem', unprocessedKeys(5));
    const { thrown, durationMs } = await failureOf(() => Promise.race([list(), deadline(5_000)]));
    const { length: attempts } = faulty.fake.requests;
    expect(codeAndMessages(thrown).code).toBe('APIGW.0201:504');
    expect(durationMs).toBeLessThan(3_500);
    expect(attempts).toBeLessThan(60);
  });
});

const deadline = (ms: number) =>
  new Promise((_resolve, reject) => setTimeout(reject, ms, new Error('the read took too long')).unref());
