/** However often and by however many a job is worked on: each grant is revoked once, with one receipt, and counted once. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Task } from '../../../lib/domain/job.ts';
import type { GrantRef } from '../../../lib/domain/model.ts';
import type { RequestContext } from '../../../lib/domain/request-context.ts';
import { KmsError } from '../../../lib/errors.ts';
import { logger } from '../../../lib/logger.ts';
import type { Store } from '../../../lib/store/store.ts';
import type { JobDependencies } from '../../../lib/webhooks/jobs/attempt.ts';
import { runJob } from '../../../lib/webhooks/jobs/job.ts';
import { PROJECT, requestContext } from '../../authority/standalone/fixture.ts';
import { type JobFixture, newGrantee, newId, noDeadline, openJobFixture, revokePrincipalTask } from './fixture.ts';

const lines = jest.spyOn(logger, 'info');
let jobs: JobFixture;
beforeAll(async () => {
  jobs = await openJobFixture();
});
afterAll(() => jobs.close());

/** That nothing is left of the grants, each has one receipt of the job, and the job has counted each once. */
async function expectOnce(jobId: string, grantee: string, ids: readonly string[]): Promise<void> {
  const receipts = await jobs.eventsOf(jobId, grantee);
  expect(receipts.map(({ grant }) => grant?.grant_id).sort()).toEqual([...ids].sort());
  expect(await jobs.grantIdsOf(grantee)).toEqual([]);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: ids.length, leftovers: [] });
}

class Crash extends Error {}

/** A store of a process that dies at its n-th write: before it, or after it and before anybody hears of it. */
function dying(store: Store, n: number, isWritten: boolean): { store: Store; writes: () => number } {
  let writes = 0;
  async function write<T>(commit: () => Promise<T>): Promise<T> {
    writes += 1;
    if (writes > n || (writes === n && !isWritten)) throw new Crash();
    const result = await commit();
    if (writes >= n) throw new Crash();
    return result;
  }
  return {
    writes: () => writes,
    store: {
      ...store,
      jobs: { ...store.jobs, save: (job) => write(() => store.jobs.save(job)) },
      grants: { ...store.grants, commit: (...change) => write(() => store.grants.commit(...change)) },
      events: { ...store.events, append: (...event) => write(() => store.events.append(...event)) },
    },
  };
}

describe.each([
  ['before', false],
  ['after', true],
])('a process that dies %s its n-th write', (_, isWritten) => {
  test('at every n, and the next process ends the job', async () => {
    let crashes = 0;
    for (let n = 1; ; n += 1) {
      const { grantee, ids } = await newGrantee(jobs, 3);
      const others = await jobs.newGrants(await jobs.newKey(), newId(), 2);
      const keyId = await jobs.newKey();
      const more = await jobs.newGrants(keyId, grantee, 2);
      const jobId = await jobs.newJob([
        revokePrincipalTask(grantee),
        { action: 'revoke-key', type: 'key.compromised', keyId },
      ]);
      const { store, writes } = dying(jobs.store, n, isWritten);
      const world: JobDependencies = { store, authority: jobs.over(store), now: () => jobs.clock.nowMs };
      const end = await runJob(world, jobId, noDeadline).catch((error: unknown) => error);
      if (writes() < n) {
        expect(end).toEqual({ next: 'ended' });
        break;
      }
      expect(end).toBeInstanceOf(Crash);
      crashes += 1;
      expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
      await expectOnce(jobId, grantee, [...ids, ...more]);
      for (const grantId of others) expect(await jobs.store.grants.grant(PROJECT, grantId)).toBeDefined();
    }
    // 8 grants, and the job itself: begun, a batch for each of the projects, ended.
    expect(crashes).toBe(8 + 4);
  });
});

test.each([
  ['before', false],
  ['after', true],
])('one grant alone is counted once too, by a process that dies %s its n-th write', async (_, isWritten) => {
  for (const n of [1, 2, 3, 4]) {
    const grantee = newId();
    const keyId = await jobs.newKey();
    const [grantId = ''] = await jobs.newGrants(keyId, grantee, 1);
    const jobId = await jobs.newJob({
      tasks: [{ action: 'revoke-grant', type: 'grant.revoke', keyId, grantId }],
      projectIds: [PROJECT],
    });
    const { store } = dying(jobs.store, n, isWritten);
    const world: JobDependencies = { store, authority: jobs.over(store), now: () => jobs.clock.nowMs };
    await expect(runJob(world, jobId, noDeadline)).rejects.toThrow(Crash);
    expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
    await expectOnce(jobId, grantee, [grantId]);
  }
});

test('what has its receipt is not sent again: another KMS might answer as the first time', async () => {
  const [grantee, keyId] = [newId(), await jobs.newKey()];
  const ids = await jobs.newGrants(keyId, grantee, 4);
  const grants = ids.map((grant_id) => ({ key_id: keyId, grant_id }));
  const batch = { projectId: PROJECT, task: 0, grants };
  const jobId = await jobs.newJob({ tasks: [revokePrincipalTask(grantee)], state: 'running', batch });
  // So far the process had come that died.
  for (const grant of grants.slice(0, 2)) {
    await jobs.authority.revokeAny(requestContext('principal.disabled', { requestId: jobId }), grant);
  }
  const sent: string[] = [];
  const revokeAny = (asked: RequestContext, grant: GrantRef) => {
    sent.push(grant.grant_id);
    return jobs.authority.revokeAny(asked, grant);
  };
  expect(await runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline)).toEqual({ next: 'ended' });
  await expectOnce(jobId, grantee, ids);
  expect(sent.sort()).toEqual(ids.slice(2).sort());
});

