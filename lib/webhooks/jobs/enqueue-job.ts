import type { Job } from '../../domain/job.ts';
import { describeCause, logger } from '../../logger.ts';
import type { Queue } from '../../queue/queue.ts';

/**
 * Sends the message of a stored job. A failure of the queue is only logged: `findLostWork` sends a new message when no
 * worker has started the job in time.
 */
export async function enqueueJob(queue: Pick<Queue, 'send'>, { jobId, source }: Job): Promise<void> {
  await queue.send({ kind: 'job', jobId, source }).catch((error: unknown) => {
    logger.warn('queue', { job_id: jobId, cause: describeCause(error) });
  });
}
