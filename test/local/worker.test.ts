/** The worker of one machine: it receives messages, runs jobs, stops cleanly and recovers after a crash. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Authority } from '../../lib/authority/authority.ts';
import type { GrantRef } from '../../lib/domain/model.ts';
import type { RequestContext } from '../../lib/domain/request-context.ts';
import type { Queue } from '../../lib/queue/queue.ts';
import type { Services } from '../../lib/services.ts';
import { openSqlite } from '../../lib/store/sqlite/sqlite.ts';
import { startWorker, type Worker } from '../../local/worker.ts';
import { waitFor } from '../webhooks/fixture.ts';
import { type JobFixture, newGrantee, openJobFixture, revokePrincipalTask } from '../webhooks/jobs/fixture.ts';

/** Grants that one job revokes at the same time, as documented in docs/webhooks. */
const CONCURRENT_REVOKES = 32;

let jobs: JobFixture;
let engine: ReturnType<typeof openSqlite>;
let worker: Worker | undefined;
beforeEach(async () => {
  jobs = await openJobFixture();
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

interface Replacements {
  revokeAny?: Authority['revokeAny'];
  queue?: Queue;
}

/** Starts the worker, with another queue or `revokeAny` if given. */
async function start({ revokeAny, queue = engine.queue }: Replacements = {}): Promise<Worker> {
  const { store, authority } = jobs.dependencies(revokeAny && { revokeAny });
  // The message processor is memoized by store, so each worker gets a store object of its own.
  const services = { config: {}, store: { ...jobs.store, ...store }, authority, queue, now: () => jobs.clock.nowMs };
  worker = await startWorker(services as unknown as Services);
  return worker;
}

async function createJob(count: number): Promise<string> {
  return jobs.newJob([revokePrincipalTask((await newGrantee(jobs, count)).grantee)]);
}

const send = (jobId: string) => engine.queue.send({ kind: 'job', jobId });
const stateOf = async (jobId: string) => (await jobs.job(jobId)).state;
const isDone = (jobId: string) =>
  waitFor('the job is done', async () => (await stateOf(jobId)) === 'done' || undefined);

/** A `revokeAny` that waits until `release` is called. */
function blockedRevoke() {
  const { promise, resolve: release } = Promise.withResolvers<void>();
  let started = 0;
  return {
    release,
    started: () => started,
    async revokeAny(context: RequestContext, grant: GrantRef): Promise<object> {
      started += 1;
      await promise;
      return jobs.authority.revokeAny(context, grant);
    },
  };
}

test('a message that a dead process had received is processed after a restart', async () => {
  const jobId = await createJob(1);
  await send(jobId);
  expect(await engine.queue.receive(1)).toHaveLength(1);
  await start();
  await isDone(jobId);
  await waitFor('the queue is empty', async () => engine.queue.nextDueAtMs() === undefined || undefined);
});

test('a sent message is processed immediately, not at the next poll', async () => {
  await start();
  const beganMs = performance.now();
  for (let sent = 0; sent < 10; sent += 1) {
    const jobId = await createJob(1);
    await send(jobId);
    await isDone(jobId);
  }
  expect(performance.now() - beganMs).toBeLessThan(6_000);
});

test('a long job does not delay other jobs', async () => {
  const { release, started, revokeAny } = blockedRevoke();
  const slow = await createJob(1);
  const isSlow = (context: RequestContext) => context.requestId === slow;
  await start({
    revokeAny: (context, grant) => (isSlow(context) ? revokeAny : jobs.authority.revokeAny)(context, grant),
  });
  await send(slow);
  await waitFor('the revocation starts', async () => started() > 0 || undefined);
  const quick = await createJob(1);
  await send(quick);
  await isDone(quick);
  expect(await stateOf(slow)).toBe('running');
  release();
  await isDone(slow);
});

test('stop waits for the revocations in progress, starts no more, and the next worker resumes the job', async () => {
  const { release, started, revokeAny } = blockedRevoke();
  const jobId = await createJob(CONCURRENT_REVOKES);
  const { stop } = await start({ revokeAny });
  await send(jobId);
  await waitFor('the revocation starts', async () => started() > 0 || undefined);
  let isStopped = false;
  const stopping = stop().then(() => {
    isStopped = true;
  });
  for (let turns = 0; turns < 20; turns += 1) await nextTurn();
  expect(isStopped).toBe(false);
  release();
  await stopping;
  expect(started()).toBe(CONCURRENT_REVOKES);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'running', revoked: CONCURRENT_REVOKES, failedAttempts: 0 });
  await start();
  await isDone(jobId);
  expect(await jobs.job(jobId)).toMatchObject({ revoked: 2 * CONCURRENT_REVOKES });
});

