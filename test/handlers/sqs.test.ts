/** The Lambda handler of the queue: which messages of a batch it returns to SQS. */
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
const recordOf = (body: unknown, messageId: string, receiveCount = 1) =>
  ({
    messageId,
    receiptHandle: `handle-of-${messageId}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: { ApproximateReceiveCount: String(receiveCount) },
  }) as SQSRecord;

const contextOf = (leftMs: number) => ({ getRemainingTimeInMillis: () => leftMs }) as Context;
const failed = (...ids: string[]) => ({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) });
const jobWork = (jobId: string) => ({ kind: 'job', jobId });

/** Sets the services of the process: those of `jobs`, with a fake queue. @returns the queue */
function setServices(authority = jobs.authority) {
  const queue = { send: jest.fn(async () => undefined), retryLater: jest.fn(async () => undefined) };
  // The worker is memoized by store, so each call uses a new store object.
  const services = { config: {}, store: { ...jobs.store }, queue, authority, now: () => jobs.clock.nowMs };
  useServices(services as unknown as Parameters<typeof useServices>[0]);
  return queue;
}

test('a batch returns the ids of exactly the messages that are unfinished, failed or unreadable', async () => {
  setServices();
  const received: ReceivedMessage[] = [];
  const handler = sqsHandler('work', async (_, message) => {
    received.push(message);
    const { jobId } = message.message as { jobId: string };
    if (jobId === 'throws') throw new Error('the store is unavailable');
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
  expect(received[1]).toEqual({ message: jobWork('throws'), receiveCount: 2, receiptHandle: 'handle-of-m1' });
  expect(lines).toHaveBeenCalledTimes(5);
  expect(lines).toHaveBeenCalledWith('work', {
    kind: 'job',
    receive_count: 2,
    job_id: 'throws',
    cause: expect.stringContaining('the store is unavailable'),
  });
  expect(lines).toHaveBeenCalledWith('work', {
    cause: expect.stringContaining('the record holds no message of this service'),
  });
});

test('a message is returned and its error logged when the work throws before it starts', async () => {
  setServices();
  const handler = sqsHandler('work', () => {
    throw new Error('STORE must be dynamodb');
  });
  const Records = [recordOf(jobWork('j1'), 'm1', 1)];
  expect(await handler({ Records }, contextOf(100_000))).toEqual(failed('m1'));
  expect(lines).toHaveBeenCalledWith('work', {
    kind: 'job',
    receive_count: 1,
    job_id: 'j1',
    cause: expect.stringContaining('STORE must be dynamodb'),
  });
});

test('an empty batch returns nothing to the queue', async () => {
  const handler = sqsHandler('work', async () => true);
  expect(await handler({ Records: [] } as SQSEvent, contextOf(100_000))).toEqual(failed());
});

test.each([
  [15_001, false],
  [14_999, true],
])('with %i ms of the function timeout left, isPastDeadline returns %j', async (leftMs, expected) => {
  let isPast: boolean | undefined;
  const handler = sqsHandler('work', async (_services, _message, isPastDeadline) => {
    isPast = isPastDeadline();
    return true;
  });
  await handler({ Records: [recordOf(jobWork('a'), 'm1')] }, contextOf(leftMs));
  expect(isPast).toBe(expected);
});

test('the worker runs a job to its end, and its message is not returned to the queue', async () => {
  const queue = setServices();
  const { grantee, ids } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const Records = [recordOf(jobWork(jobId), 'm1'), recordOf(jobWork('0'.repeat(32)), 'm2')];
  expect(await worker({ Records }, contextOf(100_000))).toEqual(failed());
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: ids.length });
  expect(queue.send).not.toHaveBeenCalled();
  expect(queue.retryLater).not.toHaveBeenCalled();
});

test('a job that reaches the deadline is sent as a new message, and its old message is not returned to the queue', async () => {
  const queue = setServices();
  const { grantee } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  expect(await worker({ Records: [recordOf(jobWork(jobId), 'm1')] }, contextOf(1_000))).toEqual(failed());
  expect(queue.send.mock.calls).toEqual([[jobWork(jobId)]]);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'running' });
});

test('the message of a job with grants that could not be revoked is returned to the queue with a delay', async () => {
  const revokeAny = () => Promise.reject(new KmsError('APIGW.0201:504'));
  const queue = setServices({ ...jobs.authority, revokeAny });
  const { grantee } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  expect(await worker({ Records: [recordOf(jobWork(jobId), 'm1')] }, contextOf(100_000))).toEqual(failed('m1'));
  expect(queue.retryLater.mock.calls).toEqual([[expect.objectContaining({ receiptHandle: 'handle-of-m1' }), 2]]);
  expect(queue.send).not.toHaveBeenCalled();
});
