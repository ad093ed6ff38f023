import { FINAL_STATES, JOB_RETENTION_MS, type Job, type JobPosition } from '../../domain/job.ts';
import type { JobPage, JobStore } from '../store.ts';
import type { Database, Row } from './database.ts';

/** A few deletions with each insert keep up with any rate of inserts and never take long. */
const EXPIRED_DELETED_PER_INSERT = 4;

/** Every job is after it in the list. */
const NEWEST: JobPosition = { receivedAtMs: Number.MAX_SAFE_INTEGER, jobId: '' };

/** Jobs over SQLite, stored as JSON with the columns that queries need beside it. */
export function sqliteJobs(db: Database): JobStore {
  const byId = db.prepare('SELECT job FROM jobs WHERE job_id = ?');
  const insert = db.prepare('INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?)');
  const update = db.prepare(
    'UPDATE jobs SET is_ended = ?, revision = ?, due_at_ms = ?, job = ? WHERE job_id = ? AND revision = ?',
  );
  const open = db.prepare('SELECT job FROM jobs WHERE is_ended = 0 AND due_at_ms <= ? ORDER BY due_at_ms LIMIT ?');
  const openOfSource = db.prepare(
    'SELECT count(*) AS n FROM (SELECT 1 FROM jobs WHERE source = ? AND is_ended = 0 LIMIT ?)',
  );
  const newest = db.prepare('SELECT job FROM jobs ORDER BY received_at_ms DESC LIMIT ?');
  /** Reads the index of the times, and sorts only jobs of the same millisecond. */
  const newestBefore = db.prepare(
    `SELECT job, job_id, received_at_ms FROM jobs WHERE received_at_ms <= :ms AND (received_at_ms < :ms OR job_id < :id)
     ORDER BY received_at_ms DESC, job_id DESC LIMIT :limit`,
  );
  const deleteExpired = db.prepare(
    `DELETE FROM jobs WHERE job_id IN
     (SELECT job_id FROM jobs WHERE is_ended = 1 AND due_at_ms <= ? ORDER BY due_at_ms LIMIT ${EXPIRED_DELETED_PER_INSERT})`,
  );
  const find = (jobId: string) => {
    const row = byId.get(jobId);
    return row && toJob(row);
  };
  const isEnded = ({ state }: Job) => Number(FINAL_STATES.includes(state));

  async function listPage({ receivedAtMs: ms, jobId: id }: JobPosition = NEWEST, limit: number): Promise<JobPage> {
    const rows = newestBefore.all({ ms, id, limit });
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return {
      jobs: rows.map(toJob),
      next: last && { receivedAtMs: Number(last['received_at_ms']), jobId: String(last['job_id']) },
    };
  }

  return {
    add: (job) =>
      db.write(() => {
        const existing = find(job.jobId);
        if (existing) return existing;
        deleteExpired.run(job.receivedAtMs - JOB_RETENTION_MS);
        const { jobId, revision, receivedAtMs, dueAtMs, source } = job;
        insert.run(jobId, isEnded(job), revision, receivedAtMs, dueAtMs, JSON.stringify(job), source);
        return undefined;
      }),
    job: async (jobId) => find(jobId),
    save: (job) =>
      db.write(() => {
        const next = { ...job, revision: job.revision + 1 };
        const { revision, dueAtMs, jobId } = next;
        return update.run(isEnded(job), revision, dueAtMs, JSON.stringify(next), jobId, job.revision).changes === 1;
      }),
    async countOpen(source, max) {
      return Number(openOfSource.get(source, max)?.['n']);
    },
    listOpen: async (untilMs, limit) => open.all(untilMs, limit).map(toJob),
    list: async (limit) => newest.all(limit).map(toJob),
    listPage,
  };
}

const toJob = (row: Row): Job => JSON.parse(String(row['job'])) as Job;
