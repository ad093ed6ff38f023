/** The port of work that waits to be done, once a process has time for it: SQS when deployed, a table on one machine. */

/** A message of work, small and plain JSON. */
export type Message =
  | { kind: 'job'; jobId: string }
  /** There are events to be told to others. */
  | { kind: 'outbox' }
  /** One message to one target. */
  | { kind: 'delivery'; target: string; messageId: string; body: string };

/** Work that was taken: nobody else gets it for a while. */
export interface ReceivedMessage {
  message: Message;
  /** How often it has been taken, this time included. */
  receiveCount: number;
  /** What the queue knows it by. */
  receiptHandle: string;
}

/** How long work that was taken is hidden from others; then it comes back, for who took it may have died. */
export const VISIBILITY_TIMEOUT_SECONDS = 120;

/** Taken so often without an end, it becomes a dead letter. */
export const RECEIVE_COUNT_MAX = 12;

/** Work in a log line: by what it can be found. */
export function messageLogFields({ message, receiveCount }: ReceivedMessage) {
  const { kind } = message;
  if (kind === 'job') return { work: kind, tries: receiveCount, job_id: message.jobId };
  return kind === 'delivery'
    ? { work: kind, tries: receiveCount, target: message.target, message_id: message.messageId }
    : { work: kind, tries: receiveCount };
}

/** The longest delays that the port takes, and SQS. Source: SQS API Reference, SendMessage, ChangeMessageVisibility. */
export const DELAY_SECONDS_MAX = 900;
export const RETRY_DELAY_SECONDS_MAX = 43_000;

/** At least once, in no order. */
export interface Queue {
  /** Durable when it resolves. @param delaySeconds up to DELAY_SECONDS_MAX */
  send(work: Message, delaySeconds?: number): Promise<void>;
  /** At most `max`, 10 or fewer; empty when there is none. */
  receive(max: number): Promise<ReceivedMessage[]>;
  /** It is finished. */
  delete(taken: ReceivedMessage): Promise<void>;
  /** It is not finished, and comes back after the delay. @param delaySeconds up to AGAIN_SECONDS_MAX */
  retryLater(taken: ReceivedMessage, delaySeconds: number): Promise<void>;
  /** Dead letters, at most 10. They stay where they are. */
  listDeadLetters(): Promise<Message[]>;
  /** Sends dead letters again. @returns how many */
  redriveDeadLetters(): Promise<number>;
}
