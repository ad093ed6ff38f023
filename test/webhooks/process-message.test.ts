/** Messages of the queue, and the search for overdue jobs and outbox events whose messages are lost. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { Job } from '../../lib/domain/job.ts';
import { logger } from '../../lib/logger.ts';
import type { Message, ReceivedMessage } from '../../lib/queue/queue.ts';
import type { Services } from '../../lib/services.ts';
import { messageProcessor } from '../../lib/webhooks/process-message.ts';
import { startWorker } from '../../local/worker.ts';
import { waitFor } from './fixture.ts';
import { type FakeTarget, startFakeTarget, status } from './outbound/fake-target.ts';
import { addEvents, fixture, outboxEventIds, resetFixture, SECRETS } from './outbound/fixture.ts';

const warnings = jest.spyOn(logger, 'warn');
const isPastDeadline = () => false;
let folder: string;
let path: string;
let target: FakeTarget;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kms-grants-work-'));
  path = join(folder, 'targets.json');
  target = await startFakeTarget(SECRETS[0]);
  writeFileSync(path, JSON.stringify({ cache: { url: target.url, secrets: [SECRETS[0]], allow_private: true } }));
});
beforeEach(() => {
  warnings.mockClear();
  target.respondWith(status(204));
});
afterEach(resetFixture);
afterAll(async () => {
  await target.stop();
  await fixture.engine.store.close();
  rmSync(folder, { recursive: true });
});

function services(): Services {
  const { store, queue } = fixture.engine;
  const used = { config: { targets: { kind: 'file', path } }, store, queue, now: () => fixture.nowMs };
  return used as unknown as Services;
}

const processor = () => messageProcessor(services());

/** The messages that the queue delivers now. */
async function dueMessages(): Promise<Message[]> {
  return (await fixture.engine.queue.receive(10)).map(({ message }) => message);
}

async function sendAndReceive(message: Message): Promise<ReceivedMessage> {
  await fixture.engine.queue.send(message);
  const [received] = await fixture.engine.queue.receive(1);
  if (!received) throw new Error('the queue is empty');
  return received;
}

const newJob = (jobId: string, over: Partial<Job> = {}): Job => ({
  jobId,
  source: 'hr',
  deliveryId: jobId,
  receivedAtMs: fixture.nowMs,
  projectIds: ['p1'],
  tasks: [],
  state: 'queued',
  revision: 0,
  dueAtMs: fixture.nowMs + 60_000,
  failedAttempts: 0,
  revoked: 0,
  leftovers: [],
  unmapped: [],
  ...over,
});

test('overdue jobs are queued again, and no others', async () => {
  for (const job of [
    newJob('overdue'),
    newJob('on-time', { dueAtMs: fixture.nowMs + 60_001 }),
    newJob('done', { state: 'done' }),
  ]) {
    await fixture.engine.store.jobs.add(job);
  }
  fixture.nowMs += 60_000;
  expect(await processor().findLost()).toEqual({ jobs: 1, isOutboxLate: false });
  expect(await dueMessages()).toEqual([{ kind: 'job', jobId: 'overdue' }]);
  expect(warnings.mock.calls).toEqual([['lost', { jobs: 1, is_outbox_late: false }]]);
});

test('an event that is in the outbox for more than 30 s gets a new outbox message', async () => {
  await addEvents([1], { atMs: fixture.nowMs });
  fixture.nowMs += 30_000;
  expect(await processor().findLost()).toEqual({ jobs: 0, isOutboxLate: false });
  expect([await dueMessages(), warnings.mock.calls]).toEqual([[], []]);
  fixture.nowMs += 1;
  expect(await processor().findLost()).toEqual({ jobs: 0, isOutboxLate: true });
  expect(await dueMessages()).toEqual([{ kind: 'outbox' }]);
  expect(warnings.mock.calls).toEqual([['lost', { jobs: 0, is_outbox_late: true }]]);
});

test('an outbox message is done once the events are delivered', async () => {
  await addEvents([1]);
  target.requests.length = 0;
  expect(await processor().process(await sendAndReceive({ kind: 'outbox' }), isPastDeadline)).toBe(true);
  expect(target.requests).toHaveLength(1);
  expect(await outboxEventIds()).toEqual([]);
});

test('a failed delivery is retried with the same message after its delay; a successful one is done', async () => {
  const delivery = { kind: 'delivery', target: 'cache', messageId: 'msg_1', body: '{}' } as const;
  target.respondWith(status(503));
  expect(await processor().process(await sendAndReceive(delivery), isPastDeadline)).toBe(false);
  // The second wait of docs/webhooks/outbound.md: the first one is over before a message is queued.
  expect(fixture.engine.queue.nextDueAtMs()).toBe(fixture.nowMs + 30_000);
  fixture.nowMs += 30_000;
  target.respondWith(status(204));
  const [retried] = await fixture.engine.queue.receive(1);
  expect(retried).toMatchObject({ message: delivery, receiveCount: 2 });
  expect(retried && (await processor().process(retried, isPastDeadline))).toBe(true);
});

test('a change that another process makes is delivered within 5 s on one machine', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'clearTimeout', 'performance', 'Date'] });
  const worker = await startWorker(services());
  try {
    target.requests.length = 0;
    await addEvents([1]);
    jest.advanceTimersByTime(5_000);
    await waitFor('an empty outbox', async () => ((await outboxEventIds()).length === 0 ? true : undefined));
    expect(target.requests).toHaveLength(1);
  } finally {
    jest.useRealTimers();
    await worker.stop();
  }
});
