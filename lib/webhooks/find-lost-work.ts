import { logger } from '../logger.ts';
import type { Queue } from '../queue/queue.ts';
import type { Store } from '../store/store.ts';

/** The most overdue jobs that one call queues again; the next call continues. */
const OVERDUE_JOBS_MAX = 100;
/** A job that was queued again counts as overdue once more after this time. */
const REQUEUED_TIMEOUT_MS = 5 * 60_000;
/** If an event is in the outbox for longer than this, its outbox message counts as lost. */
const OUTBOX_LATE_MS = 30_000;

/** Finds overdue jobs and a late outbox, whose queue messages are lost, and sends new messages for them. */
export async function findLostWork({
  store,
  queue,
  now,
}: {
  store: Pick<Store, 'jobs' | 'outbox'>;
  queue: Queue;
  now: () => number;
}): Promise<{ jobs: number; isOutboxLate: boolean }> {
  const overdueJobs = await store.jobs.listOpen(now(), OVERDUE_JOBS_MAX);
  for (const job of overdueJobs) {
    // False when a worker has written the job since it was listed.
    const isSaved = await store.jobs.save({ ...job, state: 'queued', dueAtMs: now() + REQUEUED_TIMEOUT_MS });
    if (isSaved) await queue.send({ kind: 'job', jobId: job.jobId, source: job.source });
  }
  const jobs = overdueJobs.length;
  const [oldestEvent] = await store.outbox.list(1);
  const isOutboxLate = oldestEvent !== undefined && oldestEvent.atMs < now() - OUTBOX_LATE_MS;
  if (isOutboxLate) await queue.send({ kind: 'outbox' });
  if (jobs > 0 || isOutboxLate) logger.warn('lost', { jobs, is_outbox_late: isOutboxLate });
  return { jobs, isOutboxLate };
}
