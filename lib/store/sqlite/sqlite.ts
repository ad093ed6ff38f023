import type { Store } from '../store.ts';
import { Database } from './database.ts';
import { sqliteDirectory } from './directory.ts';
import { sqliteEvents } from './events.ts';
import { sqliteGrants } from './grants.ts';
import { sqliteIdempotency } from './idempotency.ts';
import { sqliteJobs } from './jobs.ts';
import { sqliteMappings } from './mappings.ts';
import { sqliteOutbox } from './outbox.ts';
import { type SqliteQueue, sqliteQueue } from './queue.ts';
import { sqliteScim } from './scim.ts';

interface SqliteOptions {
  /** Whether new events are put into the outbox; see `OutboxStore`. */
  hasOutbox?: boolean;
  /** The clock of the queue, ms since 1970. */
  now?: (() => number) | undefined;
}

/**
 * Opens the embedded store and the queue, which are in one file and share its commits. Closing the store closes both.
 * @param path the database file, created if missing
 */
export function openSqlite(path: string, options: SqliteOptions = {}): { store: Store; queue: SqliteQueue } {
  const { hasOutbox = false, now = Date.now } = options;
  const db = new Database(path);
  const idempotency = sqliteIdempotency(db);
  const outbox = sqliteOutbox(db, hasOutbox);
  const events = sqliteEvents(db, idempotency, outbox);
  const store = {
    grants: sqliteGrants(db, events, idempotency),
    events,
    idempotency,
    directory: sqliteDirectory(db),
    jobs: sqliteJobs(db),
    mappings: sqliteMappings(db),
    scim: sqliteScim(db),
    outbox,
    close: async () => db.close(),
  };
  return { store, queue: sqliteQueue(db, now) };
}

/** Opens the embedded store without its queue. */
export function openSqliteStore(path: string, options?: SqliteOptions): Store {
  return openSqlite(path, options).store;
}
