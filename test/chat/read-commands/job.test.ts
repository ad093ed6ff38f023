import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JobState } from '../../../lib/domain/job.ts';
import { runJob } from '../../../lib/webhooks/jobs/job.ts';
import { FOREIGN_PROJECT, GRANTEE, PROJECT } from '../../authority/standalone/fixture.ts';
import { type JobFixture, noDeadline, openJobFixture, revokePrincipalTask } from '../../webhooks/jobs/fixture.ts';
import { ask, contextIn, factsIn } from '../fixture.ts';

let jobs: JobFixture;
beforeAll(async () => {
  jobs = await openJobFixture();
});
afterAll(() => jobs.close());

test('an ended job is shown with its state in words and its counts', async () => {
  const key = await jobs.newKey();
  await jobs.newGrants(key, GRANTEE, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(GRANTEE, { reason: 'left the team' })]);
  await runJob(jobs.dependencies(), jobId, noDeadline);
  const view = await ask(jobs, `job ${jobId}`);
  expect(view).toMatchObject({ title: 'Job', tone: 'good', rows: [] });
  expect(factsIn(view)).toEqual({
    Job: jobId,
    State: 'done: every grant in scope is revoked',
    Source: 'hr',
    Received: '2026-11-22 06:00 UTC',
    Revoked: '2',
    'Not revoked': '0',
    'Issued to others and not revoked': '0',
    Reason: 'left the team',
  });
  expect(view.data).toMatchObject({ jobs: [{ project_id: PROJECT, job_id: jobId, state: 'done', revoked: 2 }] });
});

test('leftovers are named with their codes, those of the projects of the person only', async () => {
  const leftover = (projectId: string, grantId: string) => ({
    projectId,
    keyId: 'k1',
    grantId,
    code: 'KMS.0306',
    task: 0,
  });
  const leftovers = [leftover(PROJECT, 'a1'), leftover(PROJECT, ''), leftover(FOREIGN_PROJECT, 'b2')];
  const jobId = await jobs.newJob({
    tasks: [revokePrincipalTask(GRANTEE)],
    state: 'leftovers',
    failedAttempts: 5,
    leftovers,
    leftoverCount: 3,
  });
  const view = await ask(jobs, `job ${jobId}`);
  expect(view.tone).toBe('bad');
  expect(factsIn(view)).toMatchObject({ 'Not revoked': '3', 'Attempts with leftovers': '5' });
  expect(view.rows).toEqual([
    { title: 'Not revoked: a1', details: ['Error: KMS.0306', 'Key id: k1'], id: 'a1' },
    { title: 'Its grants could not be listed: k1', details: ['Error: KMS.0306', 'Key id: k1', 'k1'] },
  ]);
  const both = await ask(jobs, `job ${jobId}`, { contexts: [contextIn(PROJECT), contextIn(FOREIGN_PROJECT)] });
  expect(both.rows).toHaveLength(3);
  expect(both.data['jobs']).toHaveLength(2);
});

describe('a job that is not about a project of the person', () => {
  test('is answered like one that does not exist', async () => {
    const unknown = await ask(jobs, `job ${'0'.repeat(32)}`);
    expect(unknown).toMatchObject({ tone: 'bad', facts: [], rows: [] });
    expect(unknown.title).toBe('There is no such job in the projects that you may see here.');
    const foreign = await jobs.newJob({ tasks: [revokePrincipalTask(GRANTEE)], projectIds: [FOREIGN_PROJECT] });
    const task = await jobs.newJob([revokePrincipalTask(GRANTEE, { projectId: FOREIGN_PROJECT })]);
    for (const jobId of [foreign, task]) expect(await ask(jobs, `job ${jobId}`)).toEqual(unknown);
  });
});

test.each<[JobState, string, string]>([
  ['queued', 'not started', 'neutral'],
  ['running', 'running', 'neutral'],
  ['waiting', 'some grants could not be revoked; it will try again', 'warning'],
  ['nothing-found', 'done: there was no grant in scope', 'warning'],
  ['stopped', 'stopped by an administrator', 'bad'],
])('the state %s is told as "%s"', async (state, words, tone) => {
  const jobId = await jobs.newJob({ tasks: [revokePrincipalTask(GRANTEE)], state });
  const view = await ask(jobs, `job ${jobId}`);
  expect([factsIn(view)['State'], view.tone]).toEqual([words, tone]);
});

test('identities without a mapping are shown in a direct message; e-mail addresses among them not in a group', async () => {
  const identities = ['ann@example.com'];
  const task = { ...revokePrincipalTask(GRANTEE), grantee: undefined, identities };
  const jobId = await jobs.newJob({ tasks: [task], state: 'unmapped', unmapped: identities });
  expect(factsIn(await ask(jobs, `job ${jobId}`))['Identities without a mapping']).toBe('ann@example.com');
  const inGroup = await ask(jobs, `job ${jobId}`, { isDirect: false });
  expect(JSON.stringify(inGroup)).not.toContain('example.com');
});
