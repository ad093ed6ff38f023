/** How a go at a job ends: well, to be tried again, or with leftovers that everybody can see. */

import type { ChangeEvent } from '../../domain/events.ts';
import { newEventId } from '../../domain/ids.ts';
import { FINAL_STATES, type Job, type JobState, type Leftover } from '../../domain/job.ts';
import { logger } from '../../logger.ts';
import { mapWithConcurrency } from '../../util/concurrency.ts';
import { actorOf, JobAttempt, type JobDependencies, JobTakenOverError } from './attempt.ts';

/** Pauses before the next try of what failed; after the last of them what is left is left. */
const PAUSES_SECONDS = [2, 10, 60, 300, 900];

/** Beyond its pause, a job that nobody took up has been lost sight of. */
const LATE_MS = 5 * 60_000;

const RECEIPTS_AT_ONCE = 16;

/** `more`: time was up; it goes on at once. */
export type NextStep = { next: 'ended' } | { next: 'more' } | { next: 'again'; seconds: number };

/**
 * Works on a job until it has ended or time is up.
 * @param isPastDeadline whether time is up
 */
export async function runJob(world: JobDependencies, jobId: string, isPastDeadline: () => boolean): Promise<NextStep> {
  const job = await world.store.jobs.job(jobId);
  if (!job || FINAL_STATES.includes(job.state)) return { next: 'ended' };
  const run = new JobAttempt(world, job, isPastDeadline);
  try {
    if (await run.run()) return await end(world, run);
    // Whoever takes it up next may begin now.
    await run.save({ dueAtMs: world.now() });
    return { next: 'more' };
  } catch (error) {
    if (error instanceof JobTakenOverError) return { next: 'ended' };
    throw error;
  }
}

async function end(world: JobDependencies, run: JobAttempt): Promise<NextStep> {
  const { failed } = run;
  const { failedAttempts, unmapped } = run.job;
  const seconds = PAUSES_SECONDS[failedAttempts];
  if (failed.length === 0) {
    await finish(run, { state: unmapped.length > 0 ? 'unmapped' : 'done' });
  } else if (seconds === undefined) {
    await mapWithConcurrency(failed, RECEIPTS_AT_ONCE, (one) => tellLeftover(world, run.job, one));
    await finish(run, { state: 'leftovers' });
  } else {
    const dueAtMs = world.now() + seconds * 1000 + LATE_MS;
    await run.save({ state: 'waiting', failedAttempts: failedAttempts + 1, scopeIndex: undefined, dueAtMs });
    logger.warn('job', { ...lineOf(run), state: 'waiting', again_seconds: seconds });
    return { next: 'again', seconds };
  }
  return { next: 'ended' };
}

/** The levels of its last line: an alarm watches for errors. */
const LEVEL = { done: 'info', unmapped: 'warn', leftovers: 'error' } as const;

async function finish(run: JobAttempt, ended: Partial<Job> & { state: JobState & keyof typeof LEVEL }): Promise<void> {
  await run.save({ ...ended, scopeIndex: undefined });
  logger[LEVEL[ended.state]]('job', { ...lineOf(run), state: ended.state });
}

function lineOf({ job, failed }: JobAttempt) {
  const { jobId, source, revoked, unmapped } = job;
  const codes = [...new Set(failed.map(({ code }) => code))];
  return { job_id: jobId, source, revoked, left: failed.length, unmapped: unmapped.length, codes };
}

/** What could not be revoked leaves an event too. After a crash just here it is told twice, never left out. */
async function tellLeftover({ store, now }: JobDependencies, job: Job, leftover: Leftover): Promise<void> {
  const { projectId, keyId, grantId, code, task } = leftover;
  const { type = '', reason } = job.tasks[task] ?? {};
  // A list that could not be read names none.
  if (grantId === '') return;
  const [newest] = await store.events.list(projectId, { grantId }, 1);
  const atMs = now();
  const event: ChangeEvent = {
    eventId: newEventId(atMs),
    atMs,
    action: type,
    projectId,
    keyId,
    grantId,
    grant: newest?.grant,
    actor: actorOf(job),
    channel: 'webhook',
    requestId: job.jobId,
    reason,
    failure: code,
  };
  await store.events.append(event, []);
}
