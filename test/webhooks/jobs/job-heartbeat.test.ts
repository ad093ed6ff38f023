/** What a running job writes into the store, and that it counts as background work. Covers `attempt.ts`. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Job } from '../../../lib/domain/job.ts';
import type { GrantRef } from '../../../lib/domain/model.ts';
import type { RequestContext } from '../../../lib/domain/request-context.ts';
import { runJob } from '../../../lib/webhooks/jobs/job.ts';
import { type JobFixture, newGrantee, noDeadline, openJobFixture, revokePrincipalTask } from './fixture.ts';

const MINUTE_MS = 60_000;

let jobs: JobFixture;
beforeAll(async () => {
  jobs = await openJobFixture();
});
afterAll(() => jobs.close());

async function isOverdue(jobId: string, atMs: number): Promise<boolean> {
  return (await jobs.store.jobs.listOpen(atMs, 1_000)).some((job) => job.jobId === jobId);
}

test('a running job is overdue five minutes after its last batch started, not earlier', async () => {
  const { grantee } = await newGrantee(jobs, 105);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  let started = 0;
  const revokeAny = async (context: RequestContext, grant: GrantRef) => {
    started += 1;
    if (started === 1) jobs.clock.nowMs += 4 * MINUTE_MS;
    if (started === 105) {
      const { nowMs } = jobs.clock;
      expect(await isOverdue(jobId, nowMs + 5 * MINUTE_MS - 1)).toBe(false);
      expect(await isOverdue(jobId, nowMs + 5 * MINUTE_MS)).toBe(true);
    }
    return jobs.authority.revokeAny(context, grant);
  };
  expect(await runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(started).toBe(210);
});

test('all calls of a job are marked as bulk work, the lists too, so that interactive calls go first', async () => {
  const { grantee } = await newGrantee(jobs, 2);
  const keyId = await jobs.newKey();
  const jobId = await jobs.newJob([
    revokePrincipalTask(grantee),
    { action: 'revoke-key', type: 'key.compromised', keyId },
  ]);
  const bulkMarks: (boolean | undefined)[] = [];
  const { authority } = jobs;
  const dependencies = jobs.dependencies({
    listGrants(context, ...more) {
      bulkMarks.push(context.isBulk);
      return authority.listGrants(context, ...more);
    },
    listPrincipalGrants(context, ...more) {
      bulkMarks.push(context.isBulk);
      return authority.listPrincipalGrants(context, ...more);
    },
    revokeAny(context, grant) {
      bulkMarks.push(context.isBulk);
      return authority.revokeAny(context, grant);
    },
  });
  await runJob(dependencies, jobId, noDeadline);
  // Four revokes, and the lists of each project until they have nothing new.
  expect(bulkMarks.length).toBeGreaterThan(4);
  expect(new Set(bulkMarks)).toEqual(new Set([true]));
});

test('a job stores a batch of at most 100 grants while it runs, and none after its end', async () => {
  const { grantee, ids } = await newGrantee(jobs, 150);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const saved: Job[] = [];
  const { store, ...rest } = jobs.dependencies();
  const save = (job: Job) => {
    saved.push(job);
    return store.jobs.save(job);
  };
  await runJob({ ...rest, store: { ...store, jobs: { ...store.jobs, save } } }, jobId, noDeadline);
  expect(saved.map(({ batch }) => batch?.grants.length ?? 0)).toEqual([0, 100, 50, 100, 50, 0]);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: ids.length });
});
