/** Carries out a request that was confirmed or approved, as a job of the engine that does the work of webhooks. */
import { type Job, newJob, type Task } from '../domain/job.ts';
import { describeCause, logger } from '../logger.ts';
import { sha256Hex } from '../signing/bytes.ts';
import { runJob } from '../webhooks/jobs/job.ts';
import type { ChatDependencies } from './dependencies.ts';
import type { ChatRequest } from './requests.ts';

/**
 * A process that runs a job during a press writes it at least this often, so one that has not is dead. A call to an
 * upstream takes at most 25 s.
 */
const HEARTBEAT_TIMEOUT_MS = 30_000;

export const jobIdOf = (requestId: string): string => sha256Hex(requestId).slice(0, 32);

/** Stores the job of the request, unless it is stored already. @returns the job as stored */
export async function storeJob({ store, now }: ChatDependencies, request: ChatRequest): Promise<Job> {
  const job = jobOf(request, now());
  return (await store.jobs.add(job)) ?? job;
}

/**
 * Stores the job of the request and runs it until the deadline. Where it needs longer, its message is in the queue.
 * @param limits.deadlineMs by performance.now(): calls to an upstream end by then
 * @returns the job as it is then
 */
export async function runRequest(
  dependencies: ChatDependencies,
  request: ChatRequest,
  { isPastDeadline, deadlineMs }: { isPastDeadline: () => boolean; deadlineMs?: number },
): Promise<Job> {
  const { store, queue } = dependencies;
  const job = await storeJob(dependencies, request);
  const message = { kind: 'job', jobId: job.jobId, source: job.source } as const;
  try {
    const step = await runJob(dependencies, job.jobId, isPastDeadline, {
      heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
      deadlineMs,
    });
    if (step.next === 'continue') await queue.send(message);
    if (step.next === 'retry') await queue.send(message, step.delaySeconds);
  } catch (error) {
    // The job is stored, so `followUp` and `findLostWork` continue it.
    logger.warn('job', { job_id: job.jobId, cause: describeCause(error) });
  }
  return (await store.jobs.job(job.jobId)) ?? job;
}

function jobOf(request: ChatRequest, nowMs: number): Job {
  const { requestId, source, kind, target, requester, decidedBy, people } = request;
  const approvedBy = people === 2 ? decidedBy?.principal : undefined;
  return newJob(
    {
      jobId: jobIdOf(requestId),
      source,
      deliveryId: requestId,
      contentDigest: request.digest,
      projectIds: target.projectIds,
      tasks: tasksOf(request),
      origin: { channel: kind, actor: requester.principal, approvedBy },
    },
    nowMs,
  );
}

/** The type of a task is the action in its events: the name of the API that does the same. */
function tasksOf({ target, reason }: ChatRequest): Task[] {
  const { keyId, grantId, grantees = [] } = target;
  if (keyId !== undefined && grantId !== undefined) {
    return [{ action: 'revoke-grant', type: 'revoke-grant', keyId, grantId, reason }];
  }
  return grantees.map((grantee) => ({
    action: 'revoke-principal',
    type: 'revoke-principal-grants',
    grantee,
    keyId,
    reason,
  }));
}
