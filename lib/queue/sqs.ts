import * as z from 'zod/mini';
import { AwsError } from '../clients/aws-errors.ts';
import { parseJson } from '../util/json.ts';
import { type Message, type Queue, type ReceivedMessage, VISIBILITY_TIMEOUT_SECONDS } from './queue.ts';
import { CALL_MS, type SqsSettings, sqsCall, sqsSender, textSender } from './sqs-sender.ts';

/** Source: SQS API Reference, ReceiveMessage, MaxNumberOfMessages. */
const MESSAGES_PER_RECEIVE_MAX = 10;
/** Hides a dead letter from a concurrent redrive while it is sent again. */
const REDRIVE_VISIBILITY_SECONDS = 60;
/** SQS returns these for a handle whose message is visible again, received again or deleted. */
const STALE_HANDLE_TYPES = new Set(['MessageNotInflight', 'ReceiptHandleIsInvalid']);

/**
 * Opens a queue in SQS: a standard queue with a redrive policy. A message that cannot be parsed is never returned:
 * it becomes a dead letter when it has been received too often.
 */
export function sqsQueue(settings: SqsSettings): Queue {
  const { queueUrl, deadLetterUrl, waitSeconds = 1 } = settings;
  const call = sqsCall(settings);
  const sendText = textSender(call, queueUrl);
  const deleteFrom = (url: string, receiptHandle: string) =>
    call('DeleteMessage', { QueueUrl: url, ReceiptHandle: receiptHandle });

  async function receiveFrom(url: string, max: number, visibilitySeconds: number): Promise<SqsMessage[]> {
    const input = {
      QueueUrl: url,
      MaxNumberOfMessages: max,
      VisibilityTimeout: visibilitySeconds,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    };
    // An attempt gets half of the budget, and each attempt may wait.
    const output = await call('ReceiveMessage', input, CALL_MS + 2_000 * waitSeconds);
    return z.parse(RECEIVE_OUTPUT, output).Messages ?? [];
  }

  function requireDeadLetterUrl(): string {
    if (deadLetterUrl === undefined) throw new Error('the dead-letter queue is not configured: set DEAD_LETTER_URL');
    return deadLetterUrl;
  }

  return {
    ...sqsSender(settings),
    async receive(max) {
      const messages = await receiveFrom(queueUrl, max, VISIBILITY_TIMEOUT_SECONDS);
      return messages.flatMap(
        ({ Body, ReceiptHandle, Attributes }) => receivedMessage(Body, ReceiptHandle, Attributes) ?? [],
      );
    },
    delete: async ({ receiptHandle }) => void (await deleteFrom(queueUrl, receiptHandle)),
    async retryLater({ receiptHandle }, delaySeconds) {
      const input = { QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: Math.ceil(delaySeconds) };
      await call('ChangeMessageVisibility', input).catch((error: unknown) => {
        if (!(error instanceof AwsError && STALE_HANDLE_TYPES.has(error.type))) throw error;
      });
    },
    async listDeadLetters() {
      const messages = await receiveFrom(requireDeadLetterUrl(), MESSAGES_PER_RECEIVE_MAX, 0);
      return messages.flatMap(({ Body }) => parseMessage(Body) ?? []);
    },
    /**
     * Moves message by message, because StartMessageMoveTask of SQS returns before it has finished, counts only
     * approximately and also moves messages that cannot be parsed. Sends before it deletes, so that an interruption
     * duplicates a message and never loses one.
     */
    async redriveDeadLetters() {
      const url = requireDeadLetterUrl();
      let redriven = 0;
      for (;;) {
        const messages = await receiveFrom(url, MESSAGES_PER_RECEIVE_MAX, REDRIVE_VISIBILITY_SECONDS);
        if (messages.length === 0) return redriven;
        const parseable = messages.flatMap((received) => {
          const message = parseMessage(received.Body);
          return message ? [{ ...received, message }] : [];
        });
        await Promise.all(parseable.map(({ Body, message }) => sendText(Body, message, 0)));
        await Promise.all(parseable.map(({ ReceiptHandle }) => deleteFrom(url, ReceiptHandle)));
        redriven += parseable.length;
      }
    },
  };
}

/** The fields used of a record in the event of a Lambda function. */
interface SqsRecord {
  body: string;
  receiptHandle: string;
  attributes: { ApproximateReceiveCount: string };
}

/**
 * Parses a record that SQS has passed to a Lambda function.
 * @returns undefined for a message that cannot be parsed; report it as failed, so that it becomes a dead letter
 */
export function messageOfRecord({ body, receiptHandle, attributes }: SqsRecord): ReceivedMessage | undefined {
  return receivedMessage(body, receiptHandle, attributes);
}

const SQS_MESSAGE = z.object({
  Body: z.string(),
  ReceiptHandle: z.string(),
  Attributes: z.object({ ApproximateReceiveCount: z.string() }),
});
type SqsMessage = z.infer<typeof SQS_MESSAGE>;
const RECEIVE_OUTPUT = z.object({
  Messages: z.optional(z.array(SQS_MESSAGE)),
});

/** `satisfies` makes a missing kind a compile error. */
const MESSAGE_SCHEMAS = {
  job: z.object({ kind: z.literal('job'), jobId: z.string(), source: z.optional(z.string()) }),
  chat: z.object({ kind: z.literal('chat'), requestId: z.string() }),
  outbox: z.object({ kind: z.literal('outbox') }),
  delivery: z.object({ kind: z.literal('delivery'), target: z.string(), messageId: z.string(), body: z.string() }),
} satisfies { [K in Message['kind']]: z.core.$ZodType<Extract<Message, { kind: K }>> };
const MESSAGE = z.union(Object.values(MESSAGE_SCHEMAS));

function parseMessage(text: string): Message | undefined {
  return z.safeParse(MESSAGE, parseJson(text)).data;
}

function receivedMessage(
  body: string,
  receiptHandle: string,
  attributes: SqsRecord['attributes'],
): ReceivedMessage | undefined {
  const message = parseMessage(body);
  return message && { message, receiveCount: Number(attributes.ApproximateReceiveCount), receiptHandle };
}
