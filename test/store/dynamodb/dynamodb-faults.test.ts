/** Changes while DynamoDB is contended, throttled, broken or forbidden. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { AwsError } from '../../../lib/clients/aws-errors.ts';
import { commit, createGrant, PROJECT, removeGrant, testGrant } from '../../contract/fixtures.ts';
import {
  accessDenied,
  cancelled,
  clockAhead,
  clockBehind,
  connectionCut,
  expiredCredentials,
  internalError,
  noResponse,
  respondWith,
  type Step,
  tableMissing,
  throttled,
  throughputExceeded,
  transactionInProgress,
  unavailable,
  unknownCredentials,
  wrongSecret,
} from '../../support/fake-dynamodb.ts';
import { codeAndMessages, type FaultyStore, failureOf, openFaultyStore } from './fault-fixture.ts';

let faulty: FaultyStore;
let last = 0;
const opened: FaultyStore[] = [];

beforeAll(async () => {
  faulty = await open();
});
afterEach(() => faulty.fake.reset());
afterAll(() => Promise.all(opened.map(({ stop }) => stop())));

async function open(): Promise<FaultyStore> {
  const one = await openFaultyStore();
  opened.push(one);
  return one;
}

/** A grant that no test has had yet. */
function newGrant() {
  last += 1;
  return testGrant(last);
}

const tokens = () => faulty.fake.requests.map(({ input }) => input.ClientRequestToken as string);

/** How often the grant was made and removed, as its events tell. */
const storyOf = async (grantId: string) =>
  (await faulty.direct.events.list(PROJECT, { grantId }, 10)).map(({ action }) => action).toSorted();

const conflict = cancelled('None', 'TransactionConflict');
const PASSING: [string, Step][] = [
  ['a conflict with another transaction', conflict],
  ['a conflict on each item', cancelled('TransactionConflict', 'TransactionConflict', 'TransactionConflict')],
  ['throttling within the transaction', cancelled('None', 'ThrottlingError')],
  ['throughput within the transaction', cancelled('ProvisionedThroughputExceeded')],
  ['a conflict and throttling', cancelled('TransactionConflict', 'None', 'ThrottlingError')],
  ['the same transaction under way', transactionInProgress],
  ['throttling', throttled],
  ['throughput', throughputExceeded],
  ['an internal error', internalError],
  ['a service that is unavailable', unavailable],
  ['a cut connection', connectionCut],
  ['a web page from a proxy', respondWith(502, '<html>Bad Gateway</html>')],
  ['a login page in place of an answer', respondWith(200, '<html>Welcome</html>')],
  ['an empty answer', respondWith(200, '')],
];

describe('what passes is tried again, and then done once', () => {
  test.each(PASSING)('%s', async (_what, step) => {
    const grant = newGrant();
    faulty.fake.next('TransactWriteItems', step, step);
    expect(await commit(faulty.store, createGrant(grant))).toEqual({ type: 'done' });
    expect(faulty.fake.operations()).toEqual(Array(3).fill('TransactWriteItems'));
    expect(await storyOf(grant.grant_id)).toEqual(['create-grant']);

    faulty.fake.next('TransactWriteItems', step);
    expect(await commit(faulty.store, removeGrant(grant))).toEqual({ type: 'done' });
    expect(await storyOf(grant.grant_id)).toEqual(['create-grant', 'revoke-grant']);
    expect(await faulty.faults()).toEqual([]);
  });

  test('one after the other, in any mix', async () => {
    const grant = newGrant();
    faulty.fake.next(
      'TransactWriteItems',
      conflict,
      throttled,
      internalError,
      connectionCut,
      transactionInProgress,
      conflict,
    );
    expect(await commit(faulty.store, createGrant(grant))).toEqual({ type: 'done' });
    expect(await storyOf(grant.grant_id)).toEqual(['create-grant']);
    expect(await faulty.faults()).toEqual([]);
  });
});

