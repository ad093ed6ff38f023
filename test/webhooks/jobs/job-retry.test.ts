/** Jobs that ended with leftovers and that an administrator queues again. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Task } from '../../../lib/domain/job.ts';
import { KmsError } from '../../../lib/errors.ts';
import { runJob } from '../../../lib/webhooks/jobs/job.ts';
import { PROJECT } from '../../authority/standalone/fixture.ts';
import { type JobFixture, newId, noDeadline, openJobFixture, revokePrincipalTask } from './fixture.ts';

let jobs: JobFixture;
beforeAll(async () => {
  jobs = await openJobFixture();
});
afterAll(() => jobs.close());

const refusing = () => jobs.dependencies({ revokeAny: () => Promise.reject(new KmsError('KMS.0306')) });

async function retryJob(jobId: string): Promise<void> {
  await jobs.store.jobs.save({ ...(await jobs.job(jobId)), state: 'queued', failedAttempts: 0 });
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
}

test('a named grant that was left over is revoked when the job is queued again', async () => {
  const [grantee, keyId] = [newId(), await jobs.newKey()];
  const [grantId = ''] = await jobs.newGrants(keyId, grantee, 1);
  const task: Task = { action: 'revoke-grant', type: 'grant.revoke', keyId, grantId, projectId: PROJECT };
  // Five failed attempts: the next one is the last.
  const jobId = await jobs.newJob({ tasks: [task], failedAttempts: 5 });
  expect(await runJob(refusing(), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.job(jobId)).toMatchObject({ state: 'leftovers', revoked: 0, leftoverCount: 1 });

  await retryJob(jobId);
  expect(await jobs.grantIdsOf(grantee)).toEqual([]);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: 1, leftovers: [], leftoverCount: 0 });
});

test('a leftover is revoked even if the process dies during the retry', async () => {
  const [grantee, keyId] = [newId(), await jobs.newKey()];
  await jobs.newGrants(keyId, grantee, 1);
  const jobId = await jobs.newJob({ tasks: [revokePrincipalTask(grantee)], failedAttempts: 5 });
  expect(await runJob(refusing(), jobId, noDeadline)).toEqual({ next: 'ended' });

  await jobs.store.jobs.save({ ...(await jobs.job(jobId)), state: 'queued', failedAttempts: 0 });
  const crashing = jobs.dependencies({ revokeAny: () => Promise.reject(new Error('the process dies')) });
  await expect(runJob(crashing, jobId, noDeadline)).rejects.toThrow('the process dies');
  expect((await jobs.job(jobId)).batch?.grants).toHaveLength(1);
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.grantIdsOf(grantee)).toEqual([]);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: 1 });
});

test('a list that cannot be read counts as a leftover, but writes no event, because it names no grant', async () => {
  const jobId = await jobs.newJob({ tasks: [revokePrincipalTask(newId(), { projectId: PROJECT })], failedAttempts: 5 });
  const dependencies = jobs.dependencies({ listPrincipalGrants: () => Promise.reject(new KmsError('APIGW.0201:502')) });
  expect(await runJob(dependencies, jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.job(jobId)).toMatchObject({ state: 'leftovers', leftoverCount: 1 });
  const events = await jobs.store.events.list(PROJECT, {}, 1_000);
  expect(events.filter(({ requestId }) => requestId === jobId)).toEqual([]);
});
