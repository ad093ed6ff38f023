/** Sends messages to a queue in SQS. A function that only sends bundles nothing else of SQS. */
import { type AwsSettings, awsCall } from '../clients/aws.ts';
import { retryAwsCall } from '../clients/aws-errors.ts';
import { DELAY_SECONDS_MAX, groupOf, type Message, type Queue } from './queue.ts';

export interface SqsSettings {
  aws: AwsSettings;
  queueUrl: string;
  /** The dead-letter queue of the redrive policy. Not needed for sending and receiving. */
  deadLetterUrl?: string | undefined;
  /**
   * How long receiving waits for a message, 0 to 20; 1 by default. With 0 SQS asks only some of its servers, so a short
   * queue may seem empty.
   */
  waitSeconds?: number | undefined;
}

/** The time limit of one call with all its attempts. The time in which SQS waits for messages comes in addition. */
export const CALL_MS = 4_000;

type SqsCall = (operation: string, input: object, budgetMs?: number) => Promise<Record<string, unknown>>;

/** Returns the function that calls SQS, with retries. */
export function sqsCall({ aws, queueUrl }: SqsSettings): SqsCall {
  const service = { name: 'sqs', target: 'AmazonSQS', jsonVersion: '1.0', endpoint: new URL(queueUrl).origin } as const;
  const callOnce = awsCall(aws, service);
  return (operation, input, budgetMs = CALL_MS) =>
    retryAwsCall(budgetMs, (timeoutMs) => callOnce(operation, input, timeoutMs));
}

/**
 * Returns the function that sends the text of a message. Of a standard queue, SQS delivers the messages of quiet groups
 * first while a group takes more than its share. Source: SQS Developer Guide, "Amazon SQS fair queues".
 */
export const textSender = (call: SqsCall, queueUrl: string) => (body: string, message: Message, delaySeconds: number) =>
  call('SendMessage', {
    QueueUrl: queueUrl,
    MessageBody: body,
    MessageGroupId: groupOf(message),
    DelaySeconds: Math.ceil(delaySeconds),
  });

/** Opens a queue in SQS for sending. */
export function sqsSender(settings: SqsSettings): Pick<Queue, 'send'> {
  const sendText = textSender(sqsCall(settings), settings.queueUrl);
  return {
    async send(message, delaySeconds = 0) {
      if (delaySeconds > DELAY_SECONDS_MAX) throw new RangeError(`delaySeconds must be ${DELAY_SECONDS_MAX} or less`);
      await sendText(serializeMessage(message), message, delaySeconds);
    },
  };
}

/** Characters that SQS refuses or that UTF-8 would replace. Source: SQS API Reference, SendMessage, MessageBody. */
const NOT_SENDABLE = /[\ud800-\udfff\ufffe\uffff]/g;

function serializeMessage(message: Message): string {
  return JSON.stringify(message).replace(NOT_SENDABLE, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`);
}
