import type { IdempotencyRecord, IdempotencyStore } from '../store.ts';
import type { Database } from './database.ts';

/** With versions of `find` and `save` for use inside `Database.write`. */
export interface SqliteIdempotency extends IdempotencyStore {
  findNow(idempotencyKey: string, nowMs: number): { answer: unknown } | undefined;
  saveNow(record: IdempotencyRecord, nowMs: number): void;
}

/** A few deletions with each insert keep up with any rate of inserts and never take long. */
const EXPIRED_DELETED_PER_INSERT = 4;

export function sqliteIdempotency(db: Database): SqliteIdempotency {
  const byKey = db.prepare('SELECT answer FROM idempotency_records WHERE idempotency_key = ? AND expires_at_ms > ?');
  const insert = db.prepare('INSERT OR REPLACE INTO idempotency_records VALUES (?, ?, ?)');
  const deleteExpired = db.prepare(
    `DELETE FROM idempotency_records WHERE idempotency_key IN (SELECT idempotency_key FROM idempotency_records
     WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ${EXPIRED_DELETED_PER_INSERT})`,
  );

  const findNow = (idempotencyKey: string, nowMs: number) => {
    const row = byKey.get(idempotencyKey, nowMs);
    return row && { answer: JSON.parse(String(row['answer'])) as unknown };
  };
  const saveNow = ({ idempotencyKey, answer, expiresAtMs }: IdempotencyRecord, nowMs: number) => {
    deleteExpired.run(nowMs);
    insert.run(idempotencyKey, expiresAtMs, JSON.stringify(answer));
  };
  return {
    findNow,
    saveNow,
    find: async (idempotencyKey, nowMs) => findNow(idempotencyKey, nowMs),
    save: (record, nowMs) => db.write(() => saveNow(record, nowMs)),
    compareAndSwap: (record, expected, nowMs) =>
      db.write(() => {
        const stored = findNow(record.idempotencyKey, nowMs)?.answer;
        if (JSON.stringify(stored) !== JSON.stringify(expected)) return false;
        saveNow(record, nowMs);
        return true;
      }),
  };
}
