import type { Authority } from '../authority/authority.ts';
import { followUp } from '../chat/follow-up.ts';
import type { Config } from '../config.ts';
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
      if (message.kind === 'chat') {
        const step = await followUp(dependencies, message.requestId);
        // A new message: a long job must not make this one a dead letter.
        if (step.next === 'later') await queue.send(message, step.delaySeconds);
        if (step.next === 'retry') await queue.retryLater(received, Math.min(60, 5 * receiveCount));
        return step.next !== 'retry';
      }
      // A first message for a running job is a duplicate. A repeated one is not: its first receiver may have died.
      if (receiveCount === 1 && (await isRunning(message.jobId))) return true;
      const step = await runJob({ authority, store, now }, message.jobId, isPastDeadline);
      // Sends a new message: each receipt of this one counts, and a long job would make it a dead letter.
      if (step.next === 'continue') await queue.send(message);
      if (step.next === 'retry') await queue.retryLater(received, step.delaySeconds);
      return step.next !== 'retry';
    },

    /** Sends the events of the outbox to the targets. */
    dispatch: () => dispatcher.dispatch(),
  };
});
