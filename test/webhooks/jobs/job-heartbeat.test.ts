/** What a job under way leaves in the store: that it lives, and little enough of what it does for one item. */
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

/** Whether it counts as lost by then. */
async function isLost(jobId: string, atMs: number): Promise<boolean> {
  return (await jobs.store.jobs.listOpen(atMs, 1_000)).some((job) => job.jobId === jobId);
}

test('it is lost sight of five minutes after its last batch was begun, and no sooner', async () => {
  const { grantee } = await newGrantee(jobs, 105);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  let begun = 0;
  const revokeAny = async (context: RequestContext, grant: GrantRef) => {
    begun += 1;
    if (begun === 1) jobs.clock.nowMs += 4 * MINUTE_MS;
    if (begun === 105) {
      const { nowMs } = jobs.clock;
      const atMs = [nowMs + 5 * MINUTE_MS - 1, nowMs + 5 * MINUTE_MS];
      expect(await Promise.all(atMs.map((ms) => isLost(jobId, ms)))).toEqual([false, true]);
    }
    return jobs.authority.revokeAny(context, grant);
  };
  expect(await runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(begun).toBe(210);
});

test('it asks as one of many, for lists too: what somebody waits for goes first', async () => {
  const { grantee } = await newGrantee(jobs, 2);
  const keyId = await jobs.newKey();
  const jobId = await jobs.newJob([
    revokePrincipalTask(grantee),
    { action: 'revoke-key', type: 'key.compromised', keyId },
  ]);
  const asked: (boolean | undefined)[] = [];
  const { authority } = jobs;
  const world = jobs.dependencies({
    listGrants(context, ...more) {
      asked.push(context.isBulk);
      return authority.listGrants(context, ...more);
    },
    listPrincipalGrants(context, ...more) {
      asked.push(context.isBulk);
      return authority.listPrincipalGrants(context, ...more);
    },
    revokeAny(context, grant) {
      asked.push(context.isBulk);
      return authority.revokeAny(context, grant);
    },
  });
  await runJob(world, jobId, noDeadline);
  // Four revocations, and each project's lists until nothing new is in them.
  expect(asked.length).toBeGreaterThan(4);
  expect(new Set(asked)).toEqual(new Set([true]));
});

test('no more than 100 grants are written with it, and none once it has ended', async () => {
  const { grantee, ids } = await newGrantee(jobs, 150);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const saved: Job[] = [];
  const { store, ...world } = jobs.dependencies();
  const save = (job: Job) => {
    saved.push(job);
    return store.jobs.save(job);
  };
  await runJob({ ...world, store: { ...store, jobs: { ...store.jobs, save } } }, jobId, noDeadline);
  expect(saved.map(({ batch }) => batch?.grants.length ?? 0)).toEqual([0, 100, 50, 100, 50, 0]);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: ids.length });
});
