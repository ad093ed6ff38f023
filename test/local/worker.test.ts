/** What one machine does in the place of SQS and Lambda: work that waits is taken, done, and left in order. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Authority } from '../../lib/authority/authority.ts';
import type { GrantRef } from '../../lib/domain/model.ts';
import type { RequestContext } from '../../lib/domain/request-context.ts';
import type { Queue } from '../../lib/queue/queue.ts';
import type { Services } from '../../lib/services.ts';
import { openSqlite } from '../../lib/store/sqlite/sqlite.ts';
import { startWorker, type Worker } from '../../local/worker.ts';
import { until } from '../webhooks/fixture.ts';
import { disabled, holding, type Jobs, openJobs } from '../webhooks/jobs/fixture.ts';

/** What is revoked at once, as docs/webhooks/README.md tells. */
const AT_ONCE = 32;

let jobs: Jobs;
let engine: ReturnType<typeof openSqlite>;
let worker: Worker | undefined;
beforeEach(async () => {
  jobs = await openJobs();
  engine = openSqlite(':memory:', { now: () => jobs.clock.nowMs });
});
afterEach(async () => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  await worker?.stop();
  worker = undefined;
  await engine.store.close();
  await jobs.close();
});

interface Parts {
  revokeAny?: Authority['revokeAny'];
  queue?: Queue;
}

/** Starts it, with a queue or a way to revoke in the place of the right one where one is given. */
async function start({ revokeAny, queue = engine.queue }: Parts = {}): Promise<Worker> {
  const { store, authority } = jobs.worker(revokeAny && { revokeAny });
  // What is opened over services is kept with their store, so each has one of its own.
  const ground = { config: {}, store: { ...jobs.store, ...store }, authority, queue, now: () => jobs.clock.nowMs };
  worker = await startWorker(ground as unknown as Services);
  return worker;
}

async function newJob(count: number): Promise<string> {
  return jobs.newJob([disabled((await holding(jobs, count)).grantee)]);
}

const send = (jobId: string) => engine.queue.send({ kind: 'job', jobId });
const stateOf = async (jobId: string) => (await jobs.job(jobId)).state;
const isDone = (jobId: string) => until('it is done', async () => (await stateOf(jobId)) === 'done' || undefined);

/** Revoking that waits until it is let go. */
function held() {
  const { promise, resolve: letGo } = Promise.withResolvers<void>();
  let begun = 0;
  return {
    letGo,
    begun: () => begun,
    async revokeAny(context: RequestContext, grant: GrantRef): Promise<object> {
      begun += 1;
      await promise;
      return jobs.authority.revokeAny(context, grant);
    },
  };
}

test('what a process had taken when it died is done by the next', async () => {
  const jobId = await newJob(1);
  await send(jobId);
  expect(await engine.queue.receive(1)).toHaveLength(1);
  await start();
  await isDone(jobId);
  await until('nothing is left', async () => engine.queue.nextDueAtMs() === undefined || undefined);
});

test('what is sent is begun at once, and not only at the next look', async () => {
  await start();
  const beganMs = performance.now();
  for (let sent = 0; sent < 10; sent += 1) {
    const jobId = await newJob(1);
    await send(jobId);
    await isDone(jobId);
  }
  expect(performance.now() - beganMs).toBeLessThan(6_000);
});

test('a job that takes long keeps no other from its end', async () => {
  const { letGo, begun, revokeAny } = held();
  const slow = await newJob(1);
  const isSlow = (context: RequestContext) => context.requestId === slow;
  await start({
    revokeAny: (context, grant) => (isSlow(context) ? revokeAny : jobs.authority.revokeAny)(context, grant),
  });
  await send(slow);
  await until('it has begun', async () => begun() > 0 || undefined);
  const quick = await newJob(1);
  await send(quick);
  await isDone(quick);
  expect(await stateOf(slow)).toBe('running');
  letGo();
  await isDone(slow);
});

test('when it is stopped it begins nothing more, waits for what it has begun, and leaves the rest to the next', async () => {
  const { letGo, begun, revokeAny } = held();
  const jobId = await newJob(AT_ONCE);
  const { stop } = await start({ revokeAny });
  await send(jobId);
  await until('it has begun', async () => begun() > 0 || undefined);
  let isStopped = false;
  const stopping = stop().then(() => {
    isStopped = true;
  });
  for (let turns = 0; turns < 20; turns += 1) await nextTurn();
  expect(isStopped).toBe(false);
  letGo();
  await stopping;
  expect(begun()).toBe(AT_ONCE);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'running', revoked: AT_ONCE, failedAttempts: 0 });
  await start();
  await isDone(jobId);
  expect(await jobs.job(jobId)).toMatchObject({ revoked: 2 * AT_ONCE });
});

test('after a minute a job goes to the end of the queue, and comes to its end all the same', async () => {
  const jobId = await newJob(AT_ONCE);
  const sent = jest.spyOn(engine.queue, 'send');
  const now = performance.now.bind(performance);
  let isLate = false;
  jest.spyOn(performance, 'now').mockImplementation(() => now() + (isLate ? 60_001 : 0));
  await start({
    revokeAny: (context, grant) => {
      isLate = true;
      return jobs.authority.revokeAny(context, grant);
    },
  });
  await send(jobId);
  // Before that the clock has jumped, and whoever waits by it gives up.
  for (let turns = 0; sent.mock.calls.length < 2; turns += 1) {
    expect(turns).toBeLessThan(100_000);
    await nextTurn();
  }
  await isDone(jobId);
  expect(sent.mock.calls).toEqual(Array(2).fill([{ kind: 'job', jobId }]));
});

test('a queue that fails is asked again', async () => {
  const jobId = await newJob(1);
  await send(jobId);
  const take = jest.spyOn(engine.queue, 'receive').mockRejectedValueOnce(new Error('the disk is full'));
  await start();
  await isDone(jobId);
  expect(take.mock.calls.length).toBeGreaterThan(1);
});

test('what was lost sight of is looked for once a minute', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'clearTimeout', 'performance', 'Date'] });
  await start();
  const jobId = await newJob(1);
  jobs.clock.nowMs += 60_000;
  jest.advanceTimersByTime(59_999);
  for (let turns = 0; turns < 20; turns += 1) await nextTurn();
  expect(await stateOf(jobId)).toBe('queued');
  jest.advanceTimersByTime(1);
  await isDone(jobId);
});
