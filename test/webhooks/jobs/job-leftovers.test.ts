/** Grants that cannot be revoked: retries with growing delays, and leftovers at the end. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { Task } from '../../../lib/domain/job.ts';
import type { GrantRef } from '../../../lib/domain/model.ts';
import type { RequestContext } from '../../../lib/domain/request-context.ts';
import { ForwardedError, KmsError, RateLimitedError } from '../../../lib/errors.ts';
import { serializeEvent } from '../../../lib/http/serialize-event.ts';
import { serializeJob } from '../../../lib/http/serialize-job.ts';
import { logger } from '../../../lib/logger.ts';
import type { JobDependencies } from '../../../lib/webhooks/jobs/attempt.ts';
import { runJob } from '../../../lib/webhooks/jobs/job.ts';
import { FOREIGN_PROJECT, PROJECT } from '../../authority/standalone/fixture.ts';
import {
  type JobFixture,
  newGrantee,
  newId,
  noDeadline,
  openJobFixture,
  PROJECTS,
  revokePrincipalTask,
} from './fixture.ts';

/** Seconds before each retry, as docs/webhooks/reference.md lists them. */
const DELAYS_SECONDS = [2, 10, 60, 300, 900];

let jobs: JobFixture;
beforeAll(async () => {
  jobs = await openJobFixture();
});
afterAll(() => jobs.close());

const logs = {
  info: jest.spyOn(logger, 'info'),
  warn: jest.spyOn(logger, 'warn'),
  error: jest.spyOn(logger, 'error'),
};
beforeEach(() => {
  for (const spy of Object.values(logs)) spy.mockClear();
});
afterEach(() => expect(logs.error.mock.calls.length).toBeLessThan(2));

/** Dependencies whose authority fails to revoke these grants. */
function failingFor(ids: ReadonlySet<string>) {
  const revokeAny = (context: RequestContext, grant: GrantRef) =>
    ids.has(grant.grant_id) ? Promise.reject(new KmsError('APIGW.0201:504')) : jobs.authority.revokeAny(context, grant);
  return jobs.dependencies({ revokeAny });
}

/** Runs a job until it needs no more retries. @returns the delays before the retries */
async function runToEnd(dependencies: JobDependencies, jobId: string): Promise<number[]> {
  const delays: number[] = [];
  for (;;) {
    const step = await runJob(dependencies, jobId, noDeadline);
    if (step.next !== 'retry') return delays;
    delays.push(step.delaySeconds);
    jobs.clock.nowMs += step.delaySeconds * 1000;
  }
}

test('failed grants are retried with growing delays and end as leftovers; the rest is revoked immediately', async () => {
  const { grantee, ids } = await newGrantee(jobs, 4);
  const failingIds = new Set([ids[0], ids[5]] as string[]);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee, { reason: 'left' })]);
  const dependencies = failingFor(failingIds);

  expect(await runJob(dependencies, jobId, noDeadline)).toEqual({ next: 'retry', delaySeconds: DELAYS_SECONDS[0] });
  expect((await jobs.grantIdsOf(grantee)).sort()).toEqual([...failingIds].sort());
  const waiting = await jobs.job(jobId);
  expect(waiting).toMatchObject({ state: 'waiting', failedAttempts: 1, revoked: 6, leftoverCount: 2 });
  expect(waiting.dueAtMs).toBeGreaterThan(jobs.clock.nowMs + 2_000);
  expect(logs.warn).toHaveBeenCalledWith(
    'job',
    expect.objectContaining({ job_id: jobId, state: 'waiting', leftovers: 2 }),
  );

  expect(await runToEnd(dependencies, jobId)).toEqual(DELAYS_SECONDS.slice(1));
  const job = await jobs.job(jobId);
  const projects = [PROJECT, FOREIGN_PROJECT];
  expect(job).toMatchObject({ state: 'leftovers', revoked: 6, leftoverCount: 2 });
  expect(serializeJob(job, PROJECT)).toMatchObject({
    state: 'leftovers',
    remaining: 2,
    leftovers: [{ project_id: PROJECT, grant_id: ids[0], error_code: 'APIGW.0201' }],
  });
  expect(job.leftovers.map(({ projectId, grantId }) => [projectId, grantId])).toEqual([
    [projects[0], ids[0]],
    [projects[1], ids[5]],
  ]);
  expect(logs.error).toHaveBeenCalledTimes(1);
  expect(logs.error).toHaveBeenCalledWith(
    'job',
    expect.objectContaining({ job_id: jobId, source: 'hr', state: 'leftovers', leftovers: 2, codes: ['APIGW.0201'] }),
  );
  expect((await jobs.grantIdsOf(grantee)).sort()).toEqual([...failingIds].sort());
});

