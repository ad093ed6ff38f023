import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { describeCause, logger } from '../logger.ts';
import { messageLogFields, type ReceivedMessage } from '../queue/queue.ts';
import { messageOfRecord } from '../queue/sqs.ts';
import { type Services, services } from '../services.ts';

/** Time that must be left to start more work: for the work that runs, a slow store, and a call of the upstream. */
const MARGIN_MS = 15_000;
const marginMs = ({ config }: Services) => MARGIN_MS + (config.upstream?.timeoutMs ?? 0);

/**
 * Creates the Lambda handler of a queue. Messages of a batch are processed concurrently; only those that are not
 * finished, or that fail, are returned to the queue.
 * @param process returns whether the message is finished
 */
export function sqsHandler(
  name: string,
  process: (services: Services, received: ReceivedMessage, isPastDeadline: () => boolean) => Promise<boolean>,
) {
  async function processRecord(record: SQSRecord, context: Context): Promise<void> {
    const received = messageOfRecord(record);
    if (!received) throw logged(new Error('the record holds no message of this service'), {});
    const isPastDeadline = () => context.getRemainingTimeInMillis() < marginMs(services());
    let isFinished: boolean;
    try {
      isFinished = await process(services(), received, isPastDeadline);
    } catch (error) {
      throw logged(error, messageLogFields(received));
    }
    if (!isFinished) throw new UnfinishedError();
  }

  function logged(error: unknown, fields: object): unknown {
    logger.error(name, { ...fields, cause: describeCause(error) });
    return error;
  }

  return (event: SQSEvent, context: Context): Promise<SQSBatchResponse> =>
    processPartialResponse(
      event,
      (record: SQSRecord) => processRecord(record, context),
      new BatchProcessor(EventType.SQS),
      // Returning every message of a batch to the queue is not a failure of the function.
      { context, throwOnFullBatchFailure: false },
    );
}

/** Returns a message to the queue, so that its work continues later. */
class UnfinishedError extends Error {
  override readonly name = 'UnfinishedError';
}
