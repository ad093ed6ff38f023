/**
 * Jobs under crashes, deadlines and several workers: each grant is revoked once, with one event, and counted once.
 * Covers `job.ts`, `attempt.ts`, `attempt-results.ts` and `scope.ts`.
 * Also tests: lib/webhooks/jobs/.
 */
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

const infoLog = jest.spyOn(logger, 'info');
let jobs: JobFixture;
beforeAll(async () => {
  jobs = await openJobFixture();
});
afterAll(() => jobs.close());

/** Expects that the grantee has no grant, and that the job wrote one event for each grant and counted it once. */
async function expectRevokedOnce(jobId: string, grantee: string, ids: readonly string[]): Promise<void> {
  const events = await jobs.eventsOf(jobId, grantee);
  expect(events.map(({ grant }) => grant?.grant_id).sort()).toEqual([...ids].sort());
  expect(await jobs.grantIdsOf(grantee)).toEqual([]);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: ids.length, leftovers: [] });
}

class Crash extends Error {}

/** A store whose n-th write crashes the process: before the write, or after it and before its result arrives. */
function crashingStore(store: Store, n: number, isWritten: boolean): { store: Store; writes: () => number } {
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
])('a process that crashes %s its n-th write', (_, isWritten) => {
  test('for every n, the next process finishes the job and revokes each grant once', async () => {
    let crashes = 0;
    for (let n = 1; ; n += 1) {
      const { grantee, ids } = await newGrantee(jobs, 3);
      const otherIds = await jobs.newGrants(await jobs.newKey(), newId(), 2);
      const keyId = await jobs.newKey();
      const idsOnKey = await jobs.newGrants(keyId, grantee, 2);
      const jobId = await jobs.newJob([
        revokePrincipalTask(grantee),
        { action: 'revoke-key', type: 'key.compromised', keyId },
      ]);
      const { store, writes } = crashingStore(jobs.store, n, isWritten);
      const dependencies: JobDependencies = {
        store,
        authority: jobs.authorityOver(store),
        now: () => jobs.clock.nowMs,
      };
      const result = await runJob(dependencies, jobId, noDeadline).catch((error: unknown) => error);
      if (writes() < n) {
        expect(result).toEqual({ next: 'ended' });
        break;
      }
      expect(result).toBeInstanceOf(Crash);
      crashes += 1;
      expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
      await expectRevokedOnce(jobId, grantee, [...ids, ...idsOnKey]);
      for (const grantId of otherIds) expect(await jobs.store.grants.grant(PROJECT, grantId)).toBeDefined();
    }
    // 8 grants, and 4 writes of the job: its start, a batch in each project, another on the key, its end.
    expect(crashes).toBe(8 + 4);
  });
});

test.each([
  ['before', false],
  ['after', true],
])('a job for one named grant counts it once when the process crashes %s its n-th write', async (_, isWritten) => {
  for (const n of [1, 2, 3, 4]) {
    const grantee = newId();
    const keyId = await jobs.newKey();
    const [grantId = ''] = await jobs.newGrants(keyId, grantee, 1);
    const jobId = await jobs.newJob({
      tasks: [{ action: 'revoke-grant', type: 'grant.revoke', keyId, grantId }],
      projectIds: [PROJECT],
    });
    const { store } = crashingStore(jobs.store, n, isWritten);
    const dependencies: JobDependencies = { store, authority: jobs.authorityOver(store), now: () => jobs.clock.nowMs };
    await expect(runJob(dependencies, jobId, noDeadline)).rejects.toThrow(Crash);
    expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
    await expectRevokedOnce(jobId, grantee, [grantId]);
  }
});

test('a resumed batch skips grants with an event: an upstream might report success for a second revoke', async () => {
  const [grantee, keyId] = [newId(), await jobs.newKey()];
  const ids = await jobs.newGrants(keyId, grantee, 4);
  const grants = ids.map((grant_id) => ({ key_id: keyId, grant_id }));
  const batch = { projectId: PROJECT, task: 0, grants };
  const jobId = await jobs.newJob({ tasks: [revokePrincipalTask(grantee)], state: 'running', batch });
  // The crashed process had revoked two of the four.
  for (const grant of grants.slice(0, 2)) {
    await jobs.authority.revokeAny(requestContext('principal.disabled', { requestId: jobId }), grant);
  }
  const sentIds: string[] = [];
  const revokeAny = (context: RequestContext, grant: GrantRef) => {
    sentIds.push(grant.grant_id);
    return jobs.authority.revokeAny(context, grant);
  };
  expect(await runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline)).toEqual({ next: 'ended' });
  await expectRevokedOnce(jobId, grantee, ids);
  expect(sentIds.sort()).toEqual(ids.slice(2).sort());
});

test('a finished job that is queued again counts no grant twice', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const keyId = await jobs.newKey();
  const [grantId = ''] = await jobs.newGrants(keyId, grantee, 1);
  const namedGrant: Task = { action: 'revoke-grant', type: 'grant.revoke', keyId, grantId, projectId: PROJECT };
  const jobId = await jobs.newJob([namedGrant, revokePrincipalTask(grantee)]);
  for (let times = 0; times < 2; times += 1) {
    await jobs.store.jobs.save({ ...(await jobs.job(jobId)), state: 'queued', failedAttempts: 0 });
    expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
    await expectRevokedOnce(jobId, grantee, [grantId, ...ids]);
  }
});