test('each leftover has an event with the error code and the grant that still exists', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const [failedId = ''] = ids;
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  await runToEnd(failingFor(new Set([failedId])), jobId);
  const events = await jobs.eventsOf(jobId, grantee);
  expect(events.filter(({ failure }) => failure === undefined)).toHaveLength(3);
  const [newest, created, ...more] = await jobs.store.events.list(PROJECT, { grantId: failedId }, 10);
  expect(more).toEqual([]);
  expect(newest && serializeEvent(newest)).toMatchObject({
    action: 'principal.disabled',
    project_id: PROJECT,
    grant_id: failedId,
    actor: 'hook:hr',
    channel: 'webhook',
    request_id: jobId,
    error_code: 'APIGW.0201',
    grant: created?.grant,
  });
});

test('a retry that succeeds leaves no leftovers', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  expect(await runJob(failingFor(new Set(ids)), jobId, noDeadline)).toMatchObject({ next: 'retry' });
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
  const job = await jobs.job(jobId);
  expect(serializeJob(job)).toMatchObject({ state: 'done', revoked: 4, remaining: 0, leftovers: [] });
  expect(await jobs.eventsOf(jobId, grantee)).toHaveLength(4);
});

test('while a retry runs, remaining is the number of leftovers', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  expect(await runJob(failingFor(new Set(ids)), jobId, noDeadline)).toMatchObject({ next: 'retry' });
  const seen: [state: string, remaining: number, leftovers: number][] = [];
  const see = async () => {
    const { state, remaining, leftovers } = serializeJob(await jobs.job(jobId));
    seen.push([state, remaining, leftovers.length]);
  };
  const revokeAny = async (context: RequestContext, grant: GrantRef) => {
    await see();
    return jobs.authority.revokeAny(context, grant);
  };
  await see();
  expect(await runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline)).toEqual({ next: 'ended' });
  await see();
  expect(seen[0]).toEqual(['waiting', 4, 4]);
  expect(seen.slice(1, 3)).toEqual(Array(2).fill(['running', 4, 4]));
  expect(seen.at(-1)).toEqual(['done', 0, 0]);
  for (const [, remaining, leftovers] of seen) expect(remaining).toBe(leftovers);
});

test('a job with leftovers that is queued again and succeeds leaves none', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  expect(await runToEnd(failingFor(new Set(ids)), jobId)).toEqual(DELAYS_SECONDS);
  await jobs.store.jobs.save({ ...(await jobs.job(jobId)), state: 'queued', failedAttempts: 0 });
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(serializeJob(await jobs.job(jobId))).toMatchObject({ state: 'done', revoked: 4, remaining: 0, leftovers: [] });
  expect(await jobs.grantIdsOf(grantee)).toEqual([]);
});

test('a list that cannot be read is retried, and the grants of the other project are revoked', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const listPrincipalGrants: typeof jobs.authority.listPrincipalGrants = (context, ...more) =>
    context.projectId === PROJECT
      ? Promise.reject(new KmsError('APIGW.0201:502'))
      : jobs.authority.listPrincipalGrants(context, ...more);
  const dependencies = jobs.dependencies({ listPrincipalGrants });
  expect(await runToEnd(dependencies, jobId)).toEqual(DELAYS_SECONDS);
  expect(await jobs.grantIdsOf(grantee)).toEqual(ids.slice(0, 2));
  expect(serializeJob(await jobs.job(jobId))).toMatchObject({
    state: 'leftovers',
    revoked: 2,
    remaining: 1,
    leftovers: [{ project_id: PROJECT, error_code: 'APIGW.0201' }],
  });
});

