import type { OutboxStore } from '../store.ts';
import type { Database } from './database.ts';
import { toEvent } from './event-row.ts';

export interface SqliteOutbox extends OutboxStore {
  /** Puts the event into the outbox, if this store has one. Call it only inside `Database.write`. */
  add(eventId: string): void;
}

/**
 * The outbox over SQLite: ids of events in the order of their commits.
 * @param isEnabled whether new events are put into the outbox; entries from earlier stay in either case
 */
export function sqliteOutbox(db: Database, isEnabled: boolean): SqliteOutbox {
  const insert = db.prepare('INSERT INTO outbox (event_id) VALUES (?)');
  const oldest = db.prepare('SELECT events.* FROM outbox CROSS JOIN events USING (event_id) ORDER BY position LIMIT ?');
  const remove = db.prepare('DELETE FROM outbox WHERE event_id = ?');
  return {
    add: (eventId) => {
      if (isEnabled) insert.run(eventId);
    },
    list: async (limit) => oldest.all(limit).map(toEvent),
    remove: (events) =>
      db.write(() => {
        for (const { eventId } of events) remove.run(eventId);
      }),
  };
}