describe('a try is named so that DynamoDB does it once', () => {
  test.each([
    ['a cut connection', connectionCut],
    ['an internal error', internalError],
    ['the same transaction under way', transactionInProgress],
  ])('after %s it is the same transaction', async (_what, step) => {
    faulty.fake.next('TransactWriteItems', step, step);
    await commit(faulty.store, createGrant(newGrant()));
    expect(new Set(tokens()).size).toBe(1);
    expect(tokens()[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('after one that was cancelled for certain it is another transaction', async () => {
    faulty.fake.next('TransactWriteItems', conflict, conflict);
    await commit(faulty.store, createGrant(newGrant()));
    expect(new Set(tokens()).size).toBe(3);
  });

  test('another change is another transaction', async () => {
    for (let n = 0; n < 3; n += 1) await commit(faulty.store, createGrant(newGrant()));
    expect(new Set(tokens()).size).toBe(3);
  });
});

describe('what does not pass is 504 within its time, and nothing is written', () => {
  const LASTING: [string, Step, RegExp][] = [
    ['contention', conflict, /TransactionConflict/],
    ['throttling', throttled, /ThrottlingException.*Rate of requests exceeds/],
    ['throttling within the transaction', cancelled('ThrottlingError'), /ThrottlingError/],
    ['an internal error', internalError, /InternalServerError \(500\)/],
    ['a cut connection', connectionCut, /ECONNRESET|socket hang up/],
    ['silence', noResponse, /abort|no complete response/i],
    ['a login page in place of an answer', respondWith(200, '<html>Welcome</html>'), /not a JSON object/],
  ];
  /** All of them side by side, each on a store of its own. @returns those stores */
  async function expectLate(steps: typeof LASTING, operation: string, work: (one: FaultyStore) => Promise<unknown>) {
    const stores = await Promise.all(steps.map(open));
    const pictures = await Promise.all(stores.map(({ items }) => items()));
    const ends = await Promise.all(
      stores.map((one, place) => {
        const [, step = connectionCut] = steps[place] ?? [];
        one.fake.always(operation, step);
        return failureOf(() => work(one));
      }),
    );
    const codes = steps.map(([what, , told]) => ({ what, code: 'APIGW.0201:504', told: expect.stringMatching(told) }));
    expect(ends.map(({ thrown }, place) => ({ what: steps[place]?.[0], ...codeAndMessages(thrown) }))).toEqual(codes);
    expect(await Promise.all(stores.map(({ items }) => items()))).toEqual(pictures);
    return {
      stores,
      longestMs: Math.max(...ends.map(({ ms }) => ms)),
      shortestMs: Math.min(...ends.map(({ ms }) => ms)),
    };
  }

  test('of a change: 4 s', async () => {
    const late = await expectLate(LASTING, 'TransactWriteItems', ({ store }) =>
      commit(store, createGrant(testGrant(1))),
    );
    expect(late.shortestMs).toBeGreaterThan(2_000);
    expect(late.longestMs).toBeLessThan(5_000);
    // Tries are apart by pauses that grow: many more would be a storm, many fewer would give up on what passes.
    const tries = late.stores[0]?.fake.requests.length;
    expect(tries).toBeGreaterThan(8);
    expect(tries).toBeLessThan(60);
  });

  test('of a read: 2 s', async () => {
    const steps = LASTING.filter(([what]) => !/contention|within/.test(what));
    const read = ({ store }: FaultyStore) => store.grants.key(PROJECT, testGrant(1).key_id);
    const late = await expectLate(steps, 'GetItem', read);
    expect(late.shortestMs).toBeGreaterThan(1_000);
    expect(late.longestMs).toBeLessThan(3_000);
  });
});

describe('what is final is told at once, after one try, and nothing is written', () => {
  test.each([
    ['a table that is missing', tableMissing, 'ResourceNotFoundException'],
    ['no permission', accessDenied, 'AccessDeniedException'],
    ['credentials that nobody knows', unknownCredentials, 'UnrecognizedClientException'],
    ['credentials that have expired', expiredCredentials, 'ExpiredTokenException'],
    ['a wrong secret', wrongSecret, 'InvalidSignatureException'],
    ['a clock that is behind', clockBehind, 'InvalidSignatureException'],
    ['a clock that is ahead', clockAhead, 'InvalidSignatureException'],
    ['a transaction that can never be done', cancelled('None', 'ValidationError'), 'TransactionCanceledException'],
  ])('%s', async (_what, step, type) => {
    const { fake, store, items } = faulty;
    const before = await items();
    fake.always('*', step);
    const { thrown } = await failureOf(() => commit(store, createGrant(newGrant())));
    expect(thrown).toBeInstanceOf(AwsError);
    expect(thrown).toMatchObject({ type, status: 400 });
    expect(fake.operations()).toEqual(['TransactWriteItems']);

    if (type !== 'TransactionCanceledException') {
      expect((await failureOf(() => store.grants.key(PROJECT, testGrant(1).key_id))).thrown).toMatchObject({ type });
      expect((await failureOf(() => store.grants.keysDue(0, 10))).thrown).toMatchObject({ type });
      expect((await failureOf(() => store.directory.setUserEnabled('a', false))).thrown).toMatchObject({ type });
      expect(fake.operations()).toEqual(['TransactWriteItems', 'GetItem', 'Query', 'UpdateItem']);
    }
    expect(await items()).toEqual(before);
  });
});

describe('a condition that fails is a conflict, for the caller to decide anew', () => {
  test.each([
    ['alone', cancelled('ConditionalCheckFailed')],
    ['beside a conflict with another transaction', cancelled('TransactionConflict', 'ConditionalCheckFailed')],
    ['beside throttling', cancelled('None', 'ConditionalCheckFailed', 'ThrottlingError')],
  ])('%s', async (_what, step) => {
    const { fake, store, items } = faulty;
    const before = await items();
    fake.next('TransactWriteItems', step);
    expect(await commit(store, createGrant(newGrant()))).toEqual({ type: 'conflict' });
    expect(fake.operations()).toEqual(['TransactWriteItems']);
    expect(await items()).toEqual(before);
  });
});
