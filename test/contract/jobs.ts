import { describe, expect, test } from '@jest/globals';
import type { Job, JobState } from '../../lib/domain/job.ts';
import type { JobStore } from '../../lib/store/store.ts';
import { GRANTEE, grantId, keyId, NOW_MS, numbers, PROJECT, testGrant } from './fixtures.ts';
import { freshStore, type OpenStore } from './open-store.ts';

const DAY_MS = 86_400_000;
const OPEN: readonly JobState[] = ['queued', 'running', 'waiting'];
const ENDED: readonly JobState[] = ['done', 'ignored', 'unmapped', 'leftovers'];

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

/** One of every kind of task, and every field filled. */
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
    grants: [testGrant(2, { name: 'kept', retiring_principal: GRANTEE })],
  },
  leftovers: [leftover(3)],
  unmapped: ['bob@example.com'],
});

/** What every engine's `JobStore` must do. */
export function jobsContract(openStore: OpenStore): void {
  describe('jobs', () => {
    const fresh = freshStore(openStore);

    async function withJobs(...jobs: Job[]): Promise<JobStore> {
      const { jobs: store } = fresh();
      for (const job of jobs) expect(await store.add(job)).toBeUndefined();
      return store;
    }

    const idsOf = (jobs: Job[]) => jobs.map(({ jobId: id }) => Number.parseInt(id, 16));

    test('come back as they were added, with all that they hold', async () => {
      const jobs = await withJobs(FULL, testJob(2));
      expect(await jobs.job(jobId(1))).toEqual(FULL);
      expect(await jobs.job(jobId(2))).toEqual(testJob(2));
      expect(await jobs.job(jobId(3))).toBeUndefined();
    });

    test('may be large: 100 grants under way and 1,000 left over', async () => {
      const leftovers = numbers(1, 1000).map(leftover);
      const batch = { projectId: PROJECT, task: 0, grants: numbers(1, 100).map((n) => testGrant(n)) };
      const large = testJob(1, { batch, leftovers });
      const jobs = await withJobs(large);
      expect(await jobs.job(jobId(1))).toEqual(large);
      expect(await jobs.save({ ...large, batch: undefined })).toBe(true);
      expect(await jobs.job(jobId(1))).toEqual({ ...testJob(1, { leftovers }), revision: 1 });
    });

    test('are added record: what is there already is told, and stays as it is', async () => {
      const jobs = await withJobs(testJob(1));
      expect(await jobs.save({ ...testJob(1), state: 'done', revoked: 2 })).toBe(true);
      const there = { ...testJob(1), state: 'done', revoked: 2, revision: 1 };
      expect(await jobs.add(testJob(1, { deliveryId: 'again', receivedAtMs: NOW_MS + DAY_MS }))).toEqual(there);
      expect(await jobs.job(jobId(1))).toEqual(there);
      expect(idsOf(await jobs.list(10))).toEqual([1]);
    });

    test('of sixteen added at once under one id, one is kept and told to the others', async () => {
      const { jobs } = fresh();
      const told = await Promise.all(numbers(0, 16).map((n) => jobs.add(testJob(1, { deliveryId: `delivery ${n}` }))));
      expect(told.filter((job) => job === undefined)).toHaveLength(1);
      const kept = testJob(1, { deliveryId: `delivery ${told.indexOf(undefined)}` });
      expect(told.filter((job) => job !== undefined)).toEqual(numbers(0, 15).map(() => kept));
      expect(await jobs.job(jobId(1))).toEqual(kept);
    });

    test('are saved with the next revision and the time that the caller gives', async () => {
      const jobs = await withJobs(testJob(1), testJob(2));
      const next: Job = { ...FULL, revision: 0, dueAtMs: NOW_MS + DAY_MS };
      expect(await jobs.save(next)).toBe(true);
      expect(await jobs.job(jobId(1))).toEqual({ ...next, revision: 1 });
      expect(await jobs.save({ ...next, revision: 1, state: 'done' })).toBe(true);
      expect(await jobs.job(jobId(1))).toEqual({ ...next, revision: 2, state: 'done' });
      expect(await jobs.job(jobId(2))).toEqual(testJob(2));
    });

    test('that another has written since they were read are not saved', async () => {
      const jobs = await withJobs(testJob(1));
      expect(await jobs.save({ ...testJob(1), revoked: 1 })).toBe(true);
      expect(await jobs.save({ ...testJob(1), revoked: 2 })).toBe(false);
      expect(await jobs.save({ ...testJob(1), revoked: 3, revision: 2 })).toBe(false);
      expect(await jobs.job(jobId(1))).toEqual({ ...testJob(1), revoked: 1, revision: 1 });
    });

    test('that are not there are not saved', async () => {
      const jobs = await withJobs(testJob(1));
      expect(await jobs.save(testJob(2))).toBe(false);
      expect(await jobs.job(jobId(2))).toBeUndefined();
      expect(idsOf(await jobs.list(10))).toEqual([1]);
      expect(idsOf(await jobs.listOpen(NOW_MS + DAY_MS, 10))).toEqual([1]);
    });

    test('of sixteen that save one at once, one goes through', async () => {
      const jobs = await withJobs(testJob(1));
      const saved = await Promise.all(numbers(0, 16).map((n) => jobs.save(testJob(1, { revoked: n }))));
      expect(saved.filter(Boolean)).toHaveLength(1);
      expect(await jobs.job(jobId(1))).toEqual(testJob(1, { revoked: saved.indexOf(true), revision: 1 }));
    });

    test('are open in every state that is not an end, and in no other', async () => {
      const states = [...OPEN, ...ENDED];
      const jobs = await withJobs(...states.map((state, index) => testJob(index + 1, { state })));
      const open = await jobs.listOpen(NOW_MS + DAY_MS, 10);
      expect(open.map(({ state }) => state)).toEqual(OPEN);
      expect(open[1]).toEqual(testJob(2, { state: 'running' }));
    });

    test('are open until they end, and again when a person has them tried again', async () => {
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

    test('that are open come by when they were last written, the oldest first, up to then and not later', async () => {
      const jobs = await withJobs(...numbers(1, 5).map((n) => testJob(n)));
      expect(await jobs.save(testJob(2, { dueAtMs: NOW_MS + 10 }))).toBe(true);
      expect(idsOf(await jobs.listOpen(NOW_MS + 10, 10))).toEqual([1, 3, 4, 5, 2]);
      expect(idsOf(await jobs.listOpen(NOW_MS + 9, 10))).toEqual([1, 3, 4, 5]);
      expect(idsOf(await jobs.listOpen(NOW_MS + 3, 10))).toEqual([1, 3]);
      expect(idsOf(await jobs.listOpen(NOW_MS + 10, 2))).toEqual([1, 3]);
      expect(await jobs.listOpen(NOW_MS, 10)).toEqual([]);
    });

    test('are listed by when they were received, the newest first, whatever has become of them', async () => {
      const jobs = await withJobs(testJob(3), testJob(1), testJob(4, { state: 'ignored' }), testJob(2));
      expect(await jobs.save(testJob(1, { state: 'done', dueAtMs: NOW_MS + DAY_MS }))).toBe(true);
      expect(idsOf(await jobs.list(10))).toEqual([4, 3, 2, 1]);
      expect(idsOf(await jobs.list(2))).toEqual([4, 3]);
      expect((await jobs.list(10)).at(-1)).toMatchObject({ state: 'done', revision: 1 });
    });

    test('received in the same moment are all listed, and all open', async () => {
      const jobs = await withJobs(...numbers(1, 30).map((n) => testJob(n, { receivedAtMs: NOW_MS, dueAtMs: NOW_MS })));
      expect(idsOf(await jobs.list(100)).toSorted((a, b) => a - b)).toEqual(numbers(1, 30));
      expect(idsOf(await jobs.listOpen(NOW_MS, 100)).toSorted((a, b) => a - b)).toEqual(numbers(1, 30));
    });

    test('added at once are all kept', async () => {
      const { jobs } = fresh();
      await Promise.all(numbers(1, 100).map((n) => jobs.add(testJob(n))));
      expect(idsOf(await jobs.list(200))).toEqual(numbers(1, 100).toReversed());
      expect(idsOf(await jobs.listOpen(NOW_MS + DAY_MS, 200))).toEqual(numbers(1, 100));
    });

    test('are remembered for 90 days after their end, and while they are open however long that takes', async () => {
      const ended = testJob(1, { state: 'done', dueAtMs: NOW_MS + DAY_MS });
      const jobs = await withJobs(ended, testJob(2), testJob(3, { receivedAtMs: NOW_MS + 91 * DAY_MS - 1 }));
      expect(await jobs.job(jobId(1))).toEqual(ended);
      expect(await jobs.add(testJob(4, { receivedAtMs: NOW_MS + 400 * DAY_MS }))).toBeUndefined();
      expect(await jobs.job(jobId(2))).toEqual(testJob(2));
    });
  });
}
