/** Answers that are lost or late: what was done is answered as done, and is done once. */
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
import { type Answer, cancelled, cut, lost, type Step } from '../../support/fake-dynamodb.ts';
import { ended, type FaultyStore, openFaultyStore, toldBy } from './fault-fixture.ts';

const GRANT = testGrant(1);
const OTHER = testGrant(2);

let faulty: FaultyStore;

beforeEach(async () => {
  faulty = await openFaultyStore();
});
afterEach(() => faulty.stop());

/** The grants of the key, its count, and what happened to them, read past the fake. */
async function found() {
  const { direct } = faulty;
  const key = await direct.grants.key(PROJECT, keyId(1));
  const events = await direct.events.list(PROJECT, {}, 100);
  return {
    count: key?.grantCount,
    grants: (await Promise.all([GRANT, OTHER].map(({ grant_id }) => direct.grants.grant(PROJECT, grant_id)))).filter(
      Boolean,
    ),
    story: events.map(({ action }) => action).toReversed(),
    faults: await faulty.faults(),
  };
}

const MADE = { count: 1, grants: [GRANT], story: ['create-key', 'create-grant'], faults: [] };
const REMOVED = { count: 0, grants: [], story: ['create-key', 'create-grant', 'revoke-grant'], faults: [] };

/** It is done, but the answer never comes: the call has to time out. */
const lostInSilence: Step = async (_asked, forward) => {
  await forward();
  return 'silence';
};

const LOSSES: [string, Step[]][] = [
  ['once', [lost]],
  ['three times', [lost, lost, lost]],
  ['in silence', [lostInSilence]],
  ['after the request had not come through', [cut, lost]],
  ['after a conflict', [cancelled('TransactionConflict'), lost]],
];

describe.each(LOSSES)('an answer that is lost %s', (_how, steps) => {
  test('a create without sequence is done, once', async () => {
    faulty.fake.next('TransactWriteItems', ...steps);
    expect(await commit(faulty.store, createGrant(GRANT))).toEqual({ type: 'done' });
    expect(await found()).toEqual(MADE);
  });

  test('a revoke without sequence is done, and no conflict', async () => {
    await commitAll(faulty.direct, [createGrant(GRANT)]);
    faulty.fake.next('TransactWriteItems', ...steps);
    expect(await commit(faulty.store, removeGrant(GRANT))).toEqual({ type: 'done' });
    expect(await found()).toEqual(REMOVED);
  });

  test('a revoke with a sequence is done, and remembered', async () => {
    await commitAll(faulty.direct, [createGrant(GRANT)]);
    faulty.fake.next('TransactWriteItems', ...steps);
    const record = testIdempotencyRecord(1, { answer: {} });
    expect(await commit(faulty.store, removeGrant(GRANT), { record })).toEqual({ type: 'done' });
    expect(await faulty.direct.idempotency.find(record.idempotencyKey, NOW_MS)).toEqual({ answer: {} });
    expect(await found()).toEqual(REMOVED);
  });
});

/**
 * A request that is held up on its way, so that its sender gives up on it, and that DynamoDB takes only while a later
 * try is under way: that one is cancelled for certain, and the next is another transaction.
 */
function heldUp(): Step[] {
  let deliver: () => Promise<Answer> = () => Promise.reject(new Error('not asked yet'));
  return [
    async (_asked, forward) => {
      deliver = forward;
      return 'drop';
    },
    async (asked, forward) => {
      await deliver();
      return cancelled('TransactionConflict')(asked, forward);
    },
  ];
}

describe('a try that takes effect after a later one was cancelled', () => {
  test('a create without sequence is done, once', async () => {
    faulty.fake.next('TransactWriteItems', ...heldUp());
    expect(await commit(faulty.store, createGrant(GRANT))).toEqual({ type: 'done' });
    expect(await found()).toEqual(MADE);
  });

  test('a revoke without sequence is done, and no conflict', async () => {
    await commitAll(faulty.direct, [createGrant(GRANT)]);
    faulty.fake.next('TransactWriteItems', ...heldUp());
    expect(await commit(faulty.store, removeGrant(GRANT))).toEqual({ type: 'done' });
    expect(await found()).toEqual(REMOVED);
  });

  test('with a sequence it is answered as the first time', async () => {
    faulty.fake.next('TransactWriteItems', ...heldUp());
    const record = testIdempotencyRecord(1);
    const outcome = await commit(faulty.store, createGrant(GRANT), { record });
    expect(['done', 'duplicate']).toContain(outcome.type);
    if (outcome.type === 'duplicate') expect(outcome.answer).toEqual(record.answer);
    expect(await found()).toEqual(MADE);
  });

  test('a key that was made so is made, once', async () => {
    faulty.fake.next('TransactWriteItems', ...heldUp());
    expect(await commit(faulty.store, createKey(testKey(2)))).toEqual({ type: 'done' });
    expect(await faulty.direct.grants.keyCount(PROJECT)).toBe(2);
    expect(await faulty.faults()).toEqual([]);
  });
});

