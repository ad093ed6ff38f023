/** How a person runs a job again or stops it: the rule of retry-job and stop-job, as APIs and as admin commands. */
import {
  FINAL_STATES,
  isJobAboutProject,
  type Job,
  type JobState,
  RETRIED_FROM,
  STOPPED_FROM,
} from '../../domain/job.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { KmsError } from '../../errors.ts';
import { runOnce, saveRecords } from '../../idempotency/run-once.ts';
import type { Queue } from '../../queue/queue.ts';
import type { JobStore, Store } from '../../store/store.ts';
import { enqueueJob } from './enqueue-job.ts';
import { jobOfProject } from './job-of-project.ts';

/** What the rule needs to change a job. */
interface JobChange {
  jobs: JobStore;
  /** ms since 1970 */
  now: () => number;
}

/**
 * Makes the job run again; the caller sends its message. An ended job gets all of its attempts again. A job that is
 * queued or running is left as it is. For a paused job, this is the approval of a person.
 * @returns false, with nothing written, if the job has changed since it was read
 */
export async function requeueJob({ jobs, now }: JobChange, job: Job): Promise<boolean> {
  if (job.state === 'queued' || job.state === 'running') return true;
  const failedAttempts = FINAL_STATES.includes(job.state) ? 0 : job.failedAttempts;
  const isApproved = job.isApproved || job.state === 'paused';
  return jobs.save({ ...job, isApproved, state: 'queued', failedAttempts, dueAtMs: now() });
}

/** @returns false, with nothing written, if the job has changed since it was read */
export const stopJob = ({ jobs, now }: JobChange, job: Job): Promise<boolean> =>
  jobs.save({ ...job, state: 'stopped', dueAtMs: now() });

/** By API: the states from which it changes a job, and those in which it has had its effect. */
const CHANGES = {
  'retry-job': {
    change: requeueJob,
    from: RETRIED_FROM,
    doneIn: ['queued', 'running', 'done'],
    refusal: 'cannot be run again',
  },
  'stop-job': {
    change: stopJob,
    from: STOPPED_FROM,
    doneIn: ['stopped'],
    refusal: 'cannot be stopped',
  },
} as const satisfies Record<string, Change>;

interface Change {
  change: typeof requeueJob;
  from: readonly JobState[];
  doneIn: readonly JobState[];
  refusal: string;
}

/** A worker may write the job between the read and the write, as often as it finishes a batch. */
const TRIES_MAX = 20;

interface Dependencies {
  store: Pick<Store, 'jobs' | 'idempotency'>;
  queue: Queue;
  now: () => number;
}

/**
 * Runs a job of the project again, or stops it. A repeat of the request changes nothing while the change holds.
 * @returns the job as it is afterwards
 * @throws KmsError APIGW.0101 if the project has no such job, KMS.0306 for a job that also acts in other projects,
 *   KMS.0308 in a state that does not allow it
 */
export async function changeJob(
  { store, queue, now }: Dependencies,
  context: RequestContext,
  name: keyof typeof CHANGES,
  jobId: string,
): Promise<Job> {
  const { jobs, idempotency } = store;
  const rule: Change = CHANGES[name];

  async function changeableJob(): Promise<Job> {
    const job = await jobOfProject(jobs, jobId, context.projectId);
    assertOwn(job, context.projectId);
    if (rule.from.includes(job.state)) return job;
    throw new KmsError('KMS.0308', { detail: `The job is in the state ${job.state}, in which it ${rule.refusal}.` });
  }

  async function apply(): Promise<Job> {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const job = await changeableJob();
      if (await rule.change({ jobs, now }, job)) return job;
    }
    throw new KmsError('KMS.0104', {
      detail: 'The job changed at the same time, so nothing was done. Send the request again.',
      retryAfterSeconds: 1,
    });
  }

  await runOnce({ idempotency, now }, context, {
    isStillTrue: async () => rule.doneIn.includes((await jobOfProject(jobs, jobId, context.projectId)).state),
    assertAllowed: changeableJob,
    async work(recordsOf) {
      const job = await apply();
      if (name === 'retry-job') await enqueueJob(queue, job);
      const answer = { job_id: jobId };
      await saveRecords({ idempotency, now }, recordsOf(answer));
      return answer;
    },
  });
  return jobOfProject(jobs, jobId, context.projectId);
}

/** @throws KmsError KMS.0306 */
function assertOwn(job: Job, projectId: string): void {
  const others = job.projectIds.filter((id) => id !== projectId);
  if (!others.some((id) => isJobAboutProject(job, id))) return;
  throw new KmsError('KMS.0306', {
    detail: 'The job also acts in other projects. The operator of this service can change it with npm run admin.',
  });
}
