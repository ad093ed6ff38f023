/** What cannot be revoked is tried again, with longer and longer pauses, and in the end everybody can see it. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { Task } from '../../../lib/domain/job.ts';
import type { GrantRef } from '../../../lib/domain/model.ts';
import type { RequestContext } from '../../../lib/domain/request-context.ts';
import { ForwardedError, KmsError, RateLimitedError } from '../../../lib/errors.ts';
import { serializeEvent } from '../../../lib/http/serialize-event.ts';
import { serializeJob } from '../../../lib/http/serialize-job.ts';
import { logger } from '../../../lib/logger.ts';
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

/** Seconds until the next try; after the last of them it is given up. */
const PAUSES = [2, 10, 60, 300, 900];

let jobs: JobFixture;
beforeAll(async () => {
  jobs = await openJobFixture();
});
afterAll(() => jobs.close());

const lines = {
  info: jest.spyOn(logger, 'info'),
  warn: jest.spyOn(logger, 'warn'),
  error: jest.spyOn(logger, 'error'),
};
beforeEach(() => {
  for (const spy of Object.values(lines)) spy.mockClear();
});
afterEach(() => expect(lines.error.mock.calls.length).toBeLessThan(2));

/** An authority that cannot revoke some. */
function failingFor(ids: ReadonlySet<string>) {
  const revokeAny = (context: RequestContext, grant: GrantRef) =>
    ids.has(grant.grant_id) ? Promise.reject(new KmsError('APIGW.0201:504')) : jobs.authority.revokeAny(context, grant);
  return jobs.dependencies({ revokeAny });
}

/** Works on it as often as it comes back. */
async function giveUp(world: ReturnType<typeof failingFor>, jobId: string): Promise<number[]> {
  const pauses: number[] = [];
  for (;;) {
    const course = await runJob(world, jobId, noDeadline);
    if (course.next !== 'retry') return pauses;
    pauses.push(course.delaySeconds);
    jobs.clock.nowMs += course.delaySeconds * 1000;
  }
}

test('the others go at once; those are tried again after growing pauses, and are told as leftovers', async () => {
  const { grantee, ids } = await newGrantee(jobs, 4);
  const failing = new Set([ids[0], ids[5]] as string[]);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee, { reason: 'left' })]);
  const world = failingFor(failing);

  expect(await runJob(world, jobId, noDeadline)).toEqual({ next: 'retry', delaySeconds: PAUSES[0] });
  expect((await jobs.grantIdsOf(grantee)).sort()).toEqual([...failing].sort());
  const waiting = await jobs.job(jobId);
  expect(waiting).toMatchObject({ state: 'waiting', failedAttempts: 1, revoked: 6, leftoverCount: 2 });
  expect(waiting.dueAtMs).toBeGreaterThan(jobs.clock.nowMs + 2_000);
  expect(lines.warn).toHaveBeenCalledWith(
    'job',
    expect.objectContaining({ job_id: jobId, state: 'waiting', leftovers: 2 }),
  );

  expect(await giveUp(world, jobId)).toEqual(PAUSES.slice(1));
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
  expect(lines.error).toHaveBeenCalledTimes(1);
  expect(lines.error).toHaveBeenCalledWith(
    'job',
    expect.objectContaining({ job_id: jobId, source: 'hr', state: 'leftovers', leftovers: 2, codes: ['APIGW.0201'] }),
  );
  expect((await jobs.grantIdsOf(grantee)).sort()).toEqual([...failing].sort());
});

test('of each leftover there is a receipt of the failure, with the grant that is still there', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const [failed = ''] = ids;
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  await giveUp(failingFor(new Set([failed])), jobId);
  const receipts = await jobs.eventsOf(jobId, grantee);
  expect(receipts.filter(({ failure }) => failure === undefined)).toHaveLength(3);
  const [newest, created, ...more] = await jobs.store.events.list(PROJECT, { grantId: failed }, 10);
  expect(more).toEqual([]);
  expect(newest && serializeEvent(newest)).toMatchObject({
    action: 'principal.disabled',
    project_id: PROJECT,
    grant_id: failed,
    actor: 'hook:hr',
    channel: 'webhook',
    request_id: jobId,
    error_code: 'APIGW.0201',
    grant: created?.grant,
  });
});

test('a later success clears it', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  expect(await runJob(failingFor(new Set(ids)), jobId, noDeadline)).toMatchObject({ next: 'retry' });
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
  const job = await jobs.job(jobId);
  expect(serializeJob(job)).toMatchObject({ state: 'done', revoked: 4, remaining: 0, leftovers: [] });
  expect(await jobs.eventsOf(jobId, grantee)).toHaveLength(4);
});

