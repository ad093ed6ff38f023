import * as z from 'zod/mini';
import { type AwsSettings, awsCall } from '../clients/aws.ts';
import { AwsError, retryAwsCall } from '../clients/aws-errors.ts';
import { parseJson } from '../util/json.ts';
import {
  DELAY_SECONDS_MAX,
  type Message,
  type Queue,
  type ReceivedMessage,
  VISIBILITY_TIMEOUT_SECONDS,
} from './queue.ts';

export interface SqsSettings {
  aws: AwsSettings;
  queueUrl: string;
  /** Where the redrive policy of the queue puts what was taken `TAKEN_MAX` times. Who only sends needs none. */
  deadLetterUrl?: string | undefined;
  /**
   * How long `take`, `dead` and `revive` wait for a message, 0 to 20; 1 when left out. Above 0 every server that holds a
   * part of the queue is asked, below that some, so that a short queue may seem to be empty.
   */
  waitSeconds?: number | undefined;
}

/** All tries of one call together, without the wait for a message. */
const CALL_MS = 4_000;
/** SQS gives no more at once. */
const AT_ONCE = 10;
/** While a dead letter is sent again nobody else does the same. */
const REVIVE_SECONDS = 60;
/** Told of a handle whose message is no longer hidden: it is another's or there for all, or it is gone. */
const LATE = new Set(['MessageNotInflight', 'ReceiptHandleIsInvalid']);

/**
 * Work that waits in SQS, a standard queue with a redrive policy. A message that is no work is not given to anybody:
 * it stays hidden after each receiving, and the redrive policy puts it to the dead letters as all that does not end.
 */
export function sqsQueue({ aws, queueUrl, deadLetterUrl, waitSeconds = 1 }: SqsSettings): Queue {
  const service = { name: 'sqs', target: 'AmazonSQS', jsonVersion: '1.0', endpoint: new URL(queueUrl).origin } as const;
  const once = awsCall(aws, service);
  const call = (operation: string, input: object, budgetMs = CALL_MS) =>
    retryAwsCall(budgetMs, (timeoutMs) => once(operation, input, timeoutMs));

  const send = (body: string, delaySeconds: number) =>
    call('SendMessage', { QueueUrl: queueUrl, MessageBody: body, DelaySeconds: Math.ceil(delaySeconds) });
  const remove = (from: string, handle: string) => call('DeleteMessage', { QueueUrl: from, ReceiptHandle: handle });

  async function receive(from: string, max: number, hiddenSeconds: number): Promise<SqsMessage[]> {
    const input = {
      QueueUrl: from,
      MaxNumberOfMessages: max,
      VisibilityTimeout: hiddenSeconds,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    };
    // Half of the time is for one try, and a try may wait.
    const answer = await call('ReceiveMessage', input, CALL_MS + 2_000 * waitSeconds);
    return z.parse(RECEIVED, answer).Messages ?? [];
  }

  function deadLetters(): string {
    if (deadLetterUrl === undefined) throw new Error('the queue was opened without the address of its dead letters');
    return deadLetterUrl;
  }

  return {
    async send(work, delaySeconds = 0) {
      if (delaySeconds > DELAY_SECONDS_MAX) throw new RangeError(`delaySeconds must be ${DELAY_SECONDS_MAX} or less`);
      await send(textOf(work), delaySeconds);
    },
    async receive(max) {
      const messages = await receive(queueUrl, max, VISIBILITY_TIMEOUT_SECONDS);
      return messages.flatMap(({ Body, ReceiptHandle, Attributes }) => takenOf(Body, ReceiptHandle, Attributes) ?? []);
    },
    delete: async ({ receiptHandle }) => void (await remove(queueUrl, receiptHandle)),
    async retryLater({ receiptHandle }, delaySeconds) {
      const input = { QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: Math.ceil(delaySeconds) };
      await call('ChangeMessageVisibility', input).catch((error: unknown) => {
        if (!(error instanceof AwsError && LATE.has(error.type))) throw error;
      });
    },
    async listDeadLetters() {
      const messages = await receive(deadLetters(), AT_ONCE, 0);
      return messages.flatMap(({ Body }) => workIn(Body) ?? []);
    },
    /**
     * Message by message: SQS's own StartMessageMoveTask goes on after it has answered, counts roughly, and moves what
     * is no work too. Sent before it is removed: what is cut off in between is there twice, not lost.
     */
    async redriveDeadLetters() {
      const from = deadLetters();
      let revived = 0;
      for (;;) {
        const messages = await receive(from, AT_ONCE, REVIVE_SECONDS);
        if (messages.length === 0) return revived;
        const works = messages.filter(({ Body }) => workIn(Body) !== undefined);
        await Promise.all(works.map(({ Body }) => send(Body, 0)));
        await Promise.all(works.map(({ ReceiptHandle }) => remove(from, ReceiptHandle)));
        revived += works.length;
      }
    },
  };
}

/** Of a record of the event that Lambda is called with, what is read here. */
interface SqsRecord {
  body: string;
  receiptHandle: string;
  attributes: { ApproximateReceiveCount: string };
}

/**
 * The work of a record that SQS has handed to a Lambda function.
 * @returns undefined for a message that is no work: report it as failed, then it becomes a dead letter in the end
 */
export function messageOfRecord({ body, receiptHandle, attributes }: SqsRecord): ReceivedMessage | undefined {
  return takenOf(body, receiptHandle, attributes);
}

const SQS_MESSAGE = z.object({
  Body: z.string(),
  ReceiptHandle: z.string(),
  Attributes: z.object({ ApproximateReceiveCount: z.string() }),
});
type SqsMessage = z.infer<typeof SQS_MESSAGE>;
const RECEIVED = z.object({
  Messages: z.optional(z.array(SQS_MESSAGE)),
});

/** Each kind of work, as the type has it: one that is missing here does not compile. */
const KINDS = {
  job: z.object({ kind: z.literal('job'), jobId: z.string() }),
  outbox: z.object({ kind: z.literal('outbox') }),
  delivery: z.object({ kind: z.literal('delivery'), target: z.string(), messageId: z.string(), body: z.string() }),
} satisfies { [K in Message['kind']]: z.core.$ZodType<Extract<Message, { kind: K }>> };
const WORK = z.union(Object.values(KINDS));

/** What SQS refuses in a text, or is refused by one that takes its place: escaped, as JSON has it. */
const REFUSED = /[\ud800-\udfff\ufffe\uffff]/g;

/** Source: SQS API Reference, SendMessage, MessageBody. */
const textOf = (work: Message) =>
  JSON.stringify(work).replace(REFUSED, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`);

const workIn = (text: string): Message | undefined => z.safeParse(WORK, parseJson(text)).data;

function takenOf(body: string, handle: string, attributes: SqsRecord['attributes']): ReceivedMessage | undefined {
  const work = workIn(body);
  return work && { message: work, receiveCount: Number(attributes.ApproximateReceiveCount), receiptHandle: handle };
}
