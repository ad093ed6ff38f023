/** Lost or late responses of DynamoDB: a change that was applied is reported as done, and is applied once. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  commit,
  commitAll,
  createGrant,
  createKey,
  keyId,
  NOW_MS,
  PROJECT,
  removeGrant,
  testEvent,
  testGrant,
  testIdempotencyRecord,
  testKey,
} from '../../contract/fixtures.ts';
import { cancelled, connectionCut, type FakeResponse, responseLost, type Step } from '../../support/fake-dynamodb.ts';
import { codeAndMessages, type FaultyStore, failureOf, openFaultyStore } from './fault-fixture.ts';

const GRANT = testGrant(1);
const OTHER = testGrant(2);

let faulty: FaultyStore;

beforeEach(async () => {
  faulty = await openFaultyStore();
});
afterEach(() => faulty.stop());

/** Reads the grants of the key, its grant count and its events without the fault proxy, and audits the table. */
async function stateOfKey() {
  const { direct } = faulty;
  const key = await direct.grants.key(PROJECT, keyId(1));
  const events = await direct.events.list(PROJECT, {}, 100);
  return {
    count: key?.grantCount,
    grants: (await Promise.all([GRANT, OTHER].map(({ grant_id }) => direct.grants.grant(PROJECT, grant_id)))).filter(
      Boolean,
    ),
    actions: events.map(({ action }) => action).toReversed(),
    faults: await faulty.faults(),
  };
}

const CREATED = { count: 1, grants: [GRANT], actions: ['create-key', 'create-grant'], faults: [] };
const REMOVED = { count: 0, grants: [], actions: ['create-key', 'create-grant', 'revoke-grant'], faults: [] };

/** The request is applied, but no response comes and the call times out. */
const appliedWithoutResponse: Step = async (_request, forward) => {
  await forward();
  return 'silence';
};

const LOSSES: [string, Step[]][] = [
  ['once', [responseLost]],
  ['three times', [responseLost, responseLost, responseLost]],
  ['with a timeout', [appliedWithoutResponse]],
  ['after a lost request', [connectionCut, responseLost]],
  ['after a conflict', [cancelled('TransactionConflict'), responseLost]],
];

describe.each(LOSSES)('when the response is lost %s', (_how, steps) => {
  test('a create without sequence is done, once', async () => {
    faulty.fake.next('TransactWriteItems', ...steps);
    expect(await commit(faulty.store, createGrant(GRANT))).toEqual({ type: 'done' });
    expect(await stateOfKey()).toEqual(CREATED);
  });

  test('a revoke without sequence is done, and no conflict', async () => {
    await commitAll(faulty.direct, [createGrant(GRANT)]);
    faulty.fake.next('TransactWriteItems', ...steps);
    expect(await commit(faulty.store, removeGrant(GRANT))).toEqual({ type: 'done' });
    expect(await stateOfKey()).toEqual(REMOVED);
  });

  test('a revoke with a sequence is done, and its answer is recorded', async () => {
    await commitAll(faulty.direct, [createGrant(GRANT)]);
    faulty.fake.next('TransactWriteItems', ...steps);
    const record = testIdempotencyRecord(1, { answer: {} });
    expect(await commit(faulty.store, removeGrant(GRANT), { record })).toEqual({ type: 'done' });
    expect(await faulty.direct.idempotency.find(record.idempotencyKey, NOW_MS)).toEqual({ answer: {} });
    expect(await stateOfKey()).toEqual(REMOVED);
  });
});

/**
 * The first attempt is delayed and applied only while the second attempt runs. The second is cancelled, so that a third
 * one, a new transaction, follows.
 */
function delayedAttempt(): Step[] {
  let deliver: () => Promise<FakeResponse> = () => Promise.reject(new Error('there was no first attempt'));
  return [
    async (_request, forward) => {
      deliver = forward;
      return 'drop';
    },
    async (request, forward) => {
      await deliver();
      return cancelled('TransactionConflict')(request, forward);
    },
  ];
}

describe('when a delayed attempt is applied while a later one is cancelled', () => {
  test('a create without sequence is done, once', async () => {
    faulty.fake.next('TransactWriteItems', ...delayedAttempt());
    expect(await commit(faulty.store, createGrant(GRANT))).toEqual({ type: 'done' });
    expect(await stateOfKey()).toEqual(CREATED);
  });

  test('a revoke without sequence is done, and no conflict', async () => {
    await commitAll(faulty.direct, [createGrant(GRANT)]);
    faulty.fake.next('TransactWriteItems', ...delayedAttempt());
    expect(await commit(faulty.store, removeGrant(GRANT))).toEqual({ type: 'done' });
    expect(await stateOfKey()).toEqual(REMOVED);
  });

  test('a create with a sequence is done, once', async () => {
    faulty.fake.next('TransactWriteItems', ...delayedAttempt());
    const record = testIdempotencyRecord(1);
    expect(await commit(faulty.store, createGrant(GRANT), { record })).toEqual({ type: 'done' });
    expect(await stateOfKey()).toEqual(CREATED);
  });

  test('a key is created once', async () => {
    faulty.fake.next('TransactWriteItems', ...delayedAttempt());
    expect(await commit(faulty.store, createKey(testKey(2)))).toEqual({ type: 'done' });
    expect(await faulty.direct.grants.keyCount(PROJECT)).toBe(2);
    expect(await faulty.faults()).toEqual([]);
  });
});

