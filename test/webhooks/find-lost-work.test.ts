/** Also tests: functions/schedule/find-lost-work.ts. */
import { afterAll, afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Job } from '../../lib/domain/job.ts';
import { logger } from '../../lib/logger.ts';
import type { Message } from '../../lib/queue/queue.ts';
import { findLostWork } from '../../lib/webhooks/find-lost-work.ts';
import { addEvents, fixture, resetFixture } from './outbound/fixture.ts';

const warnings = jest.spyOn(logger, 'warn');
beforeEach(() => {
  warnings.mockClear();
});
afterEach(resetFixture);
afterAll(() => fixture.engine.store.close());

const find = () => findLostWork({ ...fixture.engine, now: () => fixture.nowMs });

/** The messages that the queue delivers now. */
async function dueMessages(): Promise<Message[]> {
  return (await fixture.engine.queue.receive(10)).map(({ message }) => message);
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
  expect(await find()).toEqual({ jobs: 1, isOutboxLate: false });
  expect(await dueMessages()).toEqual([{ kind: 'job', jobId: 'overdue', source: 'hr' }]);
  expect(warnings.mock.calls).toEqual([['lost', { jobs: 1, is_outbox_late: false }]]);
});

test('an event that is in the outbox for more than 30 s gets a new outbox message', async () => {
  await addEvents([1], { atMs: fixture.nowMs });
  fixture.nowMs += 30_000;
  expect(await find()).toEqual({ jobs: 0, isOutboxLate: false });
  expect([await dueMessages(), warnings.mock.calls]).toEqual([[], []]);
  fixture.nowMs += 1;
  expect(await find()).toEqual({ jobs: 0, isOutboxLate: true });
  expect(await dueMessages()).toEqual([{ kind: 'outbox' }]);
  expect(warnings.mock.calls).toEqual([['lost', { jobs: 0, is_outbox_late: true }]]);
});
