/** Changes while DynamoDB reports contention, throttling, failures or missing permissions. */
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
let grantCount = 0;
const openStores: FaultyStore[] = [];

beforeAll(async () => {
  faulty = await open();
});
afterEach(() => faulty.fake.reset());
afterAll(() => Promise.all(openStores.map(({ stop }) => stop())));

async function open(): Promise<FaultyStore> {
  const opening = await openFaultyStore();
  openStores.push(opening);
  return opening;
}

/** Returns a grant that no earlier test has used. */
function newGrant() {
  grantCount += 1;
  return testGrant(grantCount);
}

const tokens = () => faulty.fake.requests.map(({ input }) => input.ClientRequestToken as string);

/** Returns the actions of the grant's events. */
const actionsOf = async (grantId: string) =>
  (await faulty.direct.events.list(PROJECT, { grantId }, 10)).map(({ action }) => action).toSorted();

const conflict = cancelled('None', 'TransactionConflict');
const RETRYABLE: [string, Step][] = [
  ['a conflict with another transaction', conflict],
  ['a conflict on each item', cancelled('TransactionConflict', 'TransactionConflict', 'TransactionConflict')],
  ['throttling within the transaction', cancelled('None', 'ThrottlingError')],
  ['exceeded throughput within the transaction', cancelled('ProvisionedThroughputExceeded')],
  ['a conflict and throttling', cancelled('TransactionConflict', 'None', 'ThrottlingError')],
  ['the same transaction in progress', transactionInProgress],
  ['throttling', throttled],
  ['exceeded throughput', throughputExceeded],
  ['an internal error', internalError],
  ['an unavailable service', unavailable],
  ['a cut connection', connectionCut],
  ['a web page from a proxy', respondWith(502, '<html>Bad Gateway</html>')],
  ['a login page instead of a response', respondWith(200, '<html>Welcome</html>')],
  ['an empty response', respondWith(200, '')],
];

describe('a retryable error', () => {
  test.each(RETRYABLE)('a change is retried and applied once after %s', async (_what, step) => {
    const grant = newGrant();
    faulty.fake.next('TransactWriteItems', step, step);
    expect(await commit(faulty.store, createGrant(grant))).toEqual({ type: 'done' });
    expect(faulty.fake.operations()).toEqual(Array(3).fill('TransactWriteItems'));
    expect(await actionsOf(grant.grant_id)).toEqual(['create-grant']);

    faulty.fake.next('TransactWriteItems', step);
    expect(await commit(faulty.store, removeGrant(grant))).toEqual({ type: 'done' });
    expect(await actionsOf(grant.grant_id)).toEqual(['create-grant', 'revoke-grant']);
    expect(await faulty.faults()).toEqual([]);
  });

  test('a change is retried and applied once after six different errors', async () => {
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
    expect(await actionsOf(grant.grant_id)).toEqual(['create-grant']);
    expect(await faulty.faults()).toEqual([]);
  });
});

