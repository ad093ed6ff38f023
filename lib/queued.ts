import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { workOfSqs } from './aws/sqs.ts';
import { describe, logger } from './log.ts';
import { type Taken, takenLine } from './queue.ts';
import { type Services, services } from './services.ts';

/**
 * What is left of a function's time when nothing more is begun: for the end of what was, of a slow store, and of a call of
 * another KMS.
 */
const MARGIN_MS = 15_000;
const marginMs = ({ config }: Services) => MARGIN_MS + (config.upstream?.timeoutMs ?? 0);

/**
 * Makes the handler of work that a queue hands out.
 * @param work answers whether it is finished; what is not, and what fails, comes back
 */
export function queued(
  name: string,
  work: (services: Services, taken: Taken, isOver: () => boolean) => Promise<boolean>,
) {
  async function isFinished(taken: Taken | undefined, isOver: () => boolean): Promise<boolean> {
    try {
      if (taken) return await work(services(), taken, isOver);
      logger.error(name, { cause: 'a message that is no work' });
    } catch (error) {
      logger.error(name, { ...(taken && takenLine(taken)), cause: describe(error) });
    }
    return false;
  }

  return async ({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const isOver = () => context.getRemainingTimeInMillis() < marginMs(services());
    const ends = await Promise.all(Records.map((record) => isFinished(workOfSqs(record), isOver)));
    const left = Records.filter((_, place) => !ends[place]);
    return { batchItemFailures: left.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };
}
