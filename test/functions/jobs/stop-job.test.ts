/** stop-job: from which states a job is stopped, for whom, and repeated requests. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { okBody } from '../../support/create.ts';
import { expectErrorAndNoWrite } from '../../support/expect-error.ts';
import { type JobService, startJobService } from './fixture.ts';

const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';

let jobs: JobService;
beforeAll(async () => {
  jobs = await startJobService();
});
afterAll(() => jobs.stop());

const stop = (job_id: string, more: object = {}) => jobs.call('stop-job', { job_id, ...more });

test.each(['queued', 'running', 'waiting'] as const)('a job that is %s is stopped', async (state) => {
  const jobId = await jobs.storeJob({ state, revoked: 3 });
  expect(okBody(await stop(jobId))).toMatchObject({ job_id: jobId, state: 'stopped', revoked: 3 });
  expect(await jobs.job(jobId)).toMatchObject({ state: 'stopped', revision: 1 });
});

test.each(['done', 'nothing-found', 'ignored', 'unmapped', 'unreadable', 'leftovers', 'stopped'] as const)(
  'a job that has ended as %s is refused with its state, and nothing is written',
  async (state) => {
    const jobId = await jobs.storeJob({ state });
    const refusal = await expectErrorAndNoWrite(jobs.service, () => stop(jobId), [400, 'KMS.0308']);
    expect(refusal.body.error_msg).toContain(`The job is in the state ${state}`);
  },
);

test('an unknown job and a job of another project get the same 404, one of several projects gets 403', async () => {
  const { service } = jobs;
  const foreigner = await service.foreignUser();
  const foreign = await jobs.storeJob({ projectIds: [foreigner.project_id] });
  const unknown = await expectErrorAndNoWrite(service, () => stop('f'.repeat(32)), [404, 'APIGW.0101']);
  const other = await expectErrorAndNoWrite(service, () => stop(foreign), [404, 'APIGW.0101']);
  expect(other.body.error).toEqual(unknown.body.error);
  const shared = await jobs.storeJob({ projectIds: [service.demo.project_id, foreigner.project_id] });
  await expectErrorAndNoWrite(service, () => stop(shared), [403, 'KMS.0306']);
});

test('a repeat with the same sequence answers with the stopped job; after a retry it stops the job again', async () => {
  const jobId = await jobs.storeJob({ state: 'waiting' });
  okBody(await stop(jobId, { sequence: SEQUENCE }));
  expect(okBody(await stop(jobId, { sequence: SEQUENCE })).state).toBe('stopped');
  const job = await jobs.job(jobId);
  expect(job?.revision).toBe(1);
  if (job) expect(await jobs.service.services.store.jobs.save({ ...job, state: 'waiting' })).toBe(true);
  expect(okBody(await stop(jobId, { sequence: SEQUENCE })).state).toBe('stopped');
  expect(await jobs.job(jobId)).toMatchObject({ state: 'stopped', revision: 3 });
});

test('a stopped job revokes nothing more until it is retried', async () => {
  const { principal } = await jobs.newGrants(2);
  const task = { action: 'revoke-principal', type: 'principal.disabled', grantee: principal } as const;
  const jobId = await jobs.storeJob({ tasks: [task] });
  okBody(await stop(jobId));
  await jobs.service.services.queue.send({ kind: 'job', jobId, source: 'hr' });
  const other = await jobs.newGrants(1);
  await jobs.endedJob(await jobs.createWithDigest({ grantee_principal: other.principal }));
  expect(await jobs.grantIdsOf(principal)).toHaveLength(2);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'stopped', revoked: 0 });
});
