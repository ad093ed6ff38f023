/** Jobs, mappings and the outbox on a bad day: what was done is answered as done, what another has done is not. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openDynamodbStore } from '../../../lib/store/dynamodb/dynamodb.ts';
import { commit, createGrant, GRANTEE, NOW_MS, testGrant } from '../../contract/fixtures.ts';
import { testJob } from '../../contract/jobs.ts';
import { cancelled, cut, lost, type Step } from '../../support/fake-dynamodb.ts';
import { ended, type FaultyStore, openFaultyStore, toldBy } from './fault-fixture.ts';

const JOB = testJob(1);
const DONE = { ...JOB, state: 'done', revoked: 2 } as const;

let faulty: FaultyStore;

beforeEach(async () => {
  faulty = await openFaultyStore();
});
afterEach(async () => {
  expect(await faulty.faults()).toEqual([]);
  await faulty.stop();
});

/** Done, nobody hears of it, and the next try is cancelled for certain: the one after is another transaction. */
const LOST_AND_ANEW: Step[] = [lost, cancelled('TransactionConflict')];
const LOSSES: [string, Step[]][] = [
  ['once', [lost]],
  ['three times', [lost, lost, lost]],
  ['after the request had not come through', [cut, lost]],
  ['before a conflict', LOST_AND_ANEW],
];

describe.each(LOSSES)('an answer that is lost %s', (_how, steps) => {
  test('a job is added, and is not taken for a repeat', async () => {
    faulty.fake.next('TransactWriteItems', ...steps);
    expect(await faulty.store.jobs.add(JOB)).toBeUndefined();
    expect(await faulty.direct.jobs.list(10)).toEqual([JOB]);
  });

  test('a job of another delivery is told, and stays', async () => {
    await faulty.direct.jobs.add(JOB);
    faulty.fake.next('TransactWriteItems', ...steps);
    expect(await faulty.store.jobs.add({ ...JOB, deliveryId: 'again' })).toEqual(JOB);
    // Equal in all that it holds, and yet another's.
    expect(await faulty.store.jobs.add(JOB)).toEqual(JOB);
    expect(await faulty.direct.jobs.list(10)).toEqual([JOB]);
  });

  test('a job is saved, and that is what is answered', async () => {
    await faulty.direct.jobs.add(JOB);
    faulty.fake.next('TransactWriteItems', ...steps);
    expect(await faulty.store.jobs.save(DONE)).toBe(true);
    expect(await faulty.direct.jobs.job(JOB.jobId)).toEqual({ ...DONE, revision: 1 });
    expect(await faulty.direct.jobs.listOpen(NOW_MS * 2, 10)).toEqual([]);
  });
});

test('of two that save the very same, only one is told that it has', async () => {
  await faulty.direct.jobs.add(JOB);
  const first: Step = async (_asked, forward) => {
    expect(await faulty.direct.jobs.save(DONE)).toBe(true);
    return forward();
  };
  faulty.fake.next('TransactWriteItems', first);
  expect(await faulty.store.jobs.save(DONE)).toBe(false);
  expect(await faulty.direct.jobs.job(JOB.jobId)).toEqual({ ...DONE, revision: 1 });
});

test('a job whose every answer is lost is 504, and there whole', async () => {
  faulty.fake.always('TransactWriteItems', lost);
  const { thrown } = await ended(() => faulty.store.jobs.add(JOB));
  expect(toldBy(thrown).code).toBe('APIGW.0201:504');
  expect(await faulty.direct.jobs.job(JOB.jobId)).toEqual(JOB);
  expect(await faulty.direct.jobs.listOpen(NOW_MS * 2, 10)).toEqual([JOB]);
});

test('a job is added in one transaction and nothing else', async () => {
  await faulty.store.jobs.add(JOB);
  expect(faulty.fake.operations()).toEqual(['TransactWriteItems']);
});

test('a mapping is put and removed, and that is what is answered', async () => {
  const mapping = { source: 'okta', identity: 'ann@example.com', grantee: GRANTEE } as const;
  faulty.fake.next('PutItem', lost);
  await faulty.store.mappings.put(mapping);
  expect(await faulty.direct.mappings.list()).toEqual([mapping]);
  faulty.fake.next('DeleteItem', lost);
  expect(await faulty.store.mappings.remove('okta', 'ann@example.com')).toBe(true);
  expect(await faulty.direct.mappings.list()).toEqual([]);
});

test('an identity may be longer than a key of DynamoDB', async () => {
  const mapping = { source: '*', identity: '\u{1f600}'.repeat(2000), grantee: GRANTEE } as const;
  await faulty.store.mappings.put(mapping);
  expect(await faulty.store.mappings.mapping('*', mapping.identity)).toEqual(mapping);
});

test('an event is told once, also when its change was done but the answer was lost', async () => {
  const store = openDynamodbStore({ ...faulty.settings, hasOutbox: true });
  faulty.fake.next('TransactWriteItems', ...LOST_AND_ANEW);
  expect(await commit(store, createGrant(testGrant(1)))).toEqual({ type: 'done' });
  const [event, ...more] = await store.outbox.list(10);
  expect([event?.grant, more]).toEqual([testGrant(1), []]);
  faulty.fake.next('DeleteItem', lost);
  await store.outbox.remove(event ? [event] : []);
  expect(await store.outbox.list(10)).toEqual([]);
});
