import { describe, expect, test } from '@jest/globals';
import type { Job, JobState } from '../../lib/domain/job.ts';
import { type JobFilter, jobPage } from '../../lib/store/job-page.ts';
import type { JobStore } from '../../lib/store/store.ts';
import { mapWithConcurrency } from '../../lib/util/concurrency.ts';
import { GRANTEE, grantId, keyId, NOW_MS, numbers, PROJECT, testGrant } from './fixtures.ts';
import { freshStore, type OpenStore } from './open-store.ts';

const DAY_MS = 86_400_000;
const OPEN: readonly JobState[] = ['queued', 'running', 'waiting'];
const ENDED: readonly JobState[] = ['done', 'nothing-found', 'ignored', 'unmapped', 'unreadable', 'leftovers'];

const jobId = (n: number) => n.toString(16).padStart(32, '0');
const leftover = (n: number) => ({
  projectId: PROJECT,
  keyId: keyId(1),
  grantId: grantId(n),
  code: 'KMS.0306',
  task: 0,
});

export function testJob(n: number, over: Partial<Job> = {}): Job {
  return {
    jobId: jobId(n),
    source: 'okta',
    deliveryId: `delivery ${n}`,
    receivedAtMs: NOW_MS + n,
    projectIds: [PROJECT, 'p2'],
    tasks: [{ type: 'principal.disabled', action: 'revoke-principal', grantee: GRANTEE }],
    state: 'queued',
    revision: 0,
    dueAtMs: NOW_MS + n,
    failedAttempts: 0,
    revoked: 0,
    leftovers: [],
    unmapped: [],
    ...over,
  };
}

/** A job with one task of every kind and a value in every field. */
const FULL = testJob(1, {
  source: 'any-source',
  deliveryId: 'msg_ä€😀 "quoted"\n',
  tasks: [
    { type: 'user.lifecycle.create', action: 'ignore' },
    {
      type: 'principal.disabled',
      action: 'revoke-principal',
      identities: ['00u1', 'ann@example.com'],
      keyId: keyId(1),
      operations: ['decrypt-data'],
      reason: 'left the company – "today"\n',
    },
    { type: 'grant.revoke', action: 'revoke-grant', keyId: keyId(1), grantId: grantId(1), projectId: PROJECT },
    { type: 'key.compromised', action: 'revoke-key', keyId: keyId(2) },
  ],
  state: 'waiting',
  revision: 7,
  failedAttempts: 3,
  revoked: 41,
  batch: {
    projectId: PROJECT,
    task: 1,
    grants: [testGrant(2, { name: 'nightly job', retiring_principal: GRANTEE })],
  },
  leftovers: [leftover(3)],
  unmapped: ['bob@example.com'],
});