describe('the request token, with which DynamoDB applies a transaction only once', () => {
  test.each([
    ['a cut connection', connectionCut],
    ['an internal error', internalError],
    ['the same transaction in progress', transactionInProgress],
  ])('is the same in the retries after %s', async (_what, step) => {
    faulty.fake.next('TransactWriteItems', step, step);
    await commit(faulty.store, createGrant(newGrant()));
    expect(new Set(tokens()).size).toBe(1);
    expect(tokens()[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('is new after the transaction was cancelled', async () => {
    faulty.fake.next('TransactWriteItems', conflict, conflict);
    await commit(faulty.store, createGrant(newGrant()));
    expect(new Set(tokens()).size).toBe(3);
  });

  test('is new for each change', async () => {
    for (let n = 0; n < 3; n += 1) await commit(faulty.store, createGrant(newGrant()));
    expect(new Set(tokens()).size).toBe(3);
  });
});

describe('a lasting error fails with 504 within the time limit, and nothing is written', () => {
  const LASTING: [string, Step, RegExp][] = [
    ['contention', conflict, /TransactionConflict/],
    ['throttling', throttled, /ThrottlingException.*Rate of requests exceeds/],
    ['throttling within the transaction', cancelled('ThrottlingError'), /ThrottlingError/],
    ['an internal error', internalError, /InternalServerError \(500\)/],
    ['a cut connection', connectionCut, /ECONNRESET|socket hang up/],
    ['no response', noResponse, /abort|no complete response/i],
    ['a login page instead of a response', respondWith(200, '<html>Welcome</html>'), /not a JSON object/],
  ];
  /** Runs the work with each error at the same time, on its own store each. @returns the stores and durations */
  async function expectTimeouts(
    steps: typeof LASTING,
    operation: string,
    work: (faultyStore: FaultyStore) => Promise<unknown>,
  ) {
    const stores = await Promise.all(steps.map(open));
    const before = await Promise.all(stores.map(({ items }) => items()));
    const failures = await Promise.all(
      stores.map((faultyStore, index) => {
        const [, step = connectionCut] = steps[index] ?? [];
        faultyStore.fake.always(operation, step);
        return failureOf(() => work(faultyStore));
      }),
    );
    expect(failures.map(({ thrown }, index) => ({ what: steps[index]?.[0], ...codeAndMessages(thrown) }))).toEqual(
      steps.map(([what, , cause]) => ({ what, code: 'APIGW.0201:504', messages: expect.stringMatching(cause) })),
    );
    expect(await Promise.all(stores.map(({ items }) => items()))).toEqual(before);
    return {
      stores,
      longestMs: Math.max(...failures.map(({ durationMs }) => durationMs)),
      shortestMs: Math.min(...failures.map(({ durationMs }) => durationMs)),
    };
  }

  test('a change fails with 504 after at most 4 seconds, with growing pauses between attempts', async () => {
    const late = await expectTimeouts(LASTING, 'TransactWriteItems', ({ store }) =>
      commit(store, createGrant(testGrant(1))),
    );
    expect(late.shortestMs).toBeGreaterThan(2_000);
    expect(late.longestMs).toBeLessThan(5_000);
    const attempts = late.stores[0]?.fake.requests.length;
    expect(attempts).toBeGreaterThan(8);
    expect(attempts).toBeLessThan(60);
  });

  test('a read fails with 504 after at most 2 seconds', async () => {
    const steps = LASTING.filter(([what]) => !/contention|within/.test(what));
    const read = ({ store }: FaultyStore) => store.grants.key(PROJECT, testGrant(1).key_id);
    const late = await expectTimeouts(steps, 'GetItem', read);
    expect(late.shortestMs).toBeGreaterThan(1_000);
    expect(late.longestMs).toBeLessThan(3_000);
  });
});

describe('a final error is thrown after one attempt, and nothing is written', () => {
  test.each([
    ['a missing table', tableMissing, 'ResourceNotFoundException'],
    ['a missing permission', accessDenied, 'AccessDeniedException'],
    ['unknown credentials', unknownCredentials, 'UnrecognizedClientException'],
    ['expired credentials', expiredCredentials, 'ExpiredTokenException'],
    ['a wrong secret', wrongSecret, 'InvalidSignatureException'],
    ['a clock that is behind', clockBehind, 'InvalidSignatureException'],
    ['a clock that is ahead', clockAhead, 'InvalidSignatureException'],
    ['an invalid transaction', cancelled('None', 'ValidationError'), 'TransactionCanceledException'],
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

describe('a condition that does not hold is a conflict', () => {
  test.each([
    ['alone', cancelled('ConditionalCheckFailed')],
    ['together with a conflict with another transaction', cancelled('TransactionConflict', 'ConditionalCheckFailed')],
    ['together with throttling', cancelled('None', 'ConditionalCheckFailed', 'ThrottlingError')],
  ])('%s', async (_what, step) => {
    const { fake, store, items } = faulty;
    const before = await items();
    fake.next('TransactWriteItems', step);
    expect(await commit(store, createGrant(newGrant()))).toEqual({ type: 'conflict' });
    expect(fake.operations()).toEqual(['TransactWriteItems']);
    expect(await items()).toEqual(before);
  });
});
