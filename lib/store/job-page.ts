import { isJobAboutProject, type Job, type JobPosition } from '../domain/job.ts';
import type { JobFilter, JobPage } from './store.ts';

/** A page reads at most so many jobs. */
const BATCH_ROWS = 100;
const BATCHES_MAX = 4;

/** Jobs of the list of all jobs, in its order. */
interface JobBatch {
  jobs: Job[];
  /** The position of the last row that was read; undefined if the list ended before `limit` rows. */
  last: JobPosition | undefined;
}

/** Implements `JobStore.listPage`. @param read reads the `limit` rows after a position, from the start without one */
export async function jobPage(
  read: (before: JobPosition | undefined, limit: number) => Promise<JobBatch>,
  { projectId, states, before }: JobFilter,
  limit: number,
): Promise<JobPage> {
  const jobs: Job[] = [];
  let position = before;
  for (let batches = 0; batches < BATCHES_MAX; batches += 1) {
    const batch = await read(position, BATCH_ROWS);
    for (const job of batch.jobs) {
      if (!isJobAboutProject(job, projectId) || states?.includes(job.state) === false) continue;
      if (jobs.length === limit) return { jobs, next: jobs.at(-1) && positionOf(jobs.at(-1) as Job) };
      jobs.push(job);
    }
    position = batch.last;
    if (position === undefined) break;
  }
  return { jobs, next: position };
}

export const positionOf = ({ receivedAtMs, jobId }: Job): JobPosition => ({ receivedAtMs, jobId });
