/** retry-job: from which states a job runs again, for whom, and repeated requests. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Job, JobState } from '../../../lib/domain/job.ts';
import { okBody } from '../../support/create.ts';
import { expectError, expectErrorAndNoWrite } from '../../support/expect-error.ts';
import { sendSigned } from '../../support/send-signed.ts';
import { waitFor } from '../../webhooks/fixture.ts';
import { type JobService, startJobService } from './fixture.ts';

const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';

let jobs: JobService;
beforeAll(async () => {
  jobs = await startJobService();
});
afterAll(() => jobs.stop());

const retry = (job_id: string, more: object = {}) => jobs.call('retry-job', { job_id, ...more });

async function storeJobOf(principal: string, state: JobState, over: Partial<Job> = {}): Promise<string> {
  const task = { action: 'revoke-principal', type: 'principal.disabled', grantee: principal } as const;
  return jobs.storeJob({ tasks: [task], state, ...over });
}

const ended = (jobId: string) =>
  waitFor('the end of the job', async () => {
    const job = await jobs.job(jobId);
    return job?.state === 'done' ? job : undefined;
  });

test.each(['waiting', 'leftovers', 'stopped', 'unmapped', 'unreadable', 'nothing-found'] as const)(
  'a job that is %s runs again now and revokes what is left',
  async (state) => {
    const { principal } = await jobs.newGrants(2);
    const jobId = await storeJobOf(principal, state, { failedAttempts: 5 });
    const body = okBody(await retry(jobId));
    expect([body.job_id, ['queued', 'running', 'done'].includes(body.state)]).toEqual([jobId, true]);
    expect((await ended(jobId)).revoked).toBe(2);
    expect(await jobs.grantIdsOf(principal)).toEqual([]);
  },
);

test.each(['queued', 'running', 'done', 'ignored'] as const)(
  'a job that is %s is refused with its state, and nothing is written',
  async (state) => {
    const jobId = await storeJobOf('nobody', state);
    const refusal = await expectErrorAndNoWrite(jobs.service, () => retry(jobId), [400, 'KMS.0308']);
    expect(refusal.body.error_msg).toContain(`The job is in the state ${state}`);
  },
);

test('an unknown job and a job of another project get the same 404, one of several projects gets 403', async () => {
  const { service } = jobs;
  const foreigner = await service.foreignUser();
  const foreign = await jobs.storeJob({ projectIds: [foreigner.project_id], state: 'stopped' });
  const unknown = await expectErrorAndNoWrite(service, () => retry('f'.repeat(32)), [404, 'APIGW.0101']);
  const other = await expectErrorAndNoWrite(service, () => retry(foreign), [404, 'APIGW.0101']);
  expect(other.body.error).toEqual(unknown.body.error);
  expect(other.body.error_msg).toContain('There is no such job in this project.');
  const projectIds = [service.demo.project_id, foreigner.project_id];
  const shared = await storeJobOf('nobody', 'stopped', { projectIds });
  const refusal = await expectErrorAndNoWrite(service, () => retry(shared), [403, 'KMS.0306']);
  expect(refusal.body.error_msg).toContain('npm run admin');
  // All of its tasks apply in the demo project only.
  const tasks = [{ action: 'ignore', type: 'x', projectId: service.demo.project_id } as const];
  okBody(await retry(await jobs.storeJob({ projectIds, tasks, state: 'stopped' })));
});

test('a malformed job id and an unknown field are refused', async () => {
  for (const body of [{ job_id: 'x' }, { job_id: 'F'.repeat(32) }, { job_id: 'f'.repeat(32), dry_run: true }]) {
    expectError(await jobs.call('retry-job', body), [400, 'KMS.0308']);
  }
});

test('a repeat with the same sequence does not run the job again while it is queued or done', async () => {
  const jobId = await storeJobOf((await jobs.newGrants(1)).principal, 'stopped');
  okBody(await retry(jobId, { sequence: SEQUENCE }));
  const { revision } = await ended(jobId);
  expect(okBody(await retry(jobId, { sequence: SEQUENCE })).state).toBe('done');
  expect((await jobs.job(jobId))?.revision).toBe(revision);
  expectError(await retry(jobId), [400, 'KMS.0308']);
});

test('a captured signed request does not run a job again that was stopped since', async () => {
  const { service } = jobs;
  const jobId = await storeJobOf((await jobs.newGrants(1)).principal, 'stopped');
  const date = new Date(service.clock.nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const path = `/v1.0/${service.demo.project_id}/kms/retry-job`;
  const body = JSON.stringify({ job_id: jobId });
  const send = () => sendSigned(service, service.administrator, path, body, { signed: { 'x-sdk-date': date } });
  okBody(await send());
  const job = await ended(jobId);
  expect(await service.services.store.jobs.save({ ...job, state: 'stopped' })).toBe(true);
  service.clock.nowMs += 60_000;
  expectError(await send(), [401, 'APIGW.0301']);
  expect((await jobs.job(jobId))?.state).toBe('stopped');
});
