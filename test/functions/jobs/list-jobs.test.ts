/**
 * list-jobs: which jobs a project sees, in which order, and its pages.
 * Also tests: lib/validation/job-fields.ts.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Job } from '../../../lib/domain/job.ts';
import { okBody, type User } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { type JobService, startJobService } from './fixture.ts';

const KEY = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';

let jobs: JobService;
let foreigner: User & { project_id: string };
beforeAll(async () => {
  jobs = await startJobService();
  foreigner = await jobs.service.foreignUser();
});
afterAll(() => jobs.stop());

const list = (fields: object = {}, user: User = jobs.service.reader) => jobs.call('list-jobs', fields, user);

async function allIds(fields: object = {}, user?: User): Promise<string[]> {
  const ids: string[] = [];
  for (let marker = ''; ; ) {
    const body = okBody(await list({ ...fields, marker }, user));
    ids.push(...body.jobs.map(({ job_id }: { job_id: string }) => job_id));
    marker = body.next_marker;
    expect(body.truncated).toBe(marker === '' ? 'false' : 'true');
    if (marker === '') return ids;
  }
}

/** Stores a job with an id that ends with `n`, a second after the one before. */
function storeJob(n: number, over: Partial<Job> = {}): Promise<string> {
  const { clock, demo } = jobs.service;
  const jobId = `${n}`.padStart(32, '0');
  const receivedAtMs = clock.nowMs + n * 1000;
  return jobs.storeJob({ jobId, projectIds: [demo.project_id], receivedAtMs, state: 'done', ...over });
}

test('a reader sees the jobs of the project, newest first, and nothing of other projects', async () => {
  const { project_id } = jobs.service.demo;
  expect(okBody(await list())).toEqual({ jobs: [], next_marker: '', truncated: 'false' });
  const own = await storeJob(1);
  const elsewhere = await storeJob(2, { projectIds: [foreigner.project_id] });
  const task = { type: 'key.compromised', action: 'revoke-key', keyId: KEY } as const;
  const leftover = { keyId: KEY, grantId: '1'.repeat(64), code: 'KMS.0306', task: 0 };
  const shared = await storeJob(3, {
    projectIds: [project_id, foreigner.project_id],
    state: 'leftovers',
    tasks: [
      { ...task, projectId: foreigner.project_id },
      { ...task, projectId: project_id },
    ],
    leftovers: [{ ...leftover, projectId: foreigner.project_id }],
  });
  expect(await allIds()).toEqual([shared, own]);
  expect(await allIds({}, foreigner)).toEqual([shared, elsewhere]);
  const [shown] = okBody(await list({ limit: 1 })).jobs;
  expect(JSON.stringify(shown)).not.toContain(foreigner.project_id);
  const headers = { 'X-Auth-Token': await jobs.service.token(jobs.service.reader) };
  expect(shown).toEqual(okBody(await jobs.service.send(`/hooks/jobs/${shared}`, { method: 'GET', headers })));
});

test('states selects jobs, and pages of any size have each job once', async () => {
  const now = { receivedAtMs: jobs.service.clock.nowMs + 500_000 };
  const ids = [await storeJob(4, now), await storeJob(5, { ...now, state: 'waiting' }), await storeJob(6, now)];
  const newest = ids.toReversed();
  const all = await allIds();
  expect(all.slice(0, 3)).toEqual(newest);
  for (const limit of [1, '2', 3, 100, 1000]) expect(await allIds({ limit })).toEqual(all);
  expect(await allIds({ states: ['waiting'] })).toEqual([ids[1]]);
  expect(await allIds({ states: ['waiting', 'leftovers'], limit: 1 })).toHaveLength(2);
  expect(await allIds({ states: ['stopped'] })).toEqual([]);
});

test('a page has at most 100 jobs, and fewer if they are very large', async () => {
  const { project_id } = jobs.service.demo;
  const leftover = { projectId: project_id, keyId: KEY, grantId: '1'.repeat(64), code: 'KMS.0306', task: 0 };
  const leftovers = Array.from({ length: 500 }, () => leftover);
  const before = (await allIds()).length;
  for (let n = 1000; n < 1140; n += 1) await storeJob(n, n < 1040 ? { leftovers } : {});
  const first = okBody(await list());
  expect([first.jobs.length, first.truncated]).toEqual([100, 'true']);
  const second = okBody(await list({ marker: first.next_marker }));
  expect([second.jobs.length < 40, second.truncated]).toEqual([true, 'true']);
  expect(JSON.stringify(second).length).toBeLessThan(2.1 * 1024 * 1024);
  const all = await allIds();
  expect(all).toHaveLength(before + 140);
  expect(new Set(all).size).toBe(all.length);
});

test('a malformed marker, limit or state is refused', async () => {
  const { next_marker: marker } = okBody(await list({ limit: 1 }));
  for (const bad of ['x', '1', `${marker}0`, ` ${marker}`, marker.replace('-', '_'), 5, [marker]]) {
    expectError(await list({ marker: bad }), [400, 'KMS.1602']);
  }
  for (const limit of [0, -1, 'x', 1.5]) expectError(await list({ limit }), [400, 'KMS.1601']);
  for (const states of [[], ['gone'], 'done', [1]]) expectError(await list({ states }), [400, 'KMS.0308']);
});