test('500 failures end an attempt; the next one tries those grants last, so the others are revoked', async () => {
  const grantee = newId();
  const failingIds = new Set(await jobs.newGrants(await jobs.newKey(), grantee, 600));
  const otherIds = await jobs.newGrants(await jobs.newKey(), grantee, 5);
  const dependencies = failingFor(failingIds);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee, { projectId: PROJECT })]);
  expect(await runJob(dependencies, jobId, noDeadline)).toEqual({ next: 'retry', delaySeconds: 2 });
  expect(await jobs.job(jobId)).toMatchObject({ revoked: 0, failedAttempts: 1, leftoverCount: 500 });
  expect(await runJob(dependencies, jobId, noDeadline)).toEqual({ next: 'retry', delaySeconds: 10 });
  expect((await jobs.job(jobId)).revoked).toBe(otherIds.length);
  expect(await jobs.grantIdsOf(grantee)).toHaveLength(failingIds.size);
});

test('a job whose failures use up each run to the deadline still ends with leftovers', async () => {
  const grantee = newId();
  const failingIds = new Set(await jobs.newGrants(await jobs.newKey(), grantee, 300));
  const otherIds = await jobs.newGrants(await jobs.newKey(), grantee, 5);
  let callsLeft = 0;
  const dependencies = failingFor(failingIds);
  const { revokeAny } = dependencies.authority;
  dependencies.authority.revokeAny = (...args) => {
    callsLeft -= 1;
    return revokeAny(...args);
  };
  const jobId = await jobs.newJob([revokePrincipalTask(grantee, { projectId: PROJECT })]);
  const delays: number[] = [];
  for (let runs = 0; runs < 100; runs += 1) {
    // The deadline comes after 80 revokes.
    callsLeft = 80;
    const step = await runJob(dependencies, jobId, () => callsLeft <= 0);
    if (step.next === 'retry') delays.push(step.delaySeconds);
    if (step.next === 'ended') break;
  }
  expect(delays).toEqual(DELAYS_SECONDS);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'leftovers', revoked: otherIds.length, leftoverCount: 300 });
  expect(await jobs.grantIdsOf(grantee)).toHaveLength(failingIds.size);
});

test('a job whose lists use up each run to the deadline still ends', async () => {
  const grantees = [];
  for (let n = 0; n < 8; n += 1) grantees.push(await newGrantee(jobs, 3));
  const jobId = await jobs.newJob(grantees.map(({ grantee }) => revokePrincipalTask(grantee)));
  let lists = 0;
  const listPrincipalGrants: typeof jobs.authority.listPrincipalGrants = (...args) => {
    lists += 1;
    return jobs.authority.listPrincipalGrants(...args);
  };
  const dependencies = jobs.dependencies({ listPrincipalGrants });
  let runs = 0;
  for (let next = 'continue'; next === 'continue'; runs += 1) {
    lists = 0;
    next = (await runJob(dependencies, jobId, () => lists >= 3)).next;
    if (runs > 100) throw new Error('the job does not end');
  }
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: grantees.flatMap(({ ids }) => ids).length });
  for (const { grantee } of grantees) expect(await jobs.grantIdsOf(grantee)).toEqual([]);
});

test('an identity that is mapped after the attempt has passed it stays unmapped until the next attempt', async () => {
  const [late, other] = [await newGrantee(jobs, 2), await newGrantee(jobs, 2)];
  const identity = `${newId()}@example.com`;
  const unmappedTask: Task = { action: 'revoke-principal', type: 'principal.disabled', identities: [identity] };
  const jobId = await jobs.newJob([unmappedTask, revokePrincipalTask(other.grantee)]);
  let checks = 0;
  // The deadline comes during the second task.
  expect(await runJob(jobs.dependencies(), jobId, () => ++checks > 2)).toEqual({ next: 'continue' });
  await jobs.store.mappings.put({ source: '*', identity, grantee: late.grantee });
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.grantIdsOf(other.grantee)).toEqual([]);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'unmapped', unmapped: [identity] });
  await jobs.store.jobs.save({ ...(await jobs.job(jobId)), state: 'queued' });
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.grantIdsOf(late.grantee)).toEqual([]);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', unmapped: [] });
});

