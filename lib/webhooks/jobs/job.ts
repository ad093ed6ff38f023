import { newEvent } from '../../domain/events.ts';
import {
  FINAL_STATES,
  type Job,
  type JobState,
  type Leftover,
  tasksForPerson,
  unreadableTasks,
} from '../../domain/job.ts';
import { logger } from '../../logger.ts';
import { mapWithConcurrency } from '../../util/concurrency.ts';
import { type AttemptLimits, JobAttempt, type JobDependencies, JobTakenOverError, originOf } from './attempt.ts';

/** Before the second attempt, the third and so on; an attempt that fails after the last delay ends the job. */
const RETRY_DELAYS_SECONDS = [2, 10, 60, 300, 900];

/** A job counts as lost when no worker takes it up within this time after its delay. */
const LATE_MS = 5 * 60_000;

const CONCURRENT_EVENTS = 16;

/** Longer than a worker takes for the longest batch. */
const HEARTBEAT_TIMEOUT_MS = 5 * 60_000;

/**
 * What the caller does next: nothing, continue the job immediately (the deadline has passed), or retry after a delay.
 */
type NextStep = { next: 'ended' } | { next: 'continue' } | { next: 'retry'; delaySeconds: number };

/**
 * Makes one attempt at a job, or continues the one that was interrupted.
 * @param isPastDeadline once true, the attempt starts nothing more
 * @param limits of this attempt; by default, those of a worker
 */
export async function runJob(
  dependencies: JobDependencies,
  jobId: string,
  isPastDeadline: () => boolean,
  limits: Partial<Omit<AttemptLimits, 'isPastDeadline'>> = {},
): Promise<NextStep> {
  const { store, now } = dependencies;
  const job = await store.jobs.job(jobId);
  if (!job || FINAL_STATES.includes(job.state)) return { next: 'ended' };
  const attempt = new JobAttempt(dependencies, job, {
    isPastDeadline,
    heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
    ...limits,
  });
  try {
    const result = await attempt.run();
    if (result === 'ended') return await endAttempt(dependencies, attempt);
    if (result === 'paused') return await pauseJob(attempt);
    // Due now, so that the next worker need not wait for the heartbeat timeout.
    await attempt.save({ dueAtMs: now() });
    return { next: 'continue' };
  } catch (error) {
    if (error instanceof JobTakenOverError) return { next: 'ended' };
    throw error;
  }
}

async function endAttempt(dependencies: JobDependencies, attempt: JobAttempt): Promise<NextStep> {
  const { failures } = attempt;
  const { failedAttempts } = attempt.job;
  const delaySeconds = RETRY_DELAYS_SECONDS[failedAttempts];
  if (failures.length === 0) {
    await endJob(attempt, stateWithoutFailures(attempt.job));
  } else if (delaySeconds === undefined) {
    await mapWithConcurrency(failures, CONCURRENT_EVENTS, (leftover) =>
      appendLeftoverEvent(dependencies, attempt.job, leftover),
    );
    await endJob(attempt, 'leftovers');
  } else {
    const dueAtMs = dependencies.now() + delaySeconds * 1000 + LATE_MS;
    await attempt.save({ state: 'waiting', failedAttempts: failedAttempts + 1, scopeIndex: undefined, dueAtMs });
    logger.warn('job', { ...logFields(attempt), state: 'waiting', retry_after_seconds: delaySeconds });
    return { next: 'retry', delaySeconds };
  }
  return { next: 'ended' };
}

/** Nothing is revoked until a person runs the job again. */
async function pauseJob(attempt: JobAttempt): Promise<NextStep> {
  await endJob(attempt, 'paused');
  return { next: 'ended' };
}

function stateWithoutFailures(job: Job) {
  const { unmapped, hasFoundGrants, revoked, wouldRevoke = 0 } = job;
  if (unmapped.length > 0) return 'unmapped';
  if (unreadableTasks(job) > 0) return 'unreadable';
  if (tasksForPerson(job) > 0) return 'needs-person';
  if (job.mode === 'observe') return wouldRevoke > 0 ? 'observed' : 'nothing-found';
  return hasFoundGrants || revoked > 0 ? 'done' : 'nothing-found';
}

const LOG_LEVELS = {
  done: 'info',
  'nothing-found': 'warn',
  unmapped: 'warn',
  // A person must look at the rest: there is an alarm for each of them (deploy/alarms.yml).
  unreadable: 'error',
  'needs-person': 'error',
  paused: 'error',
  observed: 'info',
  leftovers: 'error',
} as const;

async function endJob(attempt: JobAttempt, state: JobState & keyof typeof LOG_LEVELS): Promise<void> {
  await attempt.save({ state, scopeIndex: undefined });
  logger[LOG_LEVELS[state]]('job', { ...logFields(attempt), state });
}

function logFields({ job, failures }: JobAttempt) {
  const { jobId, source, revoked, unmapped } = job;
  const codes = [...new Set(failures.map(({ code }) => code))];
  const counts = {
    revoked,
    leftovers: failures.length,
    unmapped: unmapped.length,
    unreadable: unreadableTasks(job),
    needs_person: tasksForPerson(job),
    would_revoke: job.wouldRevoke,
  };
  return { job_id: jobId, source, ...counts, codes };
}

/** Writes the event of a grant that the job gives up. If a crash follows before the job ends, it is written again. */
async function appendLeftoverEvent({ store, now }: JobDependencies, job: Job, leftover: Leftover): Promise<void> {
  const { projectId, keyId, grantId, code, task } = leftover;
  if (grantId === '') return;
  const [newestEvent] = await store.events.list(projectId, { grantId }, 1);
  const { type: action = '', reason = job.reason } = job.tasks[task] ?? {};
  const event = newEvent(
    { ...originOf(job), action, projectId, requestId: job.jobId, reason },
    { keyId, grantId, grant: newestEvent?.grant, failure: code },
    now(),
  );
  await store.events.append(event, []);
}
