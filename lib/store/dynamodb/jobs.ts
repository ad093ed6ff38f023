import { randomUUID } from 'node:crypto';
import { FINAL_STATES, JOB_RETENTION_MS, type Job } from '../../domain/job.ts';
import type { JobStore } from '../store.ts';
import type { Item } from './item.ts';
import { itemKey, rangeOf, sortableNumber } from './schema.ts';
import type { ExpressionTerms, Table } from './table.ts';

/** Jobs over DynamoDB, each as JSON, beside it what tells where it is listed. */
export function dynamodbJobs(table: Table): JobStore {
  const jobsOf = async (rows: Item[]) =>
    (await table.getAll(rows.map((row) => itemKey.job(String(row['id']))))).map(toJob);

  /** @returns what is there instead, where the condition does not hold */
  async function put(item: Item, terms: ExpressionTerms & { condition: string }, rows: Item[], gone: Item[] = []) {
    const done = await table.transact([
      { put: item, ...terms },
      ...rows.map((row) => ({ put: row })),
      ...gone.map(({ pk, sk }) => ({ delete: { pk, sk } })),
    ]);
    if (done.isDone) return undefined;
    const there = done.failed.get(0);
    if (!there) throw new Error('a job was not written');
    // An earlier try was done and only its answer was lost.
    return there['written'] === item['written'] ? undefined : there;
  }

  return {
    async add(job) {
      const item = itemOf(job);
      const there = await put(item, { condition: 'attribute_not_exists(pk)' }, rowsOf(job));
      return there && toJob(there);
    },
    async job(jobId) {
      const item = await table.get(itemKey.job(jobId));
      return item && toJob(item);
    },
    async save(job) {
      const found = await table.get(itemKey.job(job.jobId));
      if (found?.['revision'] !== job.revision) return false;
      const next = { ...job, revision: job.revision + 1 };
      const [item, rows] = [itemOf(next), rowsOf(next)];
      const gone = rowsOf(toJob(found)).filter(({ pk, sk }) => !rows.some((row) => row.pk === pk && row.sk === sk));
      const asRead = { condition: 'revision = :known', values: { ':known': job.revision } };
      return (await put(item, asRead, rows, gone)) === undefined;
    },
    async listOpen(untilMs, limit) {
      const jobs = await jobsOf(await table.query({ ...rangeOf.openJobs(untilMs), limit }));
      // Since its row was read, one may have ended or gone on.
      return jobs.filter(({ state, dueAtMs }) => !FINAL_STATES.includes(state) && dueAtMs <= untilMs);
    },
    list: async (limit) => jobsOf(await table.query({ ...rangeOf.all('jobs'), newestFirst: true, limit })),
  };
}

/** `written` is another with each write: by it a write is known whose answer was lost. */
function itemOf(job: Job): Item {
  const { jobId, state, revision, receivedAtMs, dueAtMs } = job;
  const told = { state, revision, receivedAtMs, dueAtMs, job: JSON.stringify(job) };
  return { ...itemKey.job(jobId), ...told, written: randomUUID(), ttl: ttlOf(job) };
}

/** Where it is listed: among all by when it came and, until it has ended, among the open ones by when it is due. */
function rowsOf(job: Job): Item[] {
  const { jobId: id, state, receivedAtMs, dueAtMs } = job;
  const inAll = { ...itemKey.inAll('jobs', sortableNumber(receivedAtMs), id), id, ttl: ttlOf(job) };
  return FINAL_STATES.includes(state) ? [inAll] : [inAll, { ...itemKey.openJob(dueAtMs, id), id }];
}

/** Seconds since 1970; undefined while it has not ended. */
function ttlOf({ state, dueAtMs }: Job): number | undefined {
  return FINAL_STATES.includes(state) ? Math.ceil((dueAtMs + JOB_RETENTION_MS) / 1000) : undefined;
}

const toJob = (item: Item): Job => JSON.parse(String(item['job'])) as Job;
