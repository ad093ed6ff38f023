import { randomUUID } from 'node:crypto';
import { FINAL_STATES, JOB_RETENTION_MS, type Job, type JobPosition } from '../../domain/job.ts';
import type { JobPage, JobStore } from '../store.ts';
import type { Item } from './item.ts';
import { itemKey, rangeOf, sortableNumber } from './schema.ts';
import type { ExpressionTerms, Table } from './table.ts';

/** Rows of open jobs that are read at a time. */
const COUNT_PAGE = 1_000;

/** Jobs over DynamoDB, stored as JSON with the attributes that conditions and lists need beside it. */
export function dynamodbJobs(table: Table): JobStore {
  const jobsOf = async (rows: Item[]) =>
    (await table.getAll(rows.map((row) => itemKey.job(String(row['id']))))).map(toJob);

  /** @returns the stored item, if the condition does not hold for it */
  async function put(item: Item, terms: ExpressionTerms & { condition: string }, rows: Item[], oldRows: Item[] = []) {
    const result = await table.transact([
      { put: item, ...terms },
      ...rows.map((row) => ({ put: row })),
      ...oldRows.map(({ pk, sk }) => ({ delete: { pk, sk } })),
    ]);
    if (result.isDone) return undefined;
    const existing = result.failed.get(0);
    if (!existing) throw new Error('DynamoDB did not write a job');
    // If it is this very write, an earlier attempt was applied and its response was lost.
    return existing['written'] === item['written'] ? undefined : existing;
  }

  async function listPage(before: JobPosition | undefined, limit: number): Promise<JobPage> {
    const rows = await table.query({ ...rangeOf.jobs(before), newestFirst: true, limit });
    // A row may outlive its job for a while, and its position counts nevertheless.
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return {
      jobs: await jobsOf(rows),
      next: last && { receivedAtMs: Number.parseInt(last.sk, 10), jobId: String(last['id']) },
    };
  }

  return {
    async add(job) {
      const item = itemOf(job);
      const existing = await put(item, { condition: 'attribute_not_exists(pk)' }, rowsOf(job));
      return existing && toJob(existing);
    },
    async job(jobId) {
      const item = await table.get(itemKey.job(jobId));
      return item && toJob(item);
    },
    async save(job) {
      const stored = await table.get(itemKey.job(job.jobId));
      if (stored?.['revision'] !== job.revision) return false;
      const next = { ...job, revision: job.revision + 1 };
      const [item, rows] = [itemOf(next), rowsOf(next)];
      const oldRows = rowsOf(toJob(stored)).filter(({ pk, sk }) => !rows.some((row) => row.pk === pk && row.sk === sk));
      const isUnchanged = { condition: 'revision = :revision', values: { ':revision': job.revision } };
      return (await put(item, isUnchanged, rows, oldRows)) === undefined;
    },
    async countOpen(source, max) {
      const range = rangeOf.openJobs(Number.MAX_SAFE_INTEGER);
      let count = 0;
      // The rows of other sources are read too. Each source has at most about as many as its quota.
      for (let { from } = range; ; ) {
        const rows = await table.query({ ...range, from, limit: COUNT_PAGE });
        count += rows.filter((row) => row['source'] === source).length;
        const last = rows.at(-1);
        if (count >= max || rows.length < COUNT_PAGE || !last) return Math.min(count, max);
        // After the last row and before the next one, because no sort key begins with another.
        from = `${last.sk}~`;
      }
    },
    async listOpen(untilMs, limit) {
      const jobs = await jobsOf(await table.query({ ...rangeOf.openJobs(untilMs), limit }));
      // A job may have changed after its row was read.
      return jobs.filter(({ state, dueAtMs }) => !FINAL_STATES.includes(state) && dueAtMs <= untilMs);
    },
    list: async (limit) => (await listPage(undefined, limit)).jobs,
    listPage,
  };
}

/** `written` is unique to each write: it shows whether a write whose response was lost was applied. */
function itemOf(job: Job): Item {
  const { jobId, state, revision, receivedAtMs, dueAtMs } = job;
  const attributes = { state, revision, receivedAtMs, dueAtMs, job: JSON.stringify(job) };
  return { ...itemKey.job(jobId), ...attributes, written: randomUUID(), ttl: ttlOf(job) };
}

/** Returns the job's row in the list of all jobs and, while the job is open, its row in the list of open jobs. */
function rowsOf(job: Job): Item[] {
  const { jobId: id, state, receivedAtMs, dueAtMs, source } = job;
  const inAll = { ...itemKey.inAll('jobs', sortableNumber(receivedAtMs), id), id, ttl: ttlOf(job) };
  return FINAL_STATES.includes(state) ? [inAll] : [inAll, { ...itemKey.openJob(dueAtMs, id), id, source }];
}

/** Seconds since 1970; undefined for an open job. */
function ttlOf({ state, dueAtMs }: Job): number | undefined {
  return FINAL_STATES.includes(state) ? Math.ceil((dueAtMs + JOB_RETENTION_MS) / 1000) : undefined;
}

/** Before version 0.2.0, `failedAttempts` and `scopeIndex` were called `tries` and `at`. */
function toJob(item: Item): Job {
  const { tries, at, ...job } = JSON.parse(String(item['job']));
  return tries === undefined ? job : { ...job, failedAttempts: tries, scopeIndex: at };
}
