import type { ChangeEvent } from '../../domain/events.ts';
import type { EventFilter, EventStore } from '../store.ts';
import type { Database, Row } from './database.ts';
import { toEvent } from './event-row.ts';
import type { SqliteIdempotency } from './idempotency.ts';
import type { SqliteOutbox } from './outbox.ts';

export interface SqliteEvents extends EventStore {
  /** Writes the event and its outbox entry. Call it only inside `Database.write`. */
  add(event: ChangeEvent): void;
}

export function sqliteEvents(db: Database, idempotency: SqliteIdempotency, outbox: SqliteOutbox): SqliteEvents {
  const insert = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const upstreamCreateKey = db.prepare(
    "SELECT actor FROM events WHERE project_id = ? AND key_id = ? AND action = 'create-key' AND upstream_request_id IS NOT NULL",
  );
  /** Each column has an index in the order of the event ids. With several columns, SQLite uses the index of one. */
  const newest = (...columns: string[]) =>
    db.prepare(
      `SELECT * FROM events WHERE project_id = :project ${columns.map((name) => `AND ${name} = :${name}`).join(' ')}
       AND event_id < :before ORDER BY event_id DESC LIMIT :limit`,
    );
  const statements = new Map<string, ReturnType<typeof newest>>();

  function select(projectId: string, filter: EventFilter, limit: number): Row[] {
    const { keyId, grantId, grantee, before = AFTER_EVERY_ID } = filter;
    const given = Object.entries({ grant_id: grantId, grantee, key_id: keyId }).filter(
      ([, value]) => value !== undefined,
    );
    const columns = given.map(([column]) => column);
    const statement = statements.get(columns.join()) ?? newest(...columns);
    statements.set(columns.join(), statement);
    return statement.all({ project: projectId, ...Object.fromEntries(given), before, limit } as Row);
  }

  function add(event: ChangeEvent): void {
    insert.run(
      event.eventId,
      event.atMs,
      event.action,
      event.projectId,
      event.keyId,
      event.grant?.grant_id ?? event.grantId ?? null,
      event.actor,
      event.channel,
      event.requestId,
      event.sequence ?? null,
      event.reason ?? null,
      event.grant ? JSON.stringify(event.grant) : null,
      event.upstreamRequestId ?? null,
      event.failure ?? null,
      event.grant?.grantee_principal ?? null,
      event.passedOn ?? null,
      event.approvedBy ?? null,
      event.isObserved ? 1 : null,
    );
    outbox.add(event.eventId);
  }

  return {
    list: async (projectId, filter, limit) => select(projectId, filter, limit).map(toEvent),
    async listPage(projectId, filter, limit) {
      // One extra row shows whether there is a next page.
      const rows = select(projectId, filter, limit + 1);
      const events = rows.slice(0, limit).map(toEvent);
      return { events, next: rows.length > limit ? events.at(-1)?.eventId : undefined };
    },
    async creatorOf(projectId, keyId) {
      const row = upstreamCreateKey.get(projectId, keyId);
      return row && String(row['actor']);
    },
    append: (event, records) =>
      db.write(() => {
        if (!records.every((record) => idempotency.isExpected(record, event.atMs))) return false;
        add(event);
        for (const record of records) idempotency.saveNow(record, event.atMs);
        return true;
      }),
    add,
  };
}

/** Sorts after every event id. */
const AFTER_EVERY_ID = '~';
