/** What the work of the queue comes to, and how what nobody works on is found again. */
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
import { type HookTarget, startTarget, status } from './outbound/fake-target.ts';
import { change, inOutbox, nextWorld, SECRETS, world } from './outbound/fixture.ts';

const warned = jest.spyOn(logger, 'warn');
const isPastDeadline = () => false;
let folder: string;
let path: string;
let target: HookTarget;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kms-grants-work-'));
  path = join(folder, 'targets.json');
  target = await startTarget(SECRETS[0]);
  writeFileSync(path, JSON.stringify({ cache: { url: target.url, secrets: [SECRETS[0]], allow_private: true } }));
});
beforeEach(() => {
  warned.mockClear();
  target.answer(status(204));
});
afterEach(nextWorld);
afterAll(async () => {
  await target.stop();
  await world.engine.store.close();
  rmSync(folder, { recursive: true });
});

function services(): Services {
  const { store, queue } = world.engine;
  const ground = { config: { targets: { kind: 'file', path } }, store, queue, now: () => world.nowMs };
  return ground as unknown as Services;
}

const ours = () => messageProcessor(services());

/** All that the queue has to do now. */
async function due(): Promise<Message[]> {
  return (await world.engine.queue.receive(10)).map(({ message }) => message);
}

async function takeOne(work: Message): Promise<ReceivedMessage> {
  await world.engine.queue.send(work);
  const [taken] = await world.engine.queue.receive(1);
  if (!taken) throw new Error('there is nothing to take');
  return taken;
}

const aJob = (jobId: string, over: Partial<Job> = {}): Job => ({
  jobId,
  source: 'hr',
  deliveryId: jobId,
  receivedAtMs: world.nowMs,
  projectIds: ['p1'],
  tasks: [],
  state: 'queued',
  revision: 0,
  dueAtMs: world.nowMs + 60_000,
  failedAttempts: 0,
  revoked: 0,
  leftovers: [],
  unmapped: [],
  ...over,
});

test('jobs that were due are put on the queue again, and no others', async () => {
  for (const job of [
    aJob('late'),
    aJob('in-time', { dueAtMs: world.nowMs + 60_001 }),
    aJob('done', { state: 'done' }),
  ]) {
    await world.engine.store.jobs.add(job);
  }
  world.nowMs += 60_000;
  expect(await ours().findLost()).toEqual({ jobs: 1, isOutboxLate: false });
  expect(await due()).toEqual([{ kind: 'job', jobId: 'late' }]);
  expect(warned.mock.calls).toEqual([['lost', { jobs: 1, is_outbox_late: false }]]);
});

test('an event that is untold for more than 30 s has somebody look at the outbox', async () => {
  await change([1], { atMs: world.nowMs });
  world.nowMs += 30_000;
  expect(await ours().findLost()).toEqual({ jobs: 0, isOutboxLate: false });
  expect([await due(), warned.mock.calls]).toEqual([[], []]);
  world.nowMs += 1;
  expect(await ours().findLost()).toEqual({ jobs: 0, isOutboxLate: true });
  expect(await due()).toEqual([{ kind: 'outbox' }]);
  expect(warned.mock.calls).toEqual([['lost', { jobs: 0, is_outbox_late: true }]]);
});

test('work at the outbox is finished once it is told', async () => {
  await change([1]);
  target.arrived.length = 0;
  expect(await ours().process(await takeOne({ kind: 'outbox' }), isPastDeadline)).toBe(true);
  expect(target.arrived).toHaveLength(1);
  expect(await inOutbox()).toEqual([]);
});

test('a delivery that failed comes back by its own message, after its pause; one that arrived is finished', async () => {
  const delivery = { kind: 'delivery', target: 'cache', messageId: 'msg_1', body: '{}' } as const;
  target.answer(status(503));
  expect(await ours().process(await takeOne(delivery), isPastDeadline)).toBe(false);
  // The second pause of docs/webhooks/outbound.md: the first is that before it came to the queue.
  expect(world.engine.queue.nextDueAtMs()).toBe(world.nowMs + 30_000);
  world.nowMs += 30_000;
  target.answer(status(204));
  const [again] = await world.engine.queue.receive(1);
  expect(again).toMatchObject({ message: delivery, receiveCount: 2 });
  expect(again && (await ours().process(again, isPastDeadline))).toBe(true);
});

test('what another process has changed is told within 5 s on one machine', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'clearTimeout', 'performance', 'Date'] });
  const worker = await startWorker(services());
  try {
    target.arrived.length = 0;
    await change([1]);
    jest.advanceTimersByTime(5_000);
    await waitFor('it is told', async () => ((await inOutbox()).length === 0 ? true : undefined));
    expect(target.arrived).toHaveLength(1);
  } finally {
    jest.useRealTimers();
    await worker.stop();
  }
});
