/** Jobs with keys that cannot be read, and how jobs count the grants that a principal has passed on. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { GrantRef } from '../../../lib/domain/model.ts';
import type { RequestContext } from '../../../lib/domain/request-context.ts';
import { KmsError } from '../../../lib/errors.ts';
import { serializeEvent } from '../../../lib/http/serialize-event.ts';
import { serializeJob } from '../../../lib/http/serialize-job.ts';
import type { JobDependencies } from '../../../lib/webhooks/jobs/attempt.ts';
import { runJob } from '../../../lib/webhooks/jobs/job.ts';
import { FOREIGN_PROJECT, grantInput, PROJECT, requestContext } from '../../authority/standalone/fixture.ts';
import { type JobFixture, newGrantee, newId, noDeadline, openJobFixture, revokePrincipalTask } from './fixture.ts';

let jobs: JobFixture;
beforeAll(async () => {
  jobs = await openJobFixture();
});
afterAll(() => jobs.close());

/** Runs a job until it needs no more retries. */
async function runToEnd(dependencies: JobDependencies, jobId: string): Promise<void> {
  for (;;) {
    const step = await runJob(dependencies, jobId, noDeadline);
    if (step.next !== 'retry') return;
    jobs.clock.nowMs += step.delaySeconds * 1000;
  }
}

test('keys that could not be read are leftovers with their code, and the grants of the others are revoked', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const unreadKeys = ['0d0466b0-e727-4d9c-b35d-f84bb474a37f', 'bb6a3d22-dc93-47ac-b5bd-88df7ad35f1e'];
  const listPrincipalGrants: typeof jobs.authority.listPrincipalGrants = async (context, ...more) => ({
    ...(await jobs.authority.listPrincipalGrants(context, ...more)),
    ...(context.projectId === PROJECT && {
      failed: unreadKeys.map((keyId) => ({ keyId, grantId: '', error: new KmsError('KMS.0306') })),
    }),
  });
  await runToEnd(jobs.dependencies({ listPrincipalGrants }), jobId);
  expect(serializeJob(await jobs.job(jobId))).toMatchObject({
    state: 'leftovers',
    revoked: ids.length,
    remaining: 2,
    leftovers: unreadKeys.map((key_id) => ({ project_id: PROJECT, key_id, error_code: 'KMS.0306' })),
  });
  expect(await jobs.grantIdsOf(grantee)).toEqual([]);
});

test('even if more keys are unreadable than a job can store, the grants on all other keys are revoked', async () => {
  const grantee = newId();
  const keyId = await jobs.newKey();
  await jobs.newGrants(keyId, grantee, 150);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const failed = Array.from({ length: 600 }, (_, n) => ({
    keyId: `key-${n}`,
    grantId: '',
    error: new KmsError('APIGW.0201:502'),
  }));
  const listPrincipalGrants: typeof jobs.authority.listPrincipalGrants = async (context, ...more) => ({
    ...(await jobs.authority.listPrincipalGrants(context, ...more)),
    ...(context.projectId === PROJECT && { failed }),
  });
  expect(await runJob(jobs.dependencies({ listPrincipalGrants }), jobId, noDeadline)).toMatchObject({ next: 'retry' });
  expect(await jobs.grantIdsOf(grantee)).toEqual([]);
});

test('a grant whose revoke fails unexpectedly does not keep the other grants of its batch', async () => {
  const { grantee, ids } = await newGrantee(jobs, 3);
  const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
  const [failing = ''] = ids;
  const revokeAny = (context: RequestContext, grant: GrantRef) =>
    grant.grant_id === failing
      ? Promise.reject(new Error('the disk is full'))
      : jobs.authority.revokeAny(context, grant);
  await expect(runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline)).rejects.toThrow('the disk is full');
  expect((await jobs.grantIdsOf(grantee)).filter((id) => ids.slice(0, 3).includes(id))).toEqual([failing]);
});

describe('passed_on', () => {
  /** A principal with create-grant, who has issued one grant to an accomplice and one to itself. */
  async function withPassedOn(projectId: string) {
    const [grantee, accomplice] = [newId(), newId()];
    const keyId = await jobs.newKey(projectId);
    const create = (userId: string | undefined, to: string) =>
      jobs.authority.createGrant(requestContext('create-grant', { projectId, ...(userId && { userId }) }), {
        ...grantInput(keyId, { grantee: to }),
        operations: ['create-grant', 'describe-key'],
      });
    await create(undefined, grantee);
    await create(grantee, accomplice);
    await create(grantee, grantee);
    return { grantee, accomplice };
  }

  test('passed_on of a job is the number of remaining grants that the principal issued, counted once if two tasks name it', async () => {
    const { grantee, accomplice } = await withPassedOn(PROJECT);
    const jobId = await jobs.newJob([revokePrincipalTask(grantee), revokePrincipalTask(grantee)]);
    expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
    expect(serializeJob(await jobs.job(jobId))).toMatchObject({ state: 'done', revoked: 2, passed_on: 1 });
    expect(await jobs.grantIdsOf(accomplice)).toHaveLength(1);
    const [event] = await jobs.eventsOf(jobId, grantee);
    expect(event && serializeEvent(event)).toMatchObject({ passed_on: 1 });
  });

  test('a retried job counts passed-on grants once', async () => {
    const { grantee } = await withPassedOn(FOREIGN_PROJECT);
    const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
    const revokeAny = () => Promise.reject(new KmsError('APIGW.0201:504'));
    await runJob(jobs.dependencies({ revokeAny }), jobId, noDeadline);
    expect(serializeJob(await jobs.job(jobId)).passed_on).toBe(1);
    await runJob(jobs.dependencies(), jobId, noDeadline);
    expect(serializeJob(await jobs.job(jobId))).toMatchObject({ state: 'done', revoked: 2, passed_on: 1 });
  });

  test('passed_on is missing from a job that could not count the grants, and the grants are revoked', async () => {
    const { grantee, ids } = await newGrantee(jobs, 1);
    const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
    const issuedGrants = () => Promise.reject(new KmsError('APIGW.0201:504'));
    await runJob(jobs.dependencies({ issuedGrants }), jobId, noDeadline);
    expect(serializeJob(await jobs.job(jobId))).toMatchObject({
      state: 'done',
      revoked: ids.length,
      passed_on: undefined,
    });
    const [event] = await jobs.eventsOf(jobId, grantee);
    expect(event?.passedOn).toBeUndefined();
  });

  test('a job about a principal that passed nothing on reports 0', async () => {
    const { grantee } = await newGrantee(jobs, 1);
    const jobId = await jobs.newJob([revokePrincipalTask(grantee)]);
    await runJob(jobs.dependencies(), jobId, noDeadline);
    expect(serializeJob(await jobs.job(jobId)).passed_on).toBe(0);
  });
});
