/** Jobs of a source that only observes: they record what they would revoke, and revoke nothing. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { serializeEvent } from '../../../lib/http/serialize-event.ts';
import { serializeJob } from '../../../lib/http/serialize-job.ts';
import { runJob } from '../../../lib/webhooks/jobs/job.ts';
import { PROJECT } from '../../authority/standalone/fixture.ts';
import { type JobFixture, newGrantee, newId, noDeadline, openJobFixture, revokePrincipalTask } from './fixture.ts';

let jobs: JobFixture;
beforeAll(async () => {
  jobs = await openJobFixture();
});
afterAll(() => jobs.close());

test('an observing job records each grant that it would have revoked, and revokes none', async () => {
  const { grantee, ids } = await newGrantee(jobs, 3);
  const jobId = await jobs.newJob({ mode: 'observe', tasks: [revokePrincipalTask(grantee, { reason: 'left' })] });
  expect(await runJob(jobs.dependencies(), jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(serializeJob(await jobs.job(jobId))).toMatchObject({
    state: 'observed',
    mode: 'observe',
    would_revoke: ids.length,
    revoked: 0,
    remaining: 0,
  });
  expect((await jobs.grantIdsOf(grantee)).sort()).toEqual([...ids].sort());
  const events = (await jobs.eventsOf(jobId, grantee)).map(serializeEvent);
  expect(events.map(({ grant_id }) => grant_id).sort()).toEqual([...ids].sort());
  for (const event of events) {
    expect(event).toMatchObject({ action: 'principal.disabled', observed: true, actor: 'hook:hr', reason: 'left' });
    expect(event.grant).toMatchObject({ grantee_principal: grantee });
  }
});

test('an observing job that is continued after a deadline records each grant once', async () => {
  const { grantee, ids } = await newGrantee(jobs, 4);
  const jobId = await jobs.newJob({ mode: 'observe', tasks: [revokePrincipalTask(grantee)] });
  let steps = 0;
  // Each run has time for a few grants, and the next one continues.
  const isSoonPastDeadline = () => {
    steps += 1;
    return steps % 4 === 0;
  };
  for (let runs = 0; (await runJob(jobs.dependencies(), jobId, isSoonPastDeadline)).next !== 'ended'; runs += 1) {
    expect(runs).toBeLessThan(20);
  }
  expect(await jobs.job(jobId)).toMatchObject({ state: 'observed', wouldRevoke: ids.length });
  expect(await jobs.eventsOf(jobId, grantee)).toHaveLength(ids.length);
});

test('an observing job of a single grant records it only if the grant exists', async () => {
  const grantee = newId();
  const keyId = await jobs.newKey();
  const [grantId = ''] = await jobs.newGrants(keyId, grantee, 1);
  const task = (id: string) => ({ action: 'revoke-grant', type: 'grant.revoke', keyId, grantId: id }) as const;
  const existing = await jobs.newJob({ mode: 'observe', projectIds: [PROJECT], tasks: [task(grantId)] });
  const absent = await jobs.newJob({ mode: 'observe', projectIds: [PROJECT], tasks: [task('f'.repeat(64))] });
  for (const jobId of [existing, absent]) await runJob(jobs.dependencies(), jobId, noDeadline);
  expect(await jobs.job(existing)).toMatchObject({ state: 'observed', wouldRevoke: 1, revoked: 0 });
  expect(await jobs.job(absent)).toMatchObject({ state: 'nothing-found', wouldRevoke: 0, revoked: 0 });
  expect(await jobs.grantIdsOf(grantee)).toEqual([grantId]);
});

test('an observing job for a key records its grants; one for a person without a mapping ends as unmapped', async () => {
  const grantee = newId();
  const keyId = await jobs.newKey();
  await jobs.newGrants(keyId, grantee, 2);
  const projectIds = [PROJECT];
  const ofKey = await jobs.newJob({
    mode: 'observe',
    projectIds,
    tasks: [{ action: 'revoke-key', type: 'key.compromised', keyId }],
  });
  const unmapped = await jobs.newJob({
    mode: 'observe',
    projectIds,
    tasks: [{ action: 'revoke-principal', type: 'principal.disabled', identities: ['nobody@example.com'] }],
  });
  for (const jobId of [ofKey, unmapped]) await runJob(jobs.dependencies(), jobId, noDeadline);
  expect(await jobs.job(ofKey)).toMatchObject({ state: 'observed', wouldRevoke: 2 });
  expect(await jobs.job(unmapped)).toMatchObject({ state: 'unmapped', unmapped: ['nobody@example.com'] });
  expect(await jobs.grantIdsOf(grantee)).toHaveLength(2);
});

test('after an observed job, a job that revokes counts and revokes every grant', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const tasks = [revokePrincipalTask(grantee)];
  await runJob(jobs.dependencies(), await jobs.newJob({ mode: 'observe', tasks }), noDeadline);
  const jobId = await jobs.newJob({ tasks });
  await runJob(jobs.dependencies(), jobId, noDeadline);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: ids.length });
  expect(await jobs.grantIdsOf(grantee)).toEqual([]);
});
