import type { ConditionalRecord, IdempotencyRecord, IdempotencyStore } from '../store.ts';
import type { Database } from './database.ts';

/** With functions for use inside `Database.write`. */
export interface SqliteIdempotency extends IdempotencyStore {
  /** Whether the stored record is the one that `record` is to replace. */
  isExpected(record: ConditionalRecord, nowMs: number): boolean;
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
  const isExpected = ({ idempotencyKey, expected }: ConditionalRecord, nowMs: number) =>
    JSON.stringify(findNow(idempotencyKey, nowMs)?.answer) === JSON.stringify(expected);
  return {
    isExpected,
    saveNow,
    find: async (idempotencyKey, nowMs) => findNow(idempotencyKey, nowMs),
    save: (record, nowMs) => db.write(() => saveNow(record, nowMs)),
    compareAndSwap: (record, expected, nowMs) =>
      db.write(() => {
        if (!isExpected({ ...record, expected }, nowMs)) return false;
        saveNow(record, nowMs);
        return true;
      }),
  };
}
