/** What is done behind the door: jobs, and others told. Whoever takes work from the queue hands it here. */
import { logger } from '../logger.ts';
import type { ReceivedMessage } from '../queue/queue.ts';
import { opened, type Services } from '../services.ts';
import { runJob } from './jobs/job.ts';
import { outboxDispatcher } from './outbound/dispatcher.ts';
import { targetsOf } from './outbound/targets.ts';

/** So many lost jobs are found at once; those left are found next time. */
const LOST_MAX = 100;
/** When what was put on the queue again counts as lost once more. */
const AGAIN_MS = 5 * 60_000;
/** An event that is still to be told after so long: its message was lost. */
const UNTOLD_MS = 30_000;

/** The work of the services. */
export const messageProcessor = opened((services: Services) => {
  const { store, queue, authority, now } = services;
  const out = outboxDispatcher({ store, queue, targets: targetsOf(services), now });

  async function isUnderWay(jobId: string): Promise<boolean> {
    const job = await store.jobs.job(jobId);
    return job?.state === 'running' && job.dueAtMs > now();
  }

  return {
    /** @returns whether the work is finished; where not, it comes back */
    async work(taken: ReceivedMessage, isPastDeadline: () => boolean): Promise<boolean> {
      const { message, receiveCount } = taken;
      if (message.kind === 'outbox') {
        if (!(await out.dispatch(isPastDeadline))) await queue.send(message);
        return true;
      }
      if (message.kind === 'delivery') {
        const end = await out.deliver(message, receiveCount);
        if (typeof end === 'object') await queue.retryLater(taken, end.againSeconds);
        return typeof end !== 'object';
      }
      // A message that is new, of a job that shows signs of life: another works on it.
      if (receiveCount === 1 && (await isUnderWay(message.jobId))) return true;
      const course = await runJob({ authority, store, now }, message.jobId, isPastDeadline);
      // As new work: that it takes long is no failure.
      if (course.next === 'more') await queue.send(message);
      if (course.next === 'again') await queue.retryLater(taken, course.seconds);
      return course.next !== 'again';
    },

    /** Tells what is waiting to be told. */
    dispatch: () => out.dispatch(),

    /** Puts on the queue again what nobody has worked on when it was time. @returns how much there was */
    async findLost(): Promise<{ jobs: number; isOutboxLate: boolean }> {
      const lost = await store.jobs.listOpen(now(), LOST_MAX);
      for (const job of lost) {
        // Not again with the next look; and whoever has just taken it up keeps it.
        const isLost = await store.jobs.save({ ...job, state: 'queued', dueAtMs: now() + AGAIN_MS });
        if (isLost) await queue.send({ kind: 'job', jobId: job.jobId });
      }
      const [oldest] = await store.outbox.list(1);
      const isOutboxLate = oldest !== undefined && oldest.atMs < now() - UNTOLD_MS;
      if (isOutboxLate) await queue.send({ kind: 'outbox' });
      if (lost.length > 0 || isOutboxLate) logger.warn('lost', { jobs: lost.length, is_outbox_late: isOutboxLate });
      return { jobs: lost.length, isOutboxLate };
    },
  };
});
