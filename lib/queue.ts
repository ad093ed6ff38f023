/** The port of work that waits to be done, once a process has time for it: SQS when deployed, a table on one machine. */

/** A message of work, small and plain JSON. */
export type Work =
  | { kind: 'job'; jobId: string }
  /** There are events to be told to others. */
  | { kind: 'outbox' }
  /** One message to one target. */
  | { kind: 'delivery'; target: string; messageId: string; body: string };

/** Work that was taken: nobody else gets it for a while. */
export interface Taken {
  work: Work;
  /** How often it has been taken, this time included. */
  tries: number;
  /** What the queue knows it by. */
  handle: string;
}

/** How long work that was taken is hidden from others; then it comes back, for who took it may have died. */
export const HIDDEN_SECONDS = 120;

/** Taken so often without an end, it becomes a dead letter. */
export const TAKEN_MAX = 12;

/** Work in a log line: by what it can be found. */
export function takenLine({ work, tries }: Taken) {
  const { kind } = work;
  if (kind === 'job') return { work: kind, tries, job_id: work.jobId };
  return kind === 'delivery'
    ? { work: kind, tries, target: work.target, message_id: work.messageId }
    : { work: kind, tries };
}

/** The longest delays that the port takes, and SQS. Source: SQS API Reference, SendMessage, ChangeMessageVisibility. */
export const DELAY_SECONDS_MAX = 900;
export const AGAIN_SECONDS_MAX = 43_000;

/** At least once, in no order. */
export interface Queue {
  /** Durable when it resolves. @param delaySeconds up to DELAY_SECONDS_MAX */
  send(work: Work, delaySeconds?: number): Promise<void>;
  /** At most `max`, 10 or fewer; empty when there is none. */
  take(max: number): Promise<Taken[]>;
  /** It is finished. */
  done(taken: Taken): Promise<void>;
  /** It is not finished, and comes back after the delay. @param delaySeconds up to AGAIN_SECONDS_MAX */
  again(taken: Taken, delaySeconds: number): Promise<void>;
  /** Dead letters, at most 10. They stay where they are. */
  dead(): Promise<Work[]>;
  /** Sends dead letters again. @returns how many */
  revive(): Promise<number>;
}