test('a job whose process crashes again and again makes progress each time and ends', async () => {
  const { grantee, ids } = await newGrantee(jobs, 5);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  for (let runs = 0; (await jobs.job(jobId)).state !== 'done'; runs += 1) {
    expect(runs).toBeLessThan(20);
    const { store } = crashingStore(jobs.store, 4, runs % 2 === 0);
    const dependencies: JobDependencies = { store, authority: jobs.authorityOver(store), now: () => jobs.clock.nowMs };
    await runJob(dependencies, jobId, noDeadline).catch(() => undefined);
  }
  await expectRevokedOnce(jobId, grantee, ids);
});

test.each([1, 100, 101])(
  'a second worker that starts the job at revoke %i does not revoke or count a grant twice',
  async (position) => {
    const { grantee, ids } = await newGrantee(jobs, 105);
    const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
    let started = 0;
    let second: Promise<unknown> | undefined;
    const revokeAny = (context: RequestContext, grant: GrantRef) => {
      started += 1;
      if (started === position) second = runJob(jobs.dependencies(), jobId, noDeadline);
      return jobs.authority.revokeAny(context, grant);
    };
    expect(await runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline)).toEqual({ next: 'ended' });
    expect(await second).toEqual({ next: 'ended' });
    await expectRevokedOnce(jobId, grantee, ids);
    // The first worker stopped when the second one had taken the job over.
    expect(infoLog.mock.calls.filter(([, line]) => (line as { job_id?: string }).job_id === jobId)).toHaveLength(1);
  },
);

test('five concurrent workers on one job revoke each grant once', async () => {
  const { grantee, ids } = await newGrantee(jobs, 60);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const results = await Promise.all(Array.from({ length: 5 }, () => runJob(jobs.dependencies(), jobId, noDeadline)));
  expect(results).toEqual(Array(5).fill({ next: 'ended' }));
  await expectRevokedOnce(jobId, grantee, ids);
});

test('a job that runs into its deadline continues later where it stopped', async () => {
  const { grantee, ids } = await newGrantee(jobs, 105);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  let runs = 0;
  for (let next = 'continue'; next === 'continue'; runs += 1) {
    let checks = 0;
    const isPastDeadline = () => {
      checks += 1;
      return checks > 50;
    };
    next = (await runJob(jobs.dependencies(), jobId, isPastDeadline)).next;
    if (next === 'continue') expect(await jobs.job(jobId)).toMatchObject({ state: 'running', failedAttempts: 0 });
  }
  expect(runs).toBeGreaterThan(3);
  await expectRevokedOnce(jobId, grantee, ids);
});

test('a grant that is created while the job runs is revoked too', async () => {
  const { grantee, ids } = await newGrantee(jobs, 3);
  const keyId = await jobs.newKey();
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  let lateIds: string[] | undefined;
  const revokeAny = async (context: RequestContext, grant: GrantRef) => {
    if (!lateIds) {
      lateIds = [];
      lateIds = await jobs.newGrants(keyId, grantee, 2);
    }
    return jobs.authority.revokeAny(context, grant);
  };
  await runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline);
  expect(lateIds).toHaveLength(2);
  await expectRevokedOnce(jobId, grantee, [...ids, ...(lateIds ?? [])]);
});

test('a grant that another request revokes meanwhile is not counted', async () => {
  const { grantee, ids } = await newGrantee(jobs, 4);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  let isFirst = true;
  const revokeAny = async (context: RequestContext, grant: GrantRef) => {
    const requestId = isFirst ? 'another-request' : context.requestId;
    isFirst = false;
    await jobs.authority.revokeAny({ ...context, requestId }, grant);
    return jobs.authority.revokeAny(context, grant);
  };
  await runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: ids.length - 1 });
  expect(await jobs.eventsOf(jobId, grantee)).toHaveLength(ids.length - 1);
});

test('a grant whose key is deleted meanwhile is neither a leftover nor counted', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  // The grant goes with its key, without an event of the job.
  const revokeAny = async (context: RequestContext, grant: GrantRef) => {
    if (grant.grant_id !== ids[0]) return jobs.authority.revokeAny(context, grant);
    await jobs.authority.revokeAny({ ...context, requestId: 'deletion' }, grant);
    throw new KmsError('KMS.0207');
  };
  expect(await runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: 3, leftovers: [] });
});

test('a message for an ended or unknown job does nothing', async () => {
  const { grantee, ids } = await newGrantee(jobs, 1);
  for (const state of ['done', 'nothing-found', 'ignored', 'unmapped', 'unreadable', 'leftovers', 'stopped'] as const) {
    const jobId = await jobs.newJob({ tasks: [revokePrincipalTask(grantee)], state });
    expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
    expect(await jobs.job(jobId)).toMatchObject({ state, revision: 0 });
  }
  expect(await runJob(jobs.dependencies(), newId(), noDeadline)).toEqual({ next: 'ended' });
  expect((await jobs.grantIdsOf(grantee)).sort()).toEqual(ids.sort());
});
