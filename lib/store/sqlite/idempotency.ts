import type { IdempotencyRecord, IdempotencyStore } from '../store.ts';
import type { Database } from './database.ts';

export interface SqliteIdempotency extends IdempotencyStore {
  findNow(onceKey: string, nowMs: number): { answer: unknown } | undefined;
  /** Writes the answer and forgets a few that have expired; only inside a transaction. */
  saveNow(once: IdempotencyRecord, nowMs: number): void;
}

/** Forgetting a few with each write keeps up with any rate of writes and never takes long. */
const FORGET_AT_ONCE = 4;

export function sqliteIdempotency(db: Database): SqliteIdempotency {
  const byKey = db.prepare('SELECT answer FROM idempotency_records WHERE idempotency_key = ? AND expires_at_ms > ?');
  const insert = db.prepare('INSERT OR REPLACE INTO idempotency_records VALUES (?, ?, ?)');
  const forget = db.prepare(
    `DELETE FROM idempotency_records WHERE idempotency_key IN
     (SELECT idempotency_key FROM idempotency_records WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ${FORGET_AT_ONCE})`,
  );

  const first = (onceKey: string, nowMs: number) => {
    const row = byKey.get(onceKey, nowMs);
    return row && { answer: JSON.parse(String(row['answer'])) as unknown };
  };
  const keep = (once: IdempotencyRecord, nowMs: number) => {
    forget.run(nowMs);
    insert.run(once.idempotencyKey, once.expiresAtMs, JSON.stringify(once.answer));
  };
  return {
    findNow: first,
    saveNow: keep,
    find: async (onceKey, nowMs) => first(onceKey, nowMs),
    save: (once, nowMs) => db.write(() => keep(once, nowMs)),
    compareAndSwap: (once, expected, nowMs) =>
      db.write(() => {
        if (JSON.stringify(first(once.idempotencyKey, nowMs)?.answer) !== JSON.stringify(expected)) return false;
        keep(once, nowMs);
        return true;
      }),
  };
}
