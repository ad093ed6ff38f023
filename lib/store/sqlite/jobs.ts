import { FINAL_STATES, JOB_RETENTION_MS, type Job } from '../../domain/job.ts';
import type { JobStore } from '../store.ts';
import type { Database, Row } from './database.ts';

/** Forgetting a few with each new job keeps up with any rate of deliveries and never takes long. */
const FORGET_AT_ONCE = 4;

/** Jobs over SQLite, each as JSON, beside it the columns that it is found by. */
export function sqliteJobs(db: Database): JobStore {
  const byId = db.prepare('SELECT job FROM jobs WHERE job_id = ?');
  const insert = db.prepare('INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?)');
  const update = db.prepare(
    'UPDATE jobs SET is_ended = ?, revision = ?, due_at_ms = ?, job = ? WHERE job_id = ? AND revision = ?',
  );
  const open = db.prepare('SELECT job FROM jobs WHERE is_ended = 0 AND due_at_ms <= ? ORDER BY due_at_ms LIMIT ?');
  const newest = db.prepare('SELECT job FROM jobs ORDER BY received_at_ms DESC LIMIT ?');
  const forget = db.prepare(
    `DELETE FROM jobs WHERE job_id IN
     (SELECT job_id FROM jobs WHERE is_ended = 1 AND due_at_ms <= ? ORDER BY due_at_ms LIMIT ${FORGET_AT_ONCE})`,
  );
  const find = (jobId: string) => {
    const row = byId.get(jobId);
    return row && toJob(row);
  };
  const isEnded = ({ state }: Job) => Number(FINAL_STATES.includes(state));

  return {
    add: (job) =>
      db.write(() => {
        const there = find(job.jobId);
        if (there) return there;
        forget.run(job.receivedAtMs - JOB_RETENTION_MS);
        insert.run(job.jobId, isEnded(job), job.revision, job.receivedAtMs, job.dueAtMs, JSON.stringify(job));
        return undefined;
      }),
    job: async (jobId) => find(jobId),
    save: (job) =>
      db.write(() => {
        const next = { ...job, revision: job.revision + 1 };
        const { revision, dueAtMs, jobId } = next;
        return update.run(isEnded(job), revision, dueAtMs, JSON.stringify(next), jobId, job.revision).changes === 1;
      }),
    listOpen: async (untilMs, limit) => open.all(untilMs, limit).map(toJob),
    list: async (limit) => newest.all(limit).map(toJob),
  };
}

const toJob = (row: Row): Job => JSON.parse(String(row['job'])) as Job;
