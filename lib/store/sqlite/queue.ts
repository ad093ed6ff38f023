import {
  DELAY_SECONDS_MAX,
  groupOf,
  type Message,
  type Queue,
  RECEIVE_COUNT_MAX,
  type ReceivedMessage,
  VISIBILITY_TIMEOUT_SECONDS,
} from '../../queue/queue.ts';
import type { Database } from './database.ts';
import { MESSAGE_GROUP } from './schema.ts';

/** The queue of a single host. One process receives from it; other processes may send to it. */
export interface SqliteQueue extends Queue {
  /**
   * Returns messages of the groups that have the fewest messages in flight, so that each group gets its share.
   * @param groupMax at most so many messages of a group are in flight; any number when absent
   */
  receive(max: number, groupMax?: number): Promise<ReceivedMessage[]>;
  /** Returns whether a group with fewer messages in flight than that of `message` has a due message. */
  isShareExceeded(message: Message): boolean;
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
  const insert = db.prepare(
    'INSERT INTO queue (due_at_ms, receive_count, is_in_flight, message, message_group) VALUES (?, 0, 0, ?, ?)',
  );
  const firstOfGroup = db.prepare(
    'SELECT * FROM queue WHERE message_group = ? AND due_at_ms <= ? ORDER BY due_at_ms, message_id LIMIT 1',
  );
  // One index lookup for each group, however many messages there are.
  const groups = db.prepare(
    `WITH RECURSIVE groups (name) AS (
       SELECT min(message_group) FROM queue
       UNION ALL
       SELECT (SELECT min(message_group) FROM queue WHERE message_group > name) FROM groups WHERE name IS NOT NULL
     )
     SELECT name, (SELECT min(due_at_ms) FROM queue WHERE message_group = name) AS due_at_ms,
       (SELECT count(*) FROM queue WHERE message_group = name AND is_in_flight = 1 AND due_at_ms > ?) AS in_flight
     FROM groups WHERE name IS NOT NULL`,
  );
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
    `INSERT INTO queue (due_at_ms, receive_count, is_in_flight, message, message_group)
     SELECT ?, 0, 0, message, ${MESSAGE_GROUP} FROM dead_letters ORDER BY letter_id`,
  );
  const deleteDeadLetters = db.prepare('DELETE FROM dead_letters');
  const listeners: (() => void)[] = [];

  const allGroups = (nowMs: number) =>
    groups.all(nowMs).map((row) => ({
      name: String(row['name']),
      dueAtMs: Number(row['due_at_ms']),
      inFlight: Number(row['in_flight']),
    }));

  /** The groups with a due message, those with the fewest messages in flight first, then the longest due. */
  const dueGroups = (nowMs: number) =>
    allGroups(nowMs)
      .filter(({ dueAtMs }) => dueAtMs <= nowMs)
      .sort((a, b) => a.inFlight - b.inFlight || a.dueAtMs - b.dueAtMs);

  /** Call it only inside `Database.write`. */
  function receiveOne(nowMs: number, groupMax: number): ReceivedMessage | undefined {
    const group = dueGroups(nowMs).find(({ inFlight }) => inFlight < groupMax)?.name;
    if (group === undefined) return undefined;
    for (let row = firstOfGroup.get(group, nowMs); row; row = firstOfGroup.get(group, nowMs)) {
      const [messageId, receiveCount] = [Number(row['message_id']), Number(row['receive_count']) + 1];
      if (receiveCount <= RECEIVE_COUNT_MAX) {
        hide.run(nowMs + VISIBILITY_TIMEOUT_SECONDS * 1000, messageId);
        return { message: parseMessage(row['message']), receiveCount, receiptHandle: `${messageId}.${receiveCount}` };
      }
      insertDeadLetter.run(messageId);
      remove.run(messageId, receiveCount - 1);
    }
    return receiveOne(nowMs, groupMax);
  }

  async function notifyAfter<T>(write: Promise<T>): Promise<T> {
    const value = await write;
    for (const listener of listeners) listener();
    return value;
  }

  return {
    async send(message, delaySeconds = 0) {
      if (delaySeconds > DELAY_SECONDS_MAX) throw new RangeError(`delaySeconds must be ${DELAY_SECONDS_MAX} or less`);
      const dueAtMs = now() + delaySeconds * 1000;
      await notifyAfter(db.write(() => void insert.run(dueAtMs, JSON.stringify(message), groupOf(message))));
    },
    receive: (max, groupMax = Number.POSITIVE_INFINITY) =>
      db.write(() => {
        const nowMs = now();
        const received: ReceivedMessage[] = [];
        while (received.length < max) {
          const next = receiveOne(nowMs, groupMax);
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
    isShareExceeded(message) {
      const nowMs = now();
      const own = allGroups(nowMs).find(({ name }) => name === groupOf(message))?.inFlight ?? 0;
      return dueGroups(nowMs).some(({ inFlight }) => inFlight < own);
    },
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
