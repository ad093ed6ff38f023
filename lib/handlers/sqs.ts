import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { describeCause, logger } from '../logger.ts';
import { messageLogFields, type ReceivedMessage } from '../queue/queue.ts';
import { messageOfRecord } from '../queue/sqs.ts';
import { type Services, services } from '../services.ts';

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
export function sqsHandler(
  name: string,
  work: (services: Services, taken: ReceivedMessage, isPastDeadline: () => boolean) => Promise<boolean>,
) {
  async function isFinished(taken: ReceivedMessage | undefined, isPastDeadline: () => boolean): Promise<boolean> {
    try {
      if (taken) return await work(services(), taken, isPastDeadline);
      logger.error(name, { cause: 'a message that is no work' });
    } catch (error) {
      logger.error(name, { ...(taken && messageLogFields(taken)), cause: describeCause(error) });
    }
    return false;
  }

  return async ({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const isPastDeadline = () => context.getRemainingTimeInMillis() < marginMs(services());
    const ends = await Promise.all(Records.map((record) => isFinished(messageOfRecord(record), isPastDeadline)));
    const left = Records.filter((_, place) => !ends[place]);
    return { batchItemFailures: left.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };
}