test('a grant that is named without a project is revoked in whichever project has it', async () => {
  const { grantee, ids } = await newGrantee(jobs, 1);
  const keys = (
    await Promise.all(PROJECTS.map((projectId) => jobs.store.events.list(projectId, { grantee }, 1)))
  ).flat();
  for (const [n, { keyId }] of keys.entries()) {
    const task: Task = { action: 'revoke-grant', type: 'grant.revoke', keyId, grantId: ids[n] ?? '' };
    const jobId = await jobs.newJob([task]);
    expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
    expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: 1 });
  }
  expect(await jobs.grantIdsOf(grantee)).toEqual([]);
});

test('a revoke that the upstream throttles is a failure; one that the own rate limit holds back is not', async () => {
  const { grantee } = await newGrantee(jobs, 1);
  const failingWith = (error: KmsError) => jobs.dependencies({ revokeAny: () => Promise.reject(error) });
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const throttled = new ForwardedError({ status: 429, code: 'APIGW.0308', text: 'Too many.' });
  expect(await runJob(failingWith(new RateLimitedError('Later.')), jobId, noDeadline)).toEqual({ next: 'continue' });
  expect((await jobs.job(jobId)).failedAttempts).toBe(0);
  expect(await runJob(failingWith(throttled), jobId, noDeadline)).toEqual({ next: 'retry', delaySeconds: 2 });
});

test('a grant that failed and is no longer listed is revoked again: it may be gone without an event', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const sentIds: string[] = [];
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const failing = jobs.dependencies({ revokeAny: () => Promise.reject(new KmsError('APIGW.0201:504')) });
  expect(await runJob(failing, jobId, noDeadline)).toEqual({ next: 'retry', delaySeconds: 2 });
  const emptyList = jobs.dependencies({
    listPrincipalGrants: async () => ({ json: '[]', total: 0 }),
    revokeAny: (context, grant) => {
      sentIds.push(grant.grant_id);
      return jobs.authority.revokeAny(context, grant);
    },
  });
  expect(await runJob(emptyList, jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(sentIds.sort()).toEqual([...ids].sort());
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: 4 });
  expect(await jobs.eventsOf(jobId, grantee)).toHaveLength(4);
});

test('a compromised key that no project has is a leftover, reported once', async () => {
  const keyId = '01234567-89ab-7def-8123-456789abcdef';
  const jobId = await jobs.newJob([{ action: 'revoke-key', type: 'key.compromised', keyId }]);
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'retry', delaySeconds: 2 });
  expect(serializeJob(await jobs.job(jobId))).toMatchObject({
    state: 'waiting',
    leftovers: [{ project_id: PROJECT, key_id: keyId, error_code: 'KMS.0207' }],
  });
});

test('an unexpected error is thrown, and the next run continues the job', async () => {
  const { grantee } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const revokeAny = () => Promise.reject(new Error('the disk is full'));
  await expect(runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline)).rejects.toThrow('the disk is full');
  expect(await jobs.job(jobId)).toMatchObject({ state: 'running', revoked: 0 });
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: 4 });
});

test('a job for an unmapped identity logs a warning; once mapped and queued again, it revokes the grants', async () => {
  const task = { action: 'revoke-principal', type: 'principal.disabled', identities: ['nobody@example.com'] } as const;
  const jobId = await jobs.newJob([task]);
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.job(jobId)).toMatchObject({ state: 'unmapped', unmapped: ['nobody@example.com'], revoked: 0 });
  const fields = { job_id: jobId, source: 'hr', state: 'unmapped', unmapped: 1 };
  expect(logs.warn).toHaveBeenCalledWith('job', expect.objectContaining(fields));
  expect(JSON.stringify(logs.warn.mock.calls)).not.toContain('nobody@example.com');

  const { grantee } = await newGrantee(jobs, 1);
  await jobs.store.mappings.put({ source: '*', identity: 'nobody@example.com', grantee });
  await jobs.store.jobs.save({ ...(await jobs.job(jobId)), state: 'queued', failedAttempts: 0 });
  await runJob(jobs.dependencies(), jobId, noDeadline);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', unmapped: [], revoked: 2 });
  expect(logs.info).toHaveBeenCalledWith('job', expect.objectContaining({ job_id: jobId, state: 'done', revoked: 2 }));
});