test('a commit whose every response is lost fails with 504 but is applied, and its retry is a duplicate', async () => {
  faulty.fake.always('TransactWriteItems', responseLost);
  const record = testIdempotencyRecord(1);
  const { thrown } = await failureOf(() => commit(faulty.store, createGrant(GRANT), { record }));
  expect(codeAndMessages(thrown).code).toBe('APIGW.0201:504');
  expect(await stateOfKey()).toEqual(CREATED);
  faulty.fake.reset();
  expect(await commit(faulty.store, createGrant(OTHER), { record })).toEqual({ type: 'duplicate' });
  expect(await stateOfKey()).toEqual(CREATED);
});

test('a commit with a known idempotency key is a duplicate, also after conflicts and lost responses', async () => {
  const record = testIdempotencyRecord(1);
  await commitAll(faulty.direct, [createGrant(GRANT)], { record });
  const faults: Step[][] = [[], [cancelled('TransactionConflict')], [responseLost, connectionCut], [connectionCut]];
  for (const steps of faults) {
    faulty.fake.next('TransactWriteItems', ...steps);
    const result = await commit(faulty.store, createGrant(OTHER), {
      record: testIdempotencyRecord(1, { answer: { grant_id: 'another' } }),
    });
    expect(result).toEqual({ type: 'duplicate' });
    expect(await stateOfKey()).toEqual(CREATED);
  }
});

test('a revoke of a grant that was already revoked is still a conflict when its response is lost', async () => {
  await commitAll(faulty.direct, [createGrant(GRANT)]);
  await commitAll(faulty.direct, [removeGrant(GRANT)]);
  faulty.fake.next('TransactWriteItems', responseLost, cancelled('TransactionConflict'));
  expect(await commit(faulty.store, removeGrant(GRANT))).toEqual({ type: 'conflict' });
  expect(await stateOfKey()).toEqual(REMOVED);
});

describe('single writes when the response is lost', () => {
  const user = { userId: 'u1', domainId: 'd1', name: 'creator', passwordHash: 'h', enabled: true };

  beforeEach(async () => {
    const project = { projectId: 'p1', domainId: 'd1', name: 'local-1' };
    await faulty.direct.directory.addProject(project, { domainId: 'd1', name: 'domain' });
    await faulty.direct.directory.addUser(user, { projectId: 'p1', role: 'KMS Administrator' });
  });

  test('saving an idempotency record stores it', async () => {
    faulty.fake.next('PutItem', responseLost);
    await faulty.store.idempotency.save(testIdempotencyRecord(3), NOW_MS);
    expect(await faulty.direct.idempotency.find(testIdempotencyRecord(3).idempotencyKey, NOW_MS)).toEqual({
      answer: testIdempotencyRecord(3).answer,
    });
  });

  test('disabling a user returns true', async () => {
    faulty.fake.next('UpdateItem', responseLost);
    expect(await faulty.store.directory.setUserEnabled('u1', false)).toBe(true);
    expect((await faulty.direct.directory.user('u1'))?.enabled).toBe(false);
  });

  test('removing a role returns true', async () => {
    faulty.fake.next('DeleteItem', responseLost);
    expect(await faulty.store.directory.removeRole('u1', 'p1', 'KMS Administrator')).toBe(true);
    expect(await faulty.direct.directory.rolesOf('u1', 'p1')).toEqual([]);
  });
});

describe('an id that exists is not used again', () => {
  test('a commit with the id of an existing event writes nothing', async () => {
    const event = testEvent(createGrant(GRANT));
    expect(await faulty.direct.grants.commit(createGrant(GRANT), event)).toEqual({ type: 'done' });
    const before = await faulty.items();
    await faulty.store.grants.commit(createGrant(OTHER), event);
    expect(await faulty.items()).toEqual(before);
  });

  test('a commit with the id of an existing grant is a conflict and writes nothing', async () => {
    await commitAll(faulty.direct, [createGrant(GRANT)]);
    const before = await faulty.items();
    expect(await commit(faulty.store, createGrant({ ...GRANT, name: 'another' }))).toEqual({ type: 'conflict' });
    expect(await faulty.items()).toEqual(before);
  });
});