test('after a minute a job goes to the end of the queue, and is finished later', async () => {
  const jobId = await createJob(CONCURRENT_REVOKES);
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
  // `waitFor` would time out here, because the clock jumps by a minute.
  for (let turns = 0; sent.mock.calls.length < 2; turns += 1) {
    expect(turns).toBeLessThan(100_000);
    await nextTurn();
  }
  await isDone(jobId);
  expect(sent.mock.calls).toEqual(Array(2).fill([{ kind: 'job', jobId }]));
});

test('a job of another source starts at once, however many jobs a source has', async () => {
  const { release, started, revokeAny } = blockedRevoke();
  const slow: string[] = [];
  await start({
    revokeAny: (context, grant) =>
      (slow.includes(context.requestId) ? revokeAny : jobs.authority.revokeAny)(context, grant),
  });
  for (let n = 0; n < 12; n += 1) slow.push(await createJob(1));
  for (const jobId of slow) await engine.queue.send({ kind: 'job', jobId, source: 'okta' });
  // Two grants, in two projects one after the other: one revoke for each job in work.
  await waitFor('the jobs of one source start', async () => started() >= 4 || undefined);
  const quick = await createJob(1);
  await engine.queue.send({ kind: 'job', jobId: quick, source: 'hr' });
  await isDone(quick);
  expect(started()).toBe(4);
  release();
  for (const jobId of slow) await isDone(jobId);
});

test('a job gives its place to a source that waits while all places are taken', async () => {
  const { release, started, revokeAny } = blockedRevoke();
  const slow: string[] = [];
  const now = performance.now.bind(performance);
  let aheadMs = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs);
  await start({
    revokeAny: (context, grant) =>
      (slow.includes(context.requestId) ? revokeAny : jobs.authority.revokeAny)(context, grant),
  });
  for (let n = 0; n < 8; n += 1) slow.push(await createJob(CONCURRENT_REVOKES + 1));
  for (const [n, jobId] of slow.entries()) {
    await engine.queue.send({ kind: 'job', jobId, source: n % 2 ? 'okta' : 'workos' });
  }
  await waitFor('all places are taken', async () => started() >= 8 * CONCURRENT_REVOKES || undefined);
  const quick = await createJob(1);
  await engine.queue.send({ kind: 'job', jobId: quick, source: 'hr' });
  for (let turns = 0; turns < 50; turns += 1) await nextTurn();
  expect(await stateOf(quick)).toBe('queued');
  aheadMs = 5_001;
  const sent = jest.spyOn(engine.queue, 'send');
  release();
  await isDone(quick);
  for (const jobId of slow) await isDone(jobId);
  expect(sent.mock.calls.length).toBeGreaterThan(0);
});

test('after a failed receive the worker polls the queue again', async () => {
  const jobId = await createJob(1);
  await send(jobId);
  const take = jest.spyOn(engine.queue, 'receive').mockRejectedValueOnce(new Error('the disk is full'));
  await start();
  await isDone(jobId);
  expect(take.mock.calls.length).toBeGreaterThan(1);
});

test('a job whose message was lost is put on the queue again once a minute', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'clearTimeout', 'performance', 'Date'] });
  await start();
  const jobId = await createJob(1);
  jobs.clock.nowMs += 60_000;
  jest.advanceTimersByTime(59_999);
  for (let turns = 0; turns < 20; turns += 1) await nextTurn();
  expect(await stateOf(jobId)).toBe('queued');
  jest.advanceTimersByTime(1);
  await isDone(jobId);
});
