import {
  DELAY_SECONDS_MAX,
  type Message,
  type Queue,
  RECEIVE_COUNT_MAX,
  type ReceivedMessage,
  VISIBILITY_TIMEOUT_SECONDS,
} from '../../queue/queue.ts';
import type { Database } from './database.ts';

/** The queue of a single host. One process receives from it; other processes may send to it. */
export interface SqliteQueue extends Queue {
  /** Makes messages in flight due now. Call it at startup: the process that received them has ended. */
  release(): Promise<void>;
  /** Returns when the first message is due, ms since 1970; undefined for an empty queue. */
  nextDueAtMs(): number | undefined;
  /** Calls `listener` whenever this process makes a message available. Messages of other processes do not call it. */
  onSend(listener: () => void): void;
}

/**
 * The queue over SQLite. A received message stays in its table and becomes due again after the visibility timeout.
 * @param now the clock, ms since 1970
 */
export function sqliteQueue(db: Database, now: () => number): SqliteQueue {
  const insert = db.prepare('INSERT INTO queue (due_at_ms, receive_count, is_in_flight, message) VALUES (?, 0, 0, ?)');
  const first = db.prepare('SELECT * FROM queue WHERE due_at_ms <= ? ORDER BY due_at_ms, message_id LIMIT 1');
  const firstDue = db.prepare('SELECT min(due_at_ms) AS due_at_ms FROM queue');
  const hide = db.prepare(
    'UPDATE queue SET due_at_ms = ?, receive_count = receive_count + 1, is_in_flight = 1 WHERE message_id = ?',
  );
  const remove = db.prepare('DELETE FROM queue WHERE message_id = ? AND receive_count = ?');
  const delay = db.prepare(
    'UPDATE queue SET due_at_ms = ?, is_in_flight = 0 WHERE message_id = ? AND receive_count = ?',
  );
  const release = db.prepare('UPDATE queue SET due_at_ms = ?, is_in_flight = 0 WHERE is_in_flight = 1');
  const insertDeadLetter = db.prepare(
    'INSERT INTO dead_letters (message) SELECT message FROM queue WHERE message_id = ?',
  );
  const deadLetters = db.prepare('SELECT message FROM dead_letters ORDER BY letter_id LIMIT 10');
  // The messages get new ids, so that earlier receipt handles do not match them.
  const redrive = db.prepare(
    `INSERT INTO queue (due_at_ms, receive_count, is_in_flight, message)
     SELECT ?, 0, 0, message FROM dead_letters ORDER BY letter_id`,
  );
  const deleteDeadLetters = db.prepare('DELETE FROM dead_letters');
  const listeners: (() => void)[] = [];

  /** Call it only inside `Database.write`. */
  function receiveOne(nowMs: number): ReceivedMessage | undefined {
    for (let row = first.get(nowMs); row; row = first.get(nowMs)) {
      const [messageId, receiveCount] = [Number(row['message_id']), Number(row['receive_count']) + 1];
      if (receiveCount <= RECEIVE_COUNT_MAX) {
        hide.run(nowMs + VISIBILITY_TIMEOUT_SECONDS * 1000, messageId);
        return { message: parseMessage(row['message']), receiveCount, receiptHandle: `${messageId}.${receiveCount}` };
      }
      insertDeadLetter.run(messageId);
      remove.run(messageId, receiveCount - 1);
    }
    return undefined;
  }

  async function notifyAfter<T>(write: Promise<T>): Promise<T> {
    const value = await write;
    for (const listener of listeners) listener();
    return value;
  }

  return {
    async send(message, delaySeconds = 0) {
      if (delaySeconds > DELAY_SECONDS_MAX) throw new RangeError(`delaySeconds must be ${DELAY_SECONDS_MAX} or less`);
      await notifyAfter(db.write(() => void insert.run(now() + delaySeconds * 1000, JSON.stringify(message))));
    },
    receive: (max) =>
      db.write(() => {
        const nowMs = now();
        const received: ReceivedMessage[] = [];
        while (received.length < max) {
          const next = receiveOne(nowMs);
          if (!next) break;
          received.push(next);
        }
        return received;
      }),
    delete: (received) => db.write(() => void remove.run(...parseHandle(received))),
    retryLater: (received, delaySeconds) =>
      notifyAfter(db.write(() => void delay.run(now() + delaySeconds * 1000, ...parseHandle(received)))),
    listDeadLetters: async () => deadLetters.all().map((row) => parseMessage(row['message'])),
    redriveDeadLetters: () =>
      notifyAfter(
        db.write(() => {
          redrive.run(now());
          return Number(deleteDeadLetters.run().changes);
        }),
      ),
    release: () => notifyAfter(db.write(() => void release.run(now()))),
    nextDueAtMs() {
      const dueAtMs = firstDue.get()?.['due_at_ms'];
      return typeof dueAtMs === 'number' ? dueAtMs : undefined;
    },
    onSend: (listener) => void listeners.push(listener),
  };
}

const parseMessage = (text: unknown): Message => JSON.parse(String(text)) as Message;

/** A handle holds the receive count, so that it no longer fits after the message has been received again. */
function parseHandle({ receiptHandle }: ReceivedMessage): [messageId: number, receiveCount: number] {
  const [messageId, receiveCount] = receiptHandle.split('.').map(Number);
  return [messageId ?? 0, receiveCount ?? 0];
}
