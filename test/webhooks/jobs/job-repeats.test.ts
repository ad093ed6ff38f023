/** Many events of one delivery that are about the same person: their grants are listed once. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Authority } from '../../../lib/authority/authority.ts';
import type { Task } from '../../../lib/domain/job.ts';
import { runJob } from '../../../lib/webhooks/jobs/job.ts';
import {
  type JobFixture,
  newGrantee,
  newId,
  noDeadline,
  openJobFixture,
  PROJECTS,
  revokePrincipalTask,
} from './fixture.ts';

let jobs: JobFixture;
beforeAll(async () => {
  jobs = await openJobFixture();
});
afterAll(() => jobs.close());

/** Dependencies whose authority records each list call: its project, and its grantee or key. */
function recording() {
  const lists: string[] = [];
  const listPrincipalGrants: Authority['listPrincipalGrants'] = (context, grantee, page) => {
    lists.push(`${context.projectId} ${grantee}`);
    return jobs.authority.listPrincipalGrants(context, grantee, page);
  };
  const listGrants: Authority['listGrants'] = (context, keyId, ...more) => {
    lists.push(`${context.projectId} ${keyId}`);
    return jobs.authority.listGrants(context, keyId, ...more);
  };
  return { lists, dependencies: jobs.dependencies({ listPrincipalGrants, listGrants }) };
}

const identityTask = (identity: string, more: object = {}): Task => ({
  action: 'revoke-principal',
  type: 'principal.disabled',
  identities: [identity],
  ...more,
});

test('490 events about one person, under different identities, list its grants once in each project', async () => {
  const { grantee, ids } = await newGrantee(jobs, 2);
  const identities = Array.from({ length: 490 }, () => newId());
  await Promise.all(identities.map((identity) => jobs.store.mappings.put({ source: 'hr', identity, grantee })));
  const { lists, dependencies } = recording();
  const jobId = await jobs.newJob(identities.map((identity) => identityTask(identity)));
  expect(await runJob(dependencies, jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: ids.length });
  // The second list of each shows that nothing is left.
  expect(lists.sort()).toEqual(PROJECTS.flatMap((projectId) => Array(2).fill(`${projectId} ${grantee}`)).sort());
});

test('a job that continues after a deadline does not list the same person again for a later event', async () => {
  const grantee = newId();
  const { lists, dependencies } = recording();
  const tasks = Array.from({ length: 5 }, (_, n) => revokePrincipalTask(grantee, { reason: `event ${n}` }));
  const jobId = await jobs.newJob(tasks);
  let next = 'continue';
  for (let slices = 0; next === 'continue' && slices < 100; slices += 1) {
    let checks = 0;
    // One item of the scope in each slice.
    const isPastDeadline = () => {
      checks += 1;
      return checks > 1;
    };
    ({ next } = await runJob(dependencies, jobId, isPastDeadline));
  }
  expect(next).toBe('ended');
  expect(lists.sort()).toEqual(PROJECTS.map((projectId) => `${projectId} ${grantee}`).sort());
});

test('events about one person with different filters are worked on separately', async () => {
  const grantee = newId();
  const keyId = await jobs.newKey();
  const [projectId] = PROJECTS;
  const { lists, dependencies } = recording();
  const filters = [{ operations: ['sign'] }, { keyId }, { operations: ['encrypt-data', 'sign'] }];
  const repeats = [{ keyId }, { operations: ['sign', 'encrypt-data'] }];
  const tasks = [...filters, ...repeats].map((more) => revokePrincipalTask(grantee, { projectId, ...more }));
  const jobId = await jobs.newJob(tasks);
  expect(await runJob(dependencies, jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(lists).toEqual([`${projectId} ${grantee}`, `${projectId} ${keyId}`, `${projectId} ${grantee}`]);
});

test('a principal that several events name is listed only once', async () => {
  const [one, two] = [await newGrantee(jobs, 1), await newGrantee(jobs, 1)];
  const both = newId();
  for (const { grantee } of [one, two]) await jobs.store.mappings.put({ source: '*', identity: both, grantee });
  const { lists, dependencies } = recording();
  const [projectId] = PROJECTS;
  const jobId = await jobs.newJob([
    revokePrincipalTask(one.grantee, { projectId }),
    identityTask(both, { projectId }),
    identityTask(both, { projectId }),
  ]);
  expect(await runJob(dependencies, jobId, noDeadline)).toEqual({ next: 'ended' });
  expect(lists.filter((list) => list.endsWith(one.grantee))).toHaveLength(2);
  expect(lists.filter((list) => list.endsWith(two.grantee))).toHaveLength(2);
  expect(await jobs.job(jobId)).toMatchObject({ state: 'done', revoked: 2 });
});
