/** The limit `maxPrincipals`: a job that exceeds it waits for a person, and revokes nothing before that. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Task } from '../../../lib/domain/job.ts';
import { logger } from '../../../lib/logger.ts';
import { runJob } from '../../../lib/webhooks/jobs/job.ts';
import { requeueJob } from '../../../lib/webhooks/jobs/retry-and-stop.ts';
import { PROJECT } from '../../authority/standalone/fixture.ts';
import { type JobFixture, newId, noDeadline, openJobFixture, revokePrincipalTask } from './fixture.ts';

const HOUR_MS = 3_600_000;

let jobs: JobFixture;
beforeAll(async () => {
  jobs = await openJobFixture();
});
afterAll(() => jobs.close());
const errorLog = jest.spyOn(logger, 'error');

/** Creates grantees with one grant each. */
async function newGrantees(count: number): Promise<string[]> {
  const keyId = await jobs.newKey();
  const grantees = Array.from({ length: count }, newId);
  for (const grantee of grantees) await jobs.newGrants(keyId, grantee, 1);
  return grantees;
}

/** Runs a job of a source with the limit 3. @returns the job */
async function runOf(source: string, tasks: readonly Task[]) {
  const jobId = await jobs.newJob({ source, projectIds: [PROJECT], tasks, maxPrincipals: 3 });
  await runJob(jobs.dependencies(), jobId, noDeadline);
  return jobs.job(jobId);
}

const tasksFor = (grantees: readonly string[]) => grantees.map((grantee) => revokePrincipalTask(grantee));
const grantCount = async (grantees: readonly string[]) =>
  (await Promise.all(grantees.map((grantee) => jobs.grantIdsOf(grantee)))).flat().length;

test('a job about more principals than the limit is paused and revokes nothing; run again, it revokes all', async () => {
  const grantees = await newGrantees(4);
  const paused = await runOf('mass', tasksFor(grantees));
  expect(paused).toMatchObject({ state: 'paused', revoked: 0 });
  expect(await grantCount(grantees)).toBe(4);
  expect(errorLog).toHaveBeenCalledWith('job', expect.objectContaining({ job_id: paused.jobId, state: 'paused' }));
  expect(await requeueJob({ jobs: jobs.store.jobs, now: () => jobs.clock.nowMs }, paused)).toBe(true);
  await runJob(jobs.dependencies(), paused.jobId, noDeadline);
  expect(await jobs.job(paused.jobId)).toMatchObject({ state: 'done', revoked: 4 });
  expect(await grantCount(grantees)).toBe(0);
});

test('the limit counts over all jobs of the source within an hour, and each principal once', async () => {
  const [first = '', second = '', third = '', fourth = ''] = await newGrantees(4);
  expect(await runOf('slow', tasksFor([first, second]))).toMatchObject({ state: 'done' });
  expect(await runOf('slow', tasksFor([second, third]))).toMatchObject({ state: 'done' });
  expect(await runOf('slow', tasksFor([first]))).toMatchObject({ state: 'nothing-found' });
  expect(await runOf('slow', tasksFor([fourth]))).toMatchObject({ state: 'paused' });
  expect(await runOf('another', tasksFor([fourth]))).toMatchObject({ state: 'done' });
});

test('an hour after a principal was counted, another one has its place', async () => {
  const [first = '', second = '', third = '', fourth = ''] = await newGrantees(4);
  await runOf('hourly', tasksFor([first]));
  jobs.clock.nowMs += 1;
  await runOf('hourly', tasksFor([second, third]));
  jobs.clock.nowMs += HOUR_MS - 2;
  expect(await runOf('hourly', tasksFor([fourth]))).toMatchObject({ state: 'paused' });
  jobs.clock.nowMs += 1;
  expect(await runOf('hourly', tasksFor([fourth]))).toMatchObject({ state: 'done' });
});

test('each key of a job about keys counts as one, and a single grant does not count', async () => {
  const keyIds = [await jobs.newKey(), await jobs.newKey(), await jobs.newKey(), await jobs.newKey()];
  const grantee = newId();
  const grantIds: string[] = [];
  for (const keyId of keyIds) grantIds.push(...(await jobs.newGrants(keyId, grantee, 1)));
  const keyTasks = keyIds.map((keyId) => ({ action: 'revoke-key', type: 'key.compromised', keyId }) as const);
  expect(await runOf('keys', keyTasks)).toMatchObject({ state: 'paused' });
  const grantTasks = keyIds.map(
    (keyId, n) => ({ action: 'revoke-grant', type: 'grant.revoke', keyId, grantId: grantIds[n] ?? '' }) as const,
  );
  expect(await runOf('keys', grantTasks)).toMatchObject({ state: 'done', revoked: 4 });
});

test('jobs that start at the same time do not exceed the limit together', async () => {
  const grantees = await newGrantees(6);
  const states = await Promise.all(grantees.map(async (grantee) => (await runOf('burst', tasksFor([grantee]))).state));
  expect(states.filter((state) => state === 'done')).toHaveLength(3);
  expect(states.filter((state) => state === 'paused')).toHaveLength(3);
  expect(await grantCount(grantees)).toBe(3);
});

test('a mapped identity counts as its principals, and an unmapped one does not count', async () => {
  const grantees = await newGrantees(4);
  for (const grantee of grantees) await jobs.store.mappings.put({ source: 'mapped', identity: 'shared', grantee });
  const taskFor = (identity: string): Task => ({
    action: 'revoke-principal',
    type: 'principal.disabled',
    identities: [identity],
  });
  expect(await runOf('mapped', [taskFor('shared')])).toMatchObject({ state: 'paused' });
  const unknown = Array.from({ length: 5 }, (_, n) => taskFor(`nobody-${n}`));
  expect(await runOf('mapped', unknown)).toMatchObject({ state: 'unmapped' });
});
