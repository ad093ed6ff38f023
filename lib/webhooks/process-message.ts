import type { Authority } from '../authority/authority.ts';
import type { Config } from '../config.ts';
import { logger } from '../logger.ts';
import type { Queue, ReceivedMessage } from '../queue/queue.ts';
import type { Store } from '../store/store.ts';
import { memoizeByStore } from '../util/memoize.ts';
import { runJob } from './jobs/job.ts';
import { outboxDispatcher } from './outbound/dispatcher.ts';
import { targetsOf } from './outbound/targets.ts';

interface ProcessorDependencies {
  config: Config;
  store: Store;
  queue: Queue;
  authority: Authority;
  now: () => number;
}

/** The most overdue jobs that one call queues again; the next call continues. */
const OVERDUE_JOBS_MAX = 100;
/** A job that was queued again counts as overdue once more after this time. */
const REQUEUED_TIMEOUT_MS = 5 * 60_000;
/** An event that is older and still in the outbox: the message that announced it is lost. */
const OUTBOX_LATE_MS = 30_000;

/** Returns the functions that do the work of queue messages. The worker and the Lambda functions share them. */
export const messageProcessor = memoizeByStore((dependencies: ProcessorDependencies) => {
  const { store, queue, authority, now } = dependencies;
  const dispatcher = outboxDispatcher({ store, queue, targets: targetsOf(dependencies), now });

  async function isRunning(jobId: string): Promise<boolean> {
    const job = await store.jobs.job(jobId);
    return job?.state === 'running' && job.dueAtMs > now();
  }

  return {
    /** @returns whether the message is done; if not, the queue delivers it again */
    async process(received: ReceivedMessage, isPastDeadline: () => boolean): Promise<boolean> {
      const { message, receiveCount } = received;
      if (message.kind === 'outbox') {
        if (!(await dispatcher.dispatch(isPastDeadline))) await queue.send(message);
        return true;
      }
      if (message.kind === 'delivery') {
        const result = await dispatcher.deliver(message, receiveCount);
        if (typeof result !== 'object') return true;
        await queue.retryLater(received, result.retryDelaySeconds);
        return false;
      }
      // A first message for a running job is a duplicate. A repeated one is not: its first receiver may have died.
      if (receiveCount === 1 && (await isRunning(message.jobId))) return true;
      const step = await runJob({ authority, store, now }, message.jobId, isPastDeadline);
      // A new message, because the receive count of this one would make a long job a dead letter.
      if (step.next === 'continue') await queue.send(message);
      if (step.next === 'retry') await queue.retryLater(received, step.delaySeconds);
      return step.next !== 'retry';
    },

    /** Sends the events of the outbox to the targets. */
    dispatch: () => dispatcher.dispatch(),

    /** Finds overdue jobs and a late outbox, whose queue messages are lost, and sends new messages for them. */
    async findLost(): Promise<{ jobs: number; isOutboxLate: boolean }> {
      const overdueJobs = await store.jobs.listOpen(now(), OVERDUE_JOBS_MAX);
      for (const job of overdueJobs) {
        // False when a worker has written the job since it was listed.
        const isSaved = await store.jobs.save({ ...job, state: 'queued', dueAtMs: now() + REQUEUED_TIMEOUT_MS });
        if (isSaved) await queue.send({ kind: 'job', jobId: job.jobId });
      }
      const jobs = overdueJobs.length;
      const [oldestEvent] = await store.outbox.list(1);
      const isOutboxLate = oldestEvent !== undefined && oldestEvent.atMs < now() - OUTBOX_LATE_MS;
      if (isOutboxLate) await queue.send({ kind: 'outbox' });
      if (jobs > 0 || isOutboxLate) logger.warn('lost', { jobs, is_outbox_late: isOutboxLate });
      return { jobs, isOutboxLate };
    },
  };
});