test('when every answer is lost it is 504, done whole, and the same request again is a repeat', async () => {
  faulty.fake.always('TransactWriteItems', lost);
  const record = testIdempotencyRecord(1);
  const { thrown } = await ended(() => commit(faulty.store, createGrant(GRANT), { record }));
  expect(toldBy(thrown).code).toBe('APIGW.0201:504');
  expect(await found()).toEqual(MADE);
  faulty.fake.reset();
  expect(await commit(faulty.store, createGrant(OTHER), { record })).toEqual({
    type: 'duplicate',
    answer: record.answer,
  });
  expect(await found()).toEqual(MADE);
});

test('a change that fails only for its once key is a repeat, through conflicts and lost answers too', async () => {
  const record = testIdempotencyRecord(1);
  await commitAll(faulty.direct, [createGrant(GRANT)], { record });
  const refusals: Step[][] = [[], [cancelled('TransactionConflict')], [lost, cut], [cut]];
  for (const steps of refusals) {
    faulty.fake.next('TransactWriteItems', ...steps);
    const outcome = await commit(faulty.store, createGrant(OTHER), {
      record: testIdempotencyRecord(1, { answer: { grant_id: 'another' } }),
    });
    expect(outcome).toEqual({ type: 'duplicate', answer: record.answer });
    expect(await found()).toEqual(MADE);
  }
});

test('a change of another that came first is still a conflict', async () => {
  await commitAll(faulty.direct, [createGrant(GRANT)]);
  await commitAll(faulty.direct, [removeGrant(GRANT)]);
  faulty.fake.next('TransactWriteItems', lost, cancelled('TransactionConflict'));
  expect(await commit(faulty.store, removeGrant(GRANT))).toEqual({ type: 'conflict' });
  expect(await found()).toEqual(REMOVED);
});

describe('single writes whose answer is lost', () => {
  const user = { userId: 'u1', domainId: 'd1', name: 'creator', passwordHash: 'h', enabled: true };

  beforeEach(async () => {
    const project = { projectId: 'p1', domainId: 'd1', name: 'local-1' };
    await faulty.direct.directory.addProject(project, { domainId: 'd1', name: 'domain' });
    await faulty.direct.directory.addUser(user, { projectId: 'p1', role: 'KMS Administrator' });
  });

  test('an answer is remembered', async () => {
    faulty.fake.next('PutItem', lost);
    await faulty.store.idempotency.save(testIdempotencyRecord(3), NOW_MS);
    expect(await faulty.direct.idempotency.find(testIdempotencyRecord(3).idempotencyKey, NOW_MS)).toEqual({
      answer: testIdempotencyRecord(3).answer,
    });
  });

  test('a user is disabled, and that is what is answered', async () => {
    faulty.fake.next('UpdateItem', lost);
    expect(await faulty.store.directory.setUserEnabled('u1', false)).toBe(true);
    expect((await faulty.direct.directory.user('u1'))?.enabled).toBe(false);
  });

  test('a role is removed, and that is what is answered', async () => {
    faulty.fake.next('DeleteItem', lost);
    expect(await faulty.store.directory.removeRole('u1', 'p1', 'KMS Administrator')).toBe(true);
    expect(await faulty.direct.directory.rolesOf('u1', 'p1')).toEqual([]);
  });
});

describe('an id that is taken is not given twice', () => {
  test('of an event', async () => {
    const event = testEvent(createGrant(GRANT));
    expect(await faulty.direct.grants.commit(createGrant(GRANT), event)).toEqual({ type: 'done' });
    const before = await faulty.items();
    await faulty.store.grants.commit(createGrant(OTHER), event);
    expect(await faulty.items()).toEqual(before);
  });

  test('of a grant', async () => {
    await commitAll(faulty.direct, [createGrant(GRANT)]);
    const before = await faulty.items();
    expect(await commit(faulty.store, createGrant({ ...GRANT, name: 'another' }))).toEqual({ type: 'conflict' });
    expect(await faulty.items()).toEqual(before);
  });
});