/** The contract of `JobStore`. */
export function jobsContract(openStore: OpenStore): void {
  describe('jobs', () => {
    const fresh = freshStore(openStore);

    async function withJobs(...jobs: Job[]): Promise<JobStore> {
      const { jobs: store } = fresh();
      for (const job of jobs) expect(await store.add(job)).toBeUndefined();
      return store;
    }

    const idsOf = (jobs: Job[]) => jobs.map(({ jobId: id }) => Number.parseInt(id, 16));

    test('a job is read as it was added, with every field', async () => {
      const jobs = await withJobs(FULL, testJob(2));
      expect(await jobs.job(jobId(1))).toEqual(FULL);
      expect(await jobs.job(jobId(2))).toEqual(testJob(2));
      expect(await jobs.job(jobId(3))).toBeUndefined();
    });

    test('there is no job with an id that is longer than a key of the store', async () => {
      const jobs = await withJobs(testJob(1));
      expect(await jobs.job('a'.repeat(100_000))).toBeUndefined();
    });

    test('countOpen counts the open jobs of one source, up to a maximum', async () => {
      const jobs = await withJobs(
        ...OPEN.map((state, n) => testJob(n + 1, { state })),
        ...ENDED.map((state, n) => testJob(n + 11, { state })),
        testJob(21, { source: 'hr' }),
      );
      expect(await jobs.countOpen('okta', 100)).toBe(3);
      expect(await jobs.countOpen('hr', 100)).toBe(1);
      expect(await jobs.countOpen('none', 100)).toBe(0);
      expect(await jobs.countOpen('okta', 2)).toBe(2);
      // Jobs of other sources do not count, also if they are due first.
      expect(await jobs.add(testJob(22, { source: 'hr', dueAtMs: 1 }))).toBeUndefined();
      expect(await jobs.countOpen('okta', 3)).toBe(3);
      expect(await jobs.save(testJob(1, { state: 'done' }))).toBe(true);
      expect(await jobs.countOpen('okta', 100)).toBe(2);
    });

    test('a job may have a batch of 100 grants and 1,000 leftovers', async () => {
      const leftovers = numbers(1, 1000).map(leftover);
      const batch = { projectId: PROJECT, task: 0, grants: numbers(1, 100).map((n) => testGrant(n)) };
      const large = testJob(1, { batch, leftovers });
      const jobs = await withJobs(large);
      expect(await jobs.job(jobId(1))).toEqual(large);
      expect(await jobs.save({ ...large, batch: undefined })).toBe(true);
      expect(await jobs.job(jobId(1))).toEqual({ ...testJob(1, { leftovers }), revision: 1 });
    });

    test('adding a job with a known id returns the stored job and changes nothing', async () => {
      const jobs = await withJobs(testJob(1));
      expect(await jobs.save({ ...testJob(1), state: 'done', revoked: 2 })).toBe(true);
      const stored = { ...testJob(1), state: 'done', revoked: 2, revision: 1 };
      expect(await jobs.add(testJob(1, { deliveryId: 'again', receivedAtMs: NOW_MS + DAY_MS }))).toEqual(stored);
      expect(await jobs.job(jobId(1))).toEqual(stored);
      expect(idsOf(await jobs.list(10))).toEqual([1]);
    });

    test('of 16 concurrent adds with one id, one stores its job and the others return it', async () => {
      const { jobs } = fresh();
      const results = await Promise.all(
        numbers(0, 16).map((n) => jobs.add(testJob(1, { deliveryId: `delivery ${n}` }))),
      );
      expect(results.filter((job) => job === undefined)).toHaveLength(1);
      const stored = testJob(1, { deliveryId: `delivery ${results.indexOf(undefined)}` });
      expect(results.filter((job) => job !== undefined)).toEqual(numbers(0, 15).map(() => stored));
      expect(await jobs.job(jobId(1))).toEqual(stored);
    });

    test('saving a job stores it with the next revision', async () => {
      const jobs = await withJobs(testJob(1), testJob(2));
      const next: Job = { ...FULL, revision: 0, dueAtMs: NOW_MS + DAY_MS };
      expect(await jobs.save(next)).toBe(true);
      expect(await jobs.job(jobId(1))).toEqual({ ...next, revision: 1 });
      expect(await jobs.save({ ...next, revision: 1, state: 'done' })).toBe(true);
      expect(await jobs.job(jobId(1))).toEqual({ ...next, revision: 2, state: 'done' });
      expect(await jobs.job(jobId(2))).toEqual(testJob(2));
    });

    test('saving a job with an old revision returns false and writes nothing', async () => {
      const jobs = await withJobs(testJob(1));
      expect(await jobs.save({ ...testJob(1), revoked: 1 })).toBe(true);
      expect(await jobs.save({ ...testJob(1), revoked: 2 })).toBe(false);
      expect(await jobs.save({ ...testJob(1), revoked: 3, revision: 2 })).toBe(false);
      expect(await jobs.job(jobId(1))).toEqual({ ...testJob(1), revoked: 1, revision: 1 });
    });

    test('saving an unknown job returns false and writes nothing', async () => {
      const jobs = await withJobs(testJob(1));
      expect(await jobs.save(testJob(2))).toBe(false);
      expect(await jobs.job(jobId(2))).toBeUndefined();
      expect(idsOf(await jobs.list(10))).toEqual([1]);
      expect(idsOf(await jobs.listOpen(NOW_MS + DAY_MS, 10))).toEqual([1]);
    });

    test('of 16 concurrent saves of one job, one succeeds', async () => {
      const jobs = await withJobs(testJob(1));
      const saved = await Promise.all(numbers(0, 16).map((n) => jobs.save(testJob(1, { revoked: n }))));
      expect(saved.filter(Boolean)).toHaveLength(1);
      expect(await jobs.job(jobId(1))).toEqual(testJob(1, { revoked: saved.indexOf(true), revision: 1 }));
    });

    test('listOpen has the jobs in queued, running and waiting, and no others', async () => {
      const states = [...OPEN, ...ENDED];
      const jobs = await withJobs(...states.map((state, index) => testJob(index + 1, { state })));
      const open = await jobs.listOpen(NOW_MS + DAY_MS, 10);
      expect(open.map(({ state }) => state)).toEqual(OPEN);
      expect(open[1]).toEqual(testJob(2, { state: 'running' }));
    });

    test('a job is open until it ends, and again after it is queued again', async () => {
      const jobs = await withJobs(testJob(1), testJob(2));
      const open = async () => idsOf(await jobs.listOpen(NOW_MS + DAY_MS, 10));
      for (const [revision, state] of (['running', 'waiting', 'running', 'leftovers'] as const).entries()) {
        expect(await open()).toEqual([1, 2]);
        expect(await jobs.save(testJob(1, { state, revision }))).toBe(true);
      }
      expect(await open()).toEqual([2]);
      expect(await jobs.save(testJob(1, { state: 'queued', revision: 4 }))).toBe(true);
      expect(await open()).toEqual([1, 2]);
    });

    test('listOpen has the jobs that were due by the given time, the longest due first', async () => {
      const jobs = await withJobs(...numbers(1, 5).map((n) => testJob(n)));
      expect(await jobs.save(testJob(2, { dueAtMs: NOW_MS + 10 }))).toBe(true);
      expect(idsOf(await jobs.listOpen(NOW_MS + 10, 10))).toEqual([1, 3, 4, 5, 2]);
      expect(idsOf(await jobs.listOpen(NOW_MS + 9, 10))).toEqual([1, 3, 4, 5]);
      expect(idsOf(await jobs.listOpen(NOW_MS + 3, 10))).toEqual([1, 3]);
      expect(idsOf(await jobs.listOpen(NOW_MS + 10, 2))).toEqual([1, 3]);
      expect(await jobs.listOpen(NOW_MS, 10)).toEqual([]);
    });

    test('list has jobs in every state, the last received first', async () => {
      const jobs = await withJobs(testJob(3), testJob(1), testJob(4, { state: 'ignored' }), testJob(2));
      expect(await jobs.save(testJob(1, { state: 'done', dueAtMs: NOW_MS + DAY_MS }))).toBe(true);
      expect(idsOf(await jobs.list(10))).toEqual([4, 3, 2, 1]);
      expect(idsOf(await jobs.list(2))).toEqual([4, 3]);
      expect((await jobs.list(10)).at(-1)).toMatchObject({ state: 'done', revision: 1 });
    });

    test('jobs received in the same millisecond are all listed', async () => {
      const jobs = await withJobs(...numbers(1, 30).map((n) => testJob(n, { receivedAtMs: NOW_MS, dueAtMs: NOW_MS })));
      expect(idsOf(await jobs.list(100)).toSorted((a, b) => a - b)).toEqual(numbers(1, 30));
      expect(idsOf(await jobs.listOpen(NOW_MS, 100)).toSorted((a, b) => a - b)).toEqual(numbers(1, 30));
    });

    test('100 jobs added concurrently are all stored', async () => {
      const { jobs } = fresh();
      await Promise.all(numbers(1, 100).map((n) => jobs.add(testJob(n))));
      expect(idsOf(await jobs.list(200))).toEqual(numbers(1, 100).toReversed());
      expect(idsOf(await jobs.listOpen(NOW_MS + DAY_MS, 200))).toEqual(numbers(1, 100));
    });

    test('an ended job is stored for 90 days, an open job for any time', async () => {
      const ended = testJob(1, { state: 'done', dueAtMs: NOW_MS + DAY_MS });
      const jobs = await withJobs(ended, testJob(2), testJob(3, { receivedAtMs: NOW_MS + 91 * DAY_MS - 1 }));
      expect(await jobs.job(jobId(1))).toEqual(ended);
      expect(await jobs.add(testJob(4, { receivedAtMs: NOW_MS + 400 * DAY_MS }))).toBeUndefined();
      expect(await jobs.job(jobId(2))).toEqual(testJob(2));
    });

    describe('listPage', () => {
      const OTHER_PROJECT = 'p3';
      const elsewhere = { projectIds: [OTHER_PROJECT] };

      /** Reads all pages. @returns the jobs of each page */
      async function pagesOf(jobs: JobStore, filter: Omit<JobFilter, 'before'>, limit: number): Promise<number[][]> {
        const pages: number[][] = [];
        let before: JobFilter['before'];
        do {
          const page = await jobPage(jobs, { ...filter, before }, limit);
          expect(page.jobs.length).toBeLessThanOrEqual(limit);
          pages.push(idsOf(page.jobs));
          before = page.next;
        } while (before !== undefined);
        return pages;
      }

      test('a page has the newest jobs first, and the next page continues after them', async () => {
        const jobs = await withJobs(...numbers(1, 5).map((n) => testJob(n)));
        expect(await pagesOf(jobs, { projectId: PROJECT }, 2)).toEqual([[5, 4], [3, 2], [1]]);
        expect(await pagesOf(jobs, { projectId: PROJECT }, 5)).toEqual([[5, 4, 3, 2, 1]]);
        const { jobs: page, next } = await jobs.listPage(undefined, 4);
        expect(page[0]).toEqual(testJob(5));
        expect(next).toEqual({ receivedAtMs: NOW_MS + 2, jobId: jobId(2) });
      });

      test('jobs of the same millisecond have the order of their ids, and no page skips or repeats one', async () => {
        const sameTime = numbers(1, 7).map((n) => testJob(n, { receivedAtMs: NOW_MS }));
        const jobs = await withJobs(...sameTime, testJob(8), testJob(0, { receivedAtMs: NOW_MS - 1 }));
        expect(await pagesOf(jobs, { projectId: PROJECT }, 3)).toEqual([
          [8, 7, 6],
          [5, 4, 3],
          [2, 1, 0],
        ]);
      });

      test('a job that is saved or added while somebody reads the pages moves no other job', async () => {
        const jobs = await withJobs(...numbers(1, 4).map((n) => testJob(n)));
        const { next: before } = await jobs.listPage(undefined, 2);
        expect(await jobs.save(testJob(4, { state: 'done', dueAtMs: NOW_MS + DAY_MS }))).toBe(true);
        expect(await jobs.add(testJob(5))).toBeUndefined();
        expect(idsOf((await jobs.listPage(before, 2)).jobs)).toEqual([2, 1]);
      });

      test('only jobs that act in the project, in one of the states, are listed', async () => {
        const inSecond = { type: 'grant.revoke', action: 'revoke-key', keyId: keyId(1), projectId: 'p2' } as const;
        const jobs = await withJobs(
          testJob(1),
          testJob(2, elsewhere),
          testJob(3, { tasks: [inSecond] }),
          testJob(4, { tasks: [] }),
          testJob(5, { state: 'waiting' }),
          testJob(6, { state: 'done' }),
        );
        expect(await pagesOf(jobs, { projectId: PROJECT }, 10)).toEqual([[6, 5, 4, 1]]);
        expect(await pagesOf(jobs, { projectId: 'p2' }, 10)).toEqual([[6, 5, 4, 3, 1]]);
        expect(await pagesOf(jobs, { projectId: PROJECT, states: ['waiting', 'done'] }, 10)).toEqual([[6, 5]]);
        expect(await pagesOf(jobs, { projectId: 'none' }, 10)).toEqual([[]]);
      });

      test('a page of a project with few jobs among very many is short, and says that there are more', async () => {
        const others = numbers(2, 450).map((n) => testJob(n, elsewhere));
        const { jobs } = fresh();
        await mapWithConcurrency([testJob(1), ...others, testJob(500)], 16, (job) => jobs.add(job));
        const first = await jobPage(jobs, { projectId: PROJECT }, 10);
        expect(idsOf(first.jobs)).toEqual([500]);
        expect(first.next).toBeDefined();
        expect(others.map((job) => job.jobId)).not.toContain(first.next?.jobId);
        expect((await pagesOf(jobs, { projectId: PROJECT }, 10)).flat()).toEqual([500, 1]);
        expect((await pagesOf(jobs, { projectId: PROJECT }, 1)).flat()).toEqual([500, 1]);
      });
    });
  });
}
