import type { Store } from '../store.ts';
import { Database } from './database.ts';
import { sqliteDirectory } from './directory.ts';
import { sqliteEvents } from './events.ts';
import { sqliteGrants } from './grants.ts';
import { sqliteSeen } from './seen.ts';

/**
 * Opens the embedded store.
 * @param path the database file; made on first use
 */
export function openSqliteStore(path: string): Store {
  const db = new Database(path);
  const seen = sqliteSeen(db);
  const events = sqliteEvents(db, seen);
  return {
    grants: sqliteGrants(db, events, seen),
    events,
    seen,
    directory: sqliteDirectory(db),
    close: async () => db.close(),
  };
}
