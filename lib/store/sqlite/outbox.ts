import type { OutboxStore } from '../store.ts';
import type { Database } from './database.ts';
import { toEvent } from './events.ts';

export interface SqliteOutbox extends OutboxStore {
  /** Notes that the event is to be told; only inside a transaction. */
  add(eventId: string): void;
}

/**
 * Events that are yet to be told, over SQLite: their ids, in the order in which they were committed.
 * @param isFilled false where nobody is told: then nothing is noted, and what was noted before stays
 */
export function sqliteOutbox(db: Database, isFilled: boolean): SqliteOutbox {
  const insert = db.prepare('INSERT INTO outbox (event_id) VALUES (?)');
  const oldest = db.prepare('SELECT events.* FROM outbox CROSS JOIN events USING (event_id) ORDER BY place LIMIT ?');
  const remove = db.prepare('DELETE FROM outbox WHERE event_id = ?');
  return {
    add: (eventId) => {
      if (isFilled) insert.run(eventId);
    },
    list: async (limit) => oldest.all(limit).map(toEvent),
    remove: (events) =>
      db.write(() => {
        for (const { eventId } of events) remove.run(eventId);
      }),
  };
}
