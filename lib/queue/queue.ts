/** The port of the queue that connects functions with the worker: SQS on AWS, a SQLite table on one machine. */

export type Message =
  /** `source` is absent in messages of version 0.2. */
  | { kind: 'job'; jobId: string; source?: string | undefined }
  /** The outbox has events to send. */
  | { kind: 'outbox' }
  /** A stored request of a chat, which may have expired, or whose outcome may have to be shown. */
  | { kind: 'chat'; requestId: string }
  /** A webhook message for one target. */
  | { kind: 'delivery'; target: string; messageId: string; body: string };

export interface ReceivedMessage {
  message: Message;
  /** How often the message has been received, including this time. */
  receiveCount: number;
  /** Identifies this receive of the message to the queue. */
  receiptHandle: string;
}

/**
 * Returns the group of a message: the source of a job, or the target of a delivery. The messages of one group must not
 * hold up those of the others.
 */
export function groupOf(message: Message): string {
  if (message.kind === 'job') return `job:${message.source ?? ''}`;
  return message.kind === 'delivery' ? `delivery:${message.target}` : message.kind;
}

/** A received message is hidden for this time. If it is not deleted by then, it is delivered again. */
export const VISIBILITY_TIMEOUT_SECONDS = 120;

/** A message received this often without being deleted becomes a dead letter. */
export const RECEIVE_COUNT_MAX = 12;

/** Returns log fields that identify a message. */
export function messageLogFields({ message, receiveCount }: ReceivedMessage) {
  const fields = { kind: message.kind, receive_count: receiveCount };
  if (message.kind === 'job') return { ...fields, job_id: message.jobId };
  if (message.kind === 'chat') return { ...fields, chat_request_id: message.requestId };
  if (message.kind === 'outbox') return fields;
  return { ...fields, target: message.target, message_id: message.messageId };
}

/** Source: SQS API Reference, SendMessage, DelaySeconds; ChangeMessageVisibility, VisibilityTimeout. */
export const DELAY_SECONDS_MAX = 900;
export const RETRY_DELAY_SECONDS_MAX = 43_000;

/** Delivers each message at least once, in no particular order. */
export interface Queue {
  /** Sends a message; it is durable when the promise resolves. @param delaySeconds up to DELAY_SECONDS_MAX */
  send(message: Message, delaySeconds?: number): Promise<void>;
  /** Returns messages; none when the queue is empty. @param max 1 to 10 */
  receive(max: number): Promise<ReceivedMessage[]>;
  /** Removes a message whose work is finished. */
  delete(received: ReceivedMessage): Promise<void>;
  /** Makes a message receivable again after a delay. @param delaySeconds up to RETRY_DELAY_SECONDS_MAX */
  retryLater(received: ReceivedMessage, delaySeconds: number): Promise<void>;
  /** Returns at most 10 dead letters and does not remove them. */
  listDeadLetters(): Promise<Message[]>;
  /** Sends all dead letters again. @returns how many */
  redriveDeadLetters(): Promise<number>;
}
