/** Jobs that find no grant: they end in a state of their own, because the reason may be a mistake. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Task } from '../../../lib/domain/job.ts';
import { logger } from '../../../lib/logger.ts';
import { runJob } from '../../../lib/webhooks/jobs/job.ts';
import { PROJECT } from '../../authority/standalone/fixture.ts';
import { type JobFixture, newGrantee, newId, noDeadline, openJobFixture, revokePrincipalTask } from './fixture.ts';

const warnLog = jest.spyOn(logger, 'warn');
const errorLog = jest.spyOn(logger, 'error');
let jobs: JobFixture;
beforeAll(async () => {
  jobs = await openJobFixture();
});
afterAll(() => jobs.close());

async function run(...job: Parameters<JobFixture['newJob']>) {
  const jobId = await jobs.newJob(...job);
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
  return jobs.job(jobId);
}

test.each<[string, () => Promise<Parameters<JobFixture['newJob']>[0]>]>([
  ['a principal that holds no grant', async () => [revokePrincipalTask(newId())]],
  [
    'a mistyped project',
    async () => ({ tasks: [revokePrincipalTask((await newGrantee(jobs, 1)).grantee)], projectIds: ['mistyped'] }),
  ],
  [
    'a key without grants',
    async () => ({
      tasks: [{ action: 'revoke-key', type: 'key.compromised', keyId: await jobs.newKey() }],
      projectIds: [PROJECT],
    }),
  ],
  [
    'an unknown grant',
    async () => [{ action: 'revoke-grant', type: 'grant.revoke', keyId: await jobs.newKey(), grantId: '0'.repeat(64) }],
  ],
  [
    'an operation that no grant of the principal allows',
    async () => [revokePrincipalTask((await newGrantee(jobs, 1)).grantee, { operations: ['sign'] })],
  ],
])('a job for %s ends as nothing-found, with a warning', async (_, newJob) => {
  const job = await run(await newJob());
  expect(job).toMatchObject({ state: 'nothing-found', revoked: 0, leftovers: [], unmapped: [] });
  const line = expect.objectContaining({ job_id: job.jobId, state: 'nothing-found' });
  expect(warnLog).toHaveBeenCalledWith('job', line);
});

test('a job about two persons ends as done if one of them holds grants and the other one none', async () => {
  const { grantee } = await newGrantee(jobs, 1);
  expect(await run([revokePrincipalTask(newId()), revokePrincipalTask(grantee)])).toMatchObject({ state: 'done' });
});

test('a job ends as unmapped if a person has no mapping, even if nobody else in it holds grants', async () => {
  const task: Task = { action: 'revoke-principal', type: 'principal.disabled', identities: [newId()] };
  expect(await run([task, revokePrincipalTask(newId())])).toMatchObject({ state: 'unmapped' });
});

test('a job ends as unreadable, with an error in the log, if an event could not be read, even if nobody in it holds grants', async () => {
  const unreadable: Task = { action: 'unreadable', type: 'user.lifecycle.deactivate', reason: 'no user' };
  const job = await run([unreadable, revokePrincipalTask(newId())]);
  expect(job).toMatchObject({ state: 'unreadable', revoked: 0 });
  const line = expect.objectContaining({ job_id: job.jobId, state: 'unreadable', unreadable: 1 });
  expect(errorLog).toHaveBeenCalledWith('job', line);
});

test('a job that ended as nothing-found revokes the grants that exist when it is queued again', async () => {
  const grantee = newId();
  const { jobId, ...job } = await run([revokePrincipalTask(grantee)]);
  await jobs.newGrants(await jobs.newKey(), grantee, 1);
  await jobs.store.jobs.save({ ...job, jobId, state: 'queued' });
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: 1 });
});