test('and so does one that somebody has asked for after it was given up', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  expect(await giveUp(failingFor(new Set(ids)), jobId)).toEqual(PAUSES);
  await jobs.store.jobs.save({ ...(await jobs.job(jobId)), state: 'queued', failedAttempts: 0 });
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(serializeJob(await jobs.job(jobId))).toMatchObject({ state: 'done', revoked: 4, remaining: 0, leftovers: [] });
  expect(await jobs.grantIdsOf(grantee)).toEqual([]);
});

test('a list that cannot be read is tried again too, and what the other project has goes all the same', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const listPrincipalGrants: typeof jobs.authority.listPrincipalGrants = (context, ...more) =>
    context.projectId === PROJECT
      ? Promise.reject(new KmsError('APIGW.0201:502'))
      : jobs.authority.listPrincipalGrants(context, ...more);
  const world = jobs.dependencies({ listPrincipalGrants });
  expect(await giveUp(world, jobId)).toEqual(PAUSES);
  expect(await jobs.grantIdsOf(grantee)).toEqual(ids.slice(0, 2));
  expect(serializeJob(await jobs.job(jobId))).toMatchObject({
    state: 'leftovers',
    revoked: 2,
    remaining: 1,
    leftovers: [{ project_id: PROJECT, error_code: 'APIGW.0201' }],
  });
});

test('so many failures end a try; in the next they come last, and keep nobody from their turn', async () => {
  const grantee = newId();
  const refused = new Set(await jobs.newGrants(await jobs.newKey(), grantee, 600));
  const others = await jobs.newGrants(await jobs.newKey(), grantee, 5);
  const world = failingFor(refused);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee, { projectId: PROJECT })]);
  expect(await runJob(world, jobId, noDeadline)).toEqual({ next: 'retry', delaySeconds: 2 });
  expect(await jobs.job(jobId)).toMatchObject({ revoked: 0, failedAttempts: 1, leftoverCount: 500 });
  expect(await runJob(world, jobId, noDeadline)).toEqual({ next: 'retry', delaySeconds: 10 });
  expect((await jobs.job(jobId)).revoked).toBe(others.length);
  expect(await jobs.grantIdsOf(grantee)).toHaveLength(refused.size);
});

test('failures that fill the time of a go are tries all the same, and are given up in the end', async () => {
  const grantee = newId();
  const refused = new Set(await jobs.newGrants(await jobs.newKey(), grantee, 300));
  const others = await jobs.newGrants(await jobs.newKey(), grantee, 5);
  let left = 0;
  const world = failingFor(refused);
  const { revokeAny } = world.authority;
  world.authority.revokeAny = (...one) => {
    left -= 1;
    return revokeAny(...one);
  };
  const jobId = await jobs.newJob([revokePrincipalTask(grantee, { projectId: PROJECT })]);
  const pauses: number[] = [];
  for (let goes = 0; goes < 100; goes += 1) {
    // Each go has the time for no more than 80.
    left = 80;
    const course = await runJob(world, jobId, () => left <= 0);
    if (course.next === 'retry') pauses.push(course.delaySeconds);
    if (course.next === 'ended') break;
  }
  expect(pauses).toEqual(PAUSES);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'leftovers', revoked: others.length, leftoverCount: 300 });
  expect(await jobs.grantIdsOf(grantee)).toHaveLength(refused.size);
});

test('lists that take all the time of a go let the job come to its end, part by part', async () => {
  const people = [];
  for (let n = 0; n < 8; n += 1) people.push(await newGrantee(jobs, 3));
  const jobId = await jobs.newJob(people.map(({ grantee }) => revokePrincipalTask(grantee)));
  let lists = 0;
  const listPrincipalGrants: typeof jobs.authority.listPrincipalGrants = (...ask) => {
    lists += 1;
    return jobs.authority.listPrincipalGrants(...ask);
  };
  const world = jobs.dependencies({ listPrincipalGrants });
  let goes = 0;
  for (let course = 'continue'; course === 'continue'; goes += 1) {
    lists = 0;
    course = (await runJob(world, jobId, () => lists >= 3)).next;
    if (goes > 100) throw new Error('it does not end');
  }
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: people.flatMap(({ ids }) => ids).length });
  for (const { grantee } of people) expect(await jobs.grantIdsOf(grantee)).toEqual([]);
});

