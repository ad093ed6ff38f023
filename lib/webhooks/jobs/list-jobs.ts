import type { JobPosition } from '../../domain/job.ts';
import { pageFields } from '../../http/serialize-grants.ts';
import { serializeJob } from '../../http/serialize-job.ts';
import { type JobFilter, jobPage, positionOf } from '../../store/job-page.ts';
import type { JobStore } from '../../store/store.ts';

export const JOBS_MAX = 100;

/** Lambda sends a reply of at most 6 MB. A job with 500 tasks and as many leftovers has about 0.3 MB. */
const PAGE_CHARS_MAX = 2 * 1024 * 1024;

/** Returns the reply of list-jobs. A page ends early where its jobs are very large. */
export async function listJobs(jobs: JobStore, filter: JobFilter, limit = JOBS_MAX): Promise<object> {
  const page = await jobPage(jobs, filter, Math.min(limit, JOBS_MAX));
  const shown: object[] = [];
  let { next } = page;
  let chars = 0;
  for (const [index, job] of page.jobs.entries()) {
    const serialized = serializeJob(job, filter.projectId);
    chars += JSON.stringify(serialized).length;
    const previous = page.jobs[index - 1];
    if (chars > PAGE_CHARS_MAX && previous) {
      next = positionOf(previous);
      break;
    }
    shown.push(serialized);
  }
  return { jobs: shown, ...pageFields({ next: next && markerOf(next) }) };
}

const markerOf = ({ receivedAtMs, jobId }: JobPosition) => `${receivedAtMs}-${jobId}`;
