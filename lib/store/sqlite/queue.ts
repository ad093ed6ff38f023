import {
  DELAY_SECONDS_MAX,
  type Message,
  type Queue,
  RECEIVE_COUNT_MAX,
  type ReceivedMessage,
  VISIBILITY_TIMEOUT_SECONDS,
} from '../../queue/queue.ts';
import type { Database } from './database.ts';

/** The queue of one machine: one process takes from it, others may send. */
export interface SqliteQueue extends Queue {
  /** Makes due what is hidden: whoever took it before this process started has died. */
  release(): Promise<void>;
  /** When the first message that waits is due, ms since 1970; undefined when none waits. */
  nextDueAtMs(): number | undefined;
  /** Calls `listener` whenever this process has put something into the queue. What another puts in, it does not hear of. */
  onSend(listener: () => void): void;
}

/**
 * Work that waits, over SQLite. What is taken is due again later, so it comes back by itself.
 * @param now the clock, ms since 1970
 */
export function sqliteQueue(db: Database, now: () => number): SqliteQueue {
  const insert = db.prepare('INSERT INTO queue (due_at_ms, tries, is_taken, work) VALUES (?, 0, 0, ?)');
  const first = db.prepare('SELECT * FROM queue WHERE due_at_ms <= ? ORDER BY due_at_ms, message_id LIMIT 1');
  const firstDue = db.prepare('SELECT min(due_at_ms) AS due_at_ms FROM queue');
  const hide = db.prepare('UPDATE queue SET due_at_ms = ?, tries = tries + 1, is_taken = 1 WHERE message_id = ?');
  const remove = db.prepare('DELETE FROM queue WHERE message_id = ? AND tries = ?');
  const delay = db.prepare('UPDATE queue SET due_at_ms = ?, is_taken = 0 WHERE message_id = ? AND tries = ?');
  const release = db.prepare('UPDATE queue SET due_at_ms = ?, is_taken = 0 WHERE is_taken = 1');
  const bury = db.prepare('INSERT INTO dead_letters (work) SELECT work FROM queue WHERE message_id = ?');
  const dead = db.prepare('SELECT work FROM dead_letters ORDER BY letter_id LIMIT 10');
  // Under new ids: a handle of the time before must not fit.
  const revive = db.prepare(
    'INSERT INTO queue (due_at_ms, tries, is_taken, work) SELECT ?, 0, 0, work FROM dead_letters ORDER BY letter_id',
  );
  const empty = db.prepare('DELETE FROM dead_letters');
  const listeners: (() => void)[] = [];

  /** Only inside a transaction. */
  function takeOne(nowMs: number): ReceivedMessage | undefined {
    for (let row = first.get(nowMs); row; row = first.get(nowMs)) {
      const [messageId, tries] = [Number(row['message_id']), Number(row['tries'])];
      if (tries < RECEIVE_COUNT_MAX) {
        hide.run(nowMs + VISIBILITY_TIMEOUT_SECONDS * 1000, messageId);
        return { message: workIn(row['work']), receiveCount: tries + 1, receiptHandle: `${messageId}.${tries + 1}` };
      }
      bury.run(messageId);
      remove.run(messageId, tries);
    }
    return undefined;
  }

  async function sent<T>(written: Promise<T>): Promise<T> {
    const value = await written;
    for (const listener of listeners) listener();
    return value;
  }

  return {
    async send(work, delaySeconds = 0) {
      if (delaySeconds > DELAY_SECONDS_MAX) throw new RangeError(`delaySeconds must be ${DELAY_SECONDS_MAX} or less`);
      await sent(db.write(() => void insert.run(now() + delaySeconds * 1000, JSON.stringify(work))));
    },
    receive: (max) =>
      db.write(() => {
        const nowMs = now();
        const all: ReceivedMessage[] = [];
        while (all.length < max) {
          const taken = takeOne(nowMs);
          if (!taken) break;
          all.push(taken);
        }
        return all;
      }),
    delete: (taken) => db.write(() => void remove.run(...rowOf(taken))),
    retryLater: (taken, delaySeconds) =>
      sent(db.write(() => void delay.run(now() + delaySeconds * 1000, ...rowOf(taken)))),
    listDeadLetters: async () => dead.all().map((row) => workIn(row['work'])),
    redriveDeadLetters: () =>
      sent(
        db.write(() => {
          revive.run(now());
          return Number(empty.run().changes);
        }),
      ),
    release: () => sent(db.write(() => void release.run(now()))),
    nextDueAtMs() {
      const dueAtMs = firstDue.get()?.['due_at_ms'];
      return typeof dueAtMs === 'number' ? dueAtMs : undefined;
    },
    onSend: (listener) => void listeners.push(listener),
  };
}

const workIn = (text: unknown): Message => JSON.parse(String(text)) as Message;

/** Of this taking: once another has taken it, its tries have gone up. */
function rowOf({ receiptHandle }: ReceivedMessage): [messageId: number, tries: number] {
  const [messageId, tries] = receiptHandle.split('.').map(Number);
  return [messageId ?? 0, tries ?? 0];
}