test('a job that is done, and that somebody has tried again, counts nothing twice', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const keyId = await jobs.newKey();
  const [grantId = ''] = await jobs.newGrants(keyId, grantee, 1);
  const one: Task = { action: 'revoke-grant', type: 'grant.revoke', keyId, grantId, projectId: PROJECT };
  const jobId = await jobs.newJob([one, revokePrincipalTask(grantee)]);
  for (let times = 0; times < 2; times += 1) {
    await jobs.store.jobs.save({ ...(await jobs.job(jobId)), state: 'queued', failedAttempts: 0 });
    expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
    await expectOnce(jobId, grantee, [grantId, ...ids]);
  }
});

test('a process that dies again and again gets a little further each time', async () => {
  const { grantee, ids } = await newGrantee(jobs, 5);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  for (let goes = 0; (await jobs.job(jobId)).state !== 'done'; goes += 1) {
    expect(goes).toBeLessThan(20);
    const { store } = dying(jobs.store, 4, goes % 2 === 0);
    const world: JobDependencies = { store, authority: jobs.over(store), now: () => jobs.clock.nowMs };
    await runJob(world, jobId, noDeadline).catch(() => undefined);
  }
  await expectOnce(jobId, grantee, ids);
});

test.each([1, 100, 101])('a second worker that comes at the revocation %i changes nothing', async (place) => {
  const { grantee, ids } = await newGrantee(jobs, 105);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  let begun = 0;
  let second: Promise<unknown> | undefined;
  const revokeAny = (context: RequestContext, grant: GrantRef) => {
    begun += 1;
    if (begun === place) second = runJob(jobs.dependencies(), jobId, noDeadline);
    return jobs.authority.revokeAny(context, grant);
  };
  expect(await runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await second).toEqual({ next: 'ended' });
  await expectOnce(jobId, grantee, ids);
  // Whoever was overtaken has left the job to the other.
  expect(lines.mock.calls.filter(([, line]) => (line as { job_id?: string }).job_id === jobId)).toHaveLength(1);
});

test('many workers at once are as one', async () => {
  const { grantee, ids } = await newGrantee(jobs, 60);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const ends = await Promise.all(Array.from({ length: 5 }, () => runJob(jobs.dependencies(), jobId, noDeadline)));
  expect(ends).toEqual(Array(5).fill({ next: 'ended' }));
  await expectOnce(jobId, grantee, ids);
});

test('when time is up it goes on later, where it was', async () => {
  const { grantee, ids } = await newGrantee(jobs, 105);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  let goes = 0;
  for (let course = 'continue'; course === 'continue'; goes += 1) {
    let asked = 0;
    const isPastDeadline = () => {
      asked += 1;
      return asked > 50;
    };
    course = (await runJob(jobs.dependencies(), jobId, isPastDeadline)).next;
    if (course === 'continue') expect(await jobs.job(jobId)).toMatchObject({ state: 'running', failedAttempts: 0 });
  }
  expect(goes).toBeGreaterThan(3);
  await expectOnce(jobId, grantee, ids);
});

test('a grant that is made while the job runs goes too', async () => {
  const { grantee, ids } = await newGrantee(jobs, 3);
  const keyId = await jobs.newKey();
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  let late: string[] | undefined;
  const revokeAny = async (context: RequestContext, grant: GrantRef) => {
    if (!late) {
      late = [];
      late = await jobs.newGrants(keyId, grantee, 2);
    }
    return jobs.authority.revokeAny(context, grant);
  };
  await runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline);
  expect(late).toHaveLength(2);
  await expectOnce(jobId, grantee, [...ids, ...(late ?? [])]);
});

test('what somebody else has revoked in the meantime is not counted', async () => {
  const { grantee, ids } = await newGrantee(jobs, 4);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  let isFirst = true;
  const revokeAny = async (context: RequestContext, grant: GrantRef) => {
    const requestId = isFirst ? 'of-somebody-else' : context.requestId;
    isFirst = false;
    await jobs.authority.revokeAny({ ...context, requestId }, grant);
    return jobs.authority.revokeAny(context, grant);
  };
  await runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: ids.length - 1 });
  expect(await jobs.eventsOf(jobId, grantee)).toHaveLength(ids.length - 1);
});

test('a grant whose key is gone by then is gone too: it is no leftover, and not counted', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const revokeAny = (context: RequestContext, grant: GrantRef) =>
    grant.grant_id === ids[0] ? Promise.reject(new KmsError('KMS.0207')) : jobs.authority.revokeAny(context, grant);
  expect(await runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: 3, leftovers: [] });
});

test('of no job, and of one that has ended, nothing is done', async () => {
  const { grantee, ids } = await newGrantee(jobs, 1);
  for (const state of ['done', 'ignored', 'unmapped', 'leftovers'] as const) {
    const jobId = await jobs.newJob({ tasks: [revokePrincipalTask(grantee)], state });
    expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
    expect(await jobs.job(jobId)).toMatchObject({ state, revision: 0 });
  }
  expect(await runJob(jobs.dependencies(), newId(), noDeadline)).toEqual({ next: 'ended' });
  expect((await jobs.grantIdsOf(grantee)).sort()).toEqual(ids.sort());
});
