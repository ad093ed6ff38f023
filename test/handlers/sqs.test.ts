/** What a function of the queue answers SQS: exactly what is not finished comes back. */
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { handler as worker } from '../../functions/hooks/work.ts';
import { KmsError } from '../../lib/errors.ts';
import { sqsHandler } from '../../lib/handlers/sqs.ts';
import { logger } from '../../lib/logger.ts';
import type { ReceivedMessage } from '../../lib/queue/queue.ts';
import { useServices } from '../../lib/services.ts';
import { type JobFixture, newGrantee, openJobFixture, revokePrincipalTask } from '../webhooks/jobs/fixture.ts';

let jobs: JobFixture;
const lines = jest.spyOn(logger, 'error');
beforeAll(async () => {
  jobs = await openJobFixture();
});
afterEach(() => {
  lines.mockClear();
});
afterAll(() => jobs.close());

/** Source: AWS Lambda Developer Guide, "Example Amazon SQS message event". */
const recordOf = (body: unknown, messageId: string, tries = 1) =>
  ({
    messageId,
    receiptHandle: `handle-of-${messageId}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: { ApproximateReceiveCount: String(tries) },
  }) as SQSRecord;

const contextOf = (leftMs: number) => ({ getRemainingTimeInMillis: () => leftMs }) as Context;
const failed = (...ids: string[]) => ({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) });
const jobWork = (jobId: string) => ({ kind: 'job', jobId });

/** What the worker needs of the services. */
function serve(authority = jobs.authority) {
  const queue = { send: jest.fn(async () => undefined), retryLater: jest.fn(async () => undefined) };
  // What is opened over services is kept with their store, so each has one of its own.
  const ground = { config: {}, store: { ...jobs.store }, queue, authority, now: () => jobs.clock.nowMs };
  useServices(ground as unknown as Parameters<typeof useServices>[0]);
  return queue;
}

test('a batch returns the ids of exactly the messages that are unfinished, failed or unreadable', async () => {
  serve();
  const taken: ReceivedMessage[] = [];
  const handler = sqsHandler('work', async (_, one) => {
    taken.push(one);
    const { jobId } = one.message as { jobId: string };
    if (jobId === 'throws') throw new Error('the store is away');
    if (jobId === 'refused') throw new KmsError('APIGW.0201:504');
    return jobId !== 'later';
  });
  const bodies = ['done', 'throws', 'later', 'refused', 'done'].map(jobWork);
  const Records = [...bodies, 'no JSON', { kind: 'other' }, ''].map((body, n) => recordOf(body, `m${n}`, n + 1));
  const { batchItemFailures } = await handler({ Records }, contextOf(100_000));
  expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).sort()).toEqual([
    'm1',
    'm2',
    'm3',
    'm5',
    'm6',
    'm7',
  ]);
  expect(taken[1]).toEqual({ message: jobWork('throws'), receiveCount: 2, receiptHandle: 'handle-of-m1' });
  expect(lines).toHaveBeenCalledTimes(5);
  expect(lines).toHaveBeenCalledWith('work', {
    kind: 'job',
    receive_count: 2,
    job_id: 'throws',
    cause: expect.stringContaining('the store is away'),
  });
  expect(lines).toHaveBeenCalledWith('work', {
    cause: expect.stringContaining('the record holds no message of this service'),
  });
});

test('an empty batch returns nothing to the queue', async () => {
  const handler = sqsHandler('work', async () => true);
  expect(await handler({ Records: [] } as SQSEvent, contextOf(100_000))).toEqual(failed());
});

test.each([
  [15_001, false],
  [14_999, true],
])('with %i ms left, time is up: %j', async (leftMs, isUp) => {
  let seen: boolean | undefined;
  const handler = sqsHandler('work', async (_services, _taken, isPastDeadline) => {
    seen = isPastDeadline();
    return true;
  });
  await handler({ Records: [recordOf(jobWork('a'), 'm1')] }, contextOf(leftMs));
  expect(seen).toBe(isUp);
});

test('a job is worked on to its end, and its message is finished', async () => {
  const queue = serve();
  const { grantee, ids } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const Records = [recordOf(jobWork(jobId), 'm1'), recordOf(jobWork('0'.repeat(32)), 'm2')];
  expect(await worker({ Records }, contextOf(100_000))).toEqual(failed());
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: ids.length });
  expect(queue.send).not.toHaveBeenCalled();
  expect(queue.retryLater).not.toHaveBeenCalled();
});

test('a job whose time is up goes on as new work; its message is finished', async () => {
  const queue = serve();
  const { grantee } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  expect(await worker({ Records: [recordOf(jobWork(jobId), 'm1')] }, contextOf(1_000))).toEqual(failed());
  expect(queue.send.mock.calls).toEqual([[jobWork(jobId)]]);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'running' });
});

test('a job with grants that could not be revoked comes back by its own message, after its pause', async () => {
  const revokeAny = () => Promise.reject(new KmsError('APIGW.0201:504'));
  const queue = serve({ ...jobs.authority, revokeAny });
  const { grantee } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  expect(await worker({ Records: [recordOf(jobWork(jobId), 'm1')] }, contextOf(100_000))).toEqual(failed('m1'));
  expect(queue.retryLater.mock.calls).toEqual([[expect.objectContaining({ receiptHandle: 'handle-of-m1' }), 2]]);
  expect(queue.send).not.toHaveBeenCalled();
});