test('who is mapped only after their turn has passed is told as unmapped, and comes with the next try', async () => {
  const [late, other] = [await newGrantee(jobs, 2), await newGrantee(jobs, 2)];
  const identity = `${newId()}@example.com`;
  const byName: Task = { action: 'revoke-principal', type: 'principal.disabled', identities: [identity] };
  const jobId = await jobs.newJob([byName, revokePrincipalTask(other.grantee)]);
  let looks = 0;
  // Time is up in the midst of the second task.
  expect(await runJob(jobs.dependencies(), jobId, () => ++looks > 2)).toEqual({ next: 'continue' });
  await jobs.store.mappings.put({ source: '*', identity, grantee: late.grantee });
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.grantIdsOf(other.grantee)).toEqual([]);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'unmapped', unmapped: [identity] });
  await jobs.store.jobs.save({ ...(await jobs.job(jobId)), state: 'queued' });
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.grantIdsOf(late.grantee)).toEqual([]);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', unmapped: [] });
});

test('a grant that is named without its project goes in whichever project it is', async () => {
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

test('what another KMS throttles is a failure, with its pause; what was noDeadline sent has only not had its turn', async () => {
  const { grantee } = await newGrantee(jobs, 1);
  const refusing = (error: KmsError) => jobs.dependencies({ revokeAny: () => Promise.reject(error) });
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const throttled = new ForwardedError({ status: 429, code: 'APIGW.0308', text: 'Too many.' });
  expect(await runJob(refusing(new RateLimitedError('Later.')), jobId, noDeadline)).toEqual({ next: 'continue' });
  expect((await jobs.job(jobId)).failedAttempts).toBe(0);
  expect(await runJob(refusing(throttled), jobId, noDeadline)).toEqual({ next: 'retry', delaySeconds: 2 });
});

test('what failed and is no longer listed is asked for again: it may have been done, and has no receipt yet', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const asked: string[] = [];
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const failing = jobs.dependencies({ revokeAny: () => Promise.reject(new KmsError('APIGW.0201:504')) });
  expect(await runJob(failing, jobId, noDeadline)).toEqual({ next: 'retry', delaySeconds: 2 });
  const elsewhere = jobs.dependencies({
    listPrincipalGrants: async () => ({ json: '[]', total: 0 }),
    revokeAny: (context, grant) => {
      asked.push(grant.grant_id);
      return jobs.authority.revokeAny(context, grant);
    },
  });
  expect(await runJob(elsewhere, jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(asked.sort()).toEqual([...ids].sort());
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: 4 });
  expect(await jobs.eventsOf(jobId, grantee)).toHaveLength(4);
});

test('a key that no project has is no success', async () => {
  const keyId = '01234567-89ab-7def-8123-456789abcdef';
  const jobId = await jobs.newJob([{ action: 'revoke-key', type: 'key.compromised', keyId }]);
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'retry', delaySeconds: 2 });
  expect(serializeJob(await jobs.job(jobId))).toMatchObject({
    state: 'waiting',
    leftovers: [{ project_id: PROJECT, key_id: keyId, error_code: 'KMS.0207' }],
  });
});

test('what is no refusal is thrown, and the job goes on where it was', async () => {
  const { grantee } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const revokeAny = () => Promise.reject(new Error('the disk is full'));
  await expect(runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline)).rejects.toThrow('the disk is full');
  expect(await jobs.job(jobId)).toMatchObject({ state: 'running', revoked: 0 });
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: 4 });
});

test('about nobody who is known: a warning, and the job says who it is', async () => {
  const task = { action: 'revoke-principal', type: 'principal.disabled', identities: ['nobody@example.com'] } as const;
  const jobId = await jobs.newJob([task]);
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.job(jobId)).toMatchObject({ state: 'unmapped', unmapped: ['nobody@example.com'], revoked: 0 });
  const line = { job_id: jobId, source: 'hr', state: 'unmapped', unmapped: 1 };
  expect(lines.warn).toHaveBeenCalledWith('job', expect.objectContaining(line));
  expect(JSON.stringify(lines.warn.mock.calls)).not.toContain('nobody@example.com');

  const { grantee } = await newGrantee(jobs, 1);
  await jobs.store.mappings.put({ source: '*', identity: 'nobody@example.com', grantee });
  await jobs.store.jobs.save({ ...(await jobs.job(jobId)), state: 'queued', failedAttempts: 0 });
  await runJob(jobs.dependencies(), jobId, noDeadline);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', unmapped: [], revoked: 2 });
  expect(lines.info).toHaveBeenCalledWith('job', expect.objectContaining({ job_id: jobId, state: 'done', revoked: 2 }));
});
