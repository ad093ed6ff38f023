/** Jobs, mappings and the outbox when responses of DynamoDB are lost or transactions are cancelled. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Mapping } from '../../../lib/domain/job.ts';
import { openDynamodbStore } from '../../../lib/store/dynamodb/dynamodb.ts';
import { dynamodbCall } from '../../../lib/store/dynamodb/settings.ts';
import { openTable } from '../../../lib/store/dynamodb/table.ts';
import { CREATOR, commit, createGrant, GRANTEE, NOW_MS, testGrant } from '../../contract/fixtures.ts';
import { testJob } from '../../contract/jobs.ts';
import { cancelled, connectionCut, responseLost, type Step } from '../../support/fake-dynamodb.ts';
import { codeAndMessages, type FaultyStore, failureOf, openFaultyStore } from './fault-fixture.ts';

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

/** The response of an applied transaction is lost, and the retry is cancelled, so that a new transaction follows. */
const LOST_THEN_CANCELLED: Step[] = [responseLost, cancelled('TransactionConflict')];
const LOSSES: [string, Step[]][] = [
  ['once', [responseLost]],
  ['three times', [responseLost, responseLost, responseLost]],
  ['after a lost request', [connectionCut, responseLost]],
  ['before a conflict', LOST_THEN_CANCELLED],
];

describe.each(LOSSES)('when the response is lost %s', (_how, steps) => {
  test('adding a job stores it and does not report it as known', async () => {
    faulty.fake.next('TransactWriteItems', ...steps);
    expect(await faulty.store.jobs.add(JOB)).toBeUndefined();
    expect(await faulty.direct.jobs.list(10)).toEqual([JOB]);
  });

  test('adding a job with a known id returns the stored job, which stays', async () => {
    await faulty.direct.jobs.add(JOB);
    faulty.fake.next('TransactWriteItems', ...steps);
    expect(await faulty.store.jobs.add({ ...JOB, deliveryId: 'again' })).toEqual(JOB);
    // Even an equal job is known, because it was written by another call.
    expect(await faulty.store.jobs.add(JOB)).toEqual(JOB);
    expect(await faulty.direct.jobs.list(10)).toEqual([JOB]);
  });

  test('saving a job stores it and returns true', async () => {
    await faulty.direct.jobs.add(JOB);
    faulty.fake.next('TransactWriteItems', ...steps);
    expect(await faulty.store.jobs.save(DONE)).toBe(true);
    expect(await faulty.direct.jobs.job(JOB.jobId)).toEqual({ ...DONE, revision: 1 });
    expect(await faulty.direct.jobs.listOpen(NOW_MS * 2, 10)).toEqual([]);
  });
});

test('of two equal saves at the same time, only one returns true', async () => {
  await faulty.direct.jobs.add(JOB);
  const saveBefore: Step = async (_request, forward) => {
    expect(await faulty.direct.jobs.save(DONE)).toBe(true);
    return forward();
  };
  faulty.fake.next('TransactWriteItems', saveBefore);
  expect(await faulty.store.jobs.save(DONE)).toBe(false);
  expect(await faulty.direct.jobs.job(JOB.jobId)).toEqual({ ...DONE, revision: 1 });
});

test('adding a job fails with 504 when every response is lost, and the job is stored completely', async () => {
  faulty.fake.always('TransactWriteItems', responseLost);
  const { thrown } = await failureOf(() => faulty.store.jobs.add(JOB));
  expect(codeAndMessages(thrown).code).toBe('APIGW.0201:504');
  expect(await faulty.direct.jobs.job(JOB.jobId)).toEqual(JOB);
  expect(await faulty.direct.jobs.listOpen(NOW_MS * 2, 10)).toEqual([JOB]);
});

test('adding a job is a single transaction', async () => {
  await faulty.store.jobs.add(JOB);
  expect(faulty.fake.operations()).toEqual(['TransactWriteItems']);
});

test('putting and removing a mapping succeeds when the response is lost', async () => {
  const mapping = { source: 'okta', identity: 'ann@example.com', grantee: GRANTEE } as const;
  faulty.fake.next('PutItem', responseLost);
  await faulty.store.mappings.put(mapping);
  expect(await faulty.direct.mappings.list()).toEqual([mapping]);
  faulty.fake.next('DeleteItem', responseLost);
  expect(await faulty.store.mappings.remove(mapping)).toBe(true);
  expect(await faulty.direct.mappings.list()).toEqual([]);
});

test('an identity may be longer than a DynamoDB key', async () => {
  const mapping = { source: '*', identity: '\u{1f600}'.repeat(2000), grantee: GRANTEE } as const;
  await faulty.store.mappings.put(mapping);
  expect(await faulty.store.mappings.find('*', mapping.identity)).toEqual([mapping]);
});

describe('a mapping as version 0.2 stored it', () => {
  /** `sk` was the source and the SHA-256 of the identity. */
  async function putOldItem(mapping: Mapping): Promise<void> {
    const { source, identity } = mapping;
    const sk = `${source}#${createHash('sha256').update(identity).digest('hex')}`;
    const table = openTable(dynamodbCall(faulty.settings), faulty.settings.table);
    await table.put({ pk: 'mappings', sk, ...mapping });
  }

  test.each([
    ['ann@example.com', 'Ann@example.com'],
    ['00uANN', '00uANN'],
    ['jos\u00e9@example.com', 'jose\u0301@example.com'],
    ['jose\u0301@example.com', 'jos\u00e9@example.com'],
    ['jose\u0301@example.com', 'Jos\u00e9@Example.com'],
  ])(
    'a mapping of %j that version 0.2 stored is found by %j, listed once, and can be removed',
    async (identity, reported) => {
      const mapping: Mapping = { source: 'okta', identity, grantee: GRANTEE };
      const second: Mapping = { ...mapping, grantee: CREATOR };
      await putOldItem(mapping);
      const { mappings } = faulty.direct;
      expect(await mappings.find('okta', reported)).toEqual([mapping]);
      expect(await mappings.find('*', reported)).toEqual([]);
      await mappings.put(mapping);
      expect(await mappings.find('okta', reported)).toEqual([mapping]);
      await mappings.put(second);
      expect(await mappings.list()).toHaveLength(2);
      expect(await mappings.remove(mapping)).toBe(true);
      expect(await mappings.list()).toEqual([second]);
      expect(await mappings.remove(mapping)).toBe(false);
    },
  );
});

test('an event is in the outbox once, even if the response to its change was lost', async () => {
  const store = openDynamodbStore({ ...faulty.settings, hasOutbox: true });
  faulty.fake.next('TransactWriteItems', ...LOST_THEN_CANCELLED);
  expect(await commit(store, createGrant(testGrant(1)))).toEqual({ type: 'done' });
  const [event, ...more] = await store.outbox.list(10);
  expect([event?.grant, more]).toEqual([testGrant(1), []]);
  faulty.fake.next('DeleteItem', responseLost);
  await store.outbox.remove(event ? [event] : []);
  expect(await store.outbox.list(10)).toEqual([]);
});
