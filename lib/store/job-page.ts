/** The jobs of one project. It is not a part of the stores, so that only the function that lists jobs contains it. */
import { isJobAboutProject, type Job, type JobPosition, type JobState } from '../domain/job.ts';
import type { JobPage, JobStore } from './store.ts';

/** Selects the jobs that act in the project and meet every other given field. */
export interface JobFilter {
  projectId: string;
  states?: readonly JobState[] | undefined;
  /** Only jobs after this position of the list match. */
  before?: JobPosition | undefined;
}

/** A page reads at most so many jobs. */
const BATCH_ROWS = 100;
const BATCHES_MAX = 4;

/**
 * Reads a bounded number of jobs, newest first and of equal times by id, and returns those that match.
 * @returns at most `limit` jobs, also fewer or none although there are more
 */
export async function jobPage(store: JobStore, filter: JobFilter, limit: number): Promise<JobPage> {
  const { projectId, states, before } = filter;
  const jobs: Job[] = [];
  let position = before;
  for (let batches = 0; batches < BATCHES_MAX; batches += 1) {
    const batch = await store.listPage(position, BATCH_ROWS);
    for (const job of batch.jobs) {
      if (!isJobAboutProject(job, projectId) || states?.includes(job.state) === false) continue;
      if (jobs.length === limit) return { jobs, next: positionOf(jobs.at(-1) as Job) };
      jobs.push(job);
    }
    position = batch.next;
    if (position === undefined) break;
  }
  return { jobs, next: position && (position.jobId === jobs.at(-1)?.jobId ? position : withoutId(position)) };
}

/**
 * Returns a position just before this one, because the job at it may be of another project, whose id nobody here may
 * learn. The next page reads that job again, and skips none: few jobs of one millisecond share the beginning of an id.
 */
const withoutId = ({ receivedAtMs, jobId }: JobPosition): JobPosition => ({
  receivedAtMs,
  jobId: jobId.slice(0, 8).padEnd(jobId.length, 'f'),
});

export const positionOf = ({ receivedAtMs, jobId }: Job): JobPosition => ({ receivedAtMs, jobId });
