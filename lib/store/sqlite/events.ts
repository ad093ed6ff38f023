import type { ChangeEvent, Door, EventStore, Grant } from '../store.ts';
import type { Database, Row } from './database.ts';
import type { SqliteSeen } from './seen.ts';

export interface SqliteEvents extends EventStore {
  /** Writes the event; only inside a transaction. */
  add(event: ChangeEvent): void;
}

export function sqliteEvents(db: Database, seen: SqliteSeen): SqliteEvents {
  const insert = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const making = db.prepare(
    "SELECT actor FROM events WHERE project_id = ? AND key_id = ? AND action = 'create-key' AND upstream_request_id IS NOT NULL",
  );
  const newest = (condition: string) =>
    db.prepare(`SELECT * FROM events WHERE project_id = ? ${condition} ORDER BY event_id DESC LIMIT ?`);
  const ofProject = newest('');
  const ofKey = newest('AND key_id = ?');
  const ofGrant = newest('AND grant_id = ?');

  function select(projectId: string, keyId: string | undefined, grantId: string | undefined, limit: number): Row[] {
    if (grantId !== undefined) return ofGrant.all(projectId, grantId, limit);
    if (keyId !== undefined) return ofKey.all(projectId, keyId, limit);
    return ofProject.all(projectId, limit);
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
      event.door,
      event.requestId,
      event.sequence ?? null,
      event.reason ?? null,
      event.grant ? JSON.stringify(event.grant) : null,
      event.upstreamRequestId ?? null,
    );
  }

  return {
    async list(projectId, { keyId, grantId }, limit) {
      const events = select(projectId, keyId, grantId, limit).map(toEvent);
      // A grant has one key, so where both are asked for, it is all of the grant's events or none.
      return events.filter((event) => keyId === undefined || event.keyId === keyId);
    },
    async creatorOf(projectId, keyId) {
      const row = making.get(projectId, keyId);
      return row && String(row['actor']);
    },
    append: (event, remembered) =>
      db.write(() => {
        add(event);
        for (const once of remembered) seen.keep(once, event.atMs);
      }),
    add,
  };
}

function toEvent(row: Row): ChangeEvent {
  const text = (column: string) => (row[column] === null ? undefined : String(row[column]));
  const grant = text('grant_wire');
  return {
    eventId: String(row['event_id']),
    atMs: Number(row['at_ms']),
    action: String(row['action']),
    projectId: String(row['project_id']),
    keyId: String(row['key_id']),
    actor: String(row['actor']),
    door: String(row['door']) as Door,
    requestId: String(row['request_id']),
    sequence: text('sequence'),
    reason: text('reason'),
    grant: grant === undefined ? undefined : (JSON.parse(grant) as Grant),
    grantId: grant === undefined ? text('grant_id') : undefined,
    upstreamRequestId: text('upstream_request_id'),
  };
}
