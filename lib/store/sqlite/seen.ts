import type { Once, SeenStore } from '../store.ts';
import type { Database } from './database.ts';

export interface SqliteSeen extends SeenStore {
  first(onceKey: string, nowMs: number): { answer: unknown } | undefined;
  /** Writes the answer and forgets a few that have expired; only inside a transaction. */
  keep(once: Once, nowMs: number): void;
}

/** Forgetting a few with each write keeps up with any rate of writes and never takes long. */
const FORGET_AT_ONCE = 4;

export function sqliteSeen(db: Database): SqliteSeen {
  const byOnceKey = db.prepare('SELECT answer FROM seen WHERE once_key = ? AND expires_at_ms > ?');
  const insert = db.prepare('INSERT OR REPLACE INTO seen VALUES (?, ?, ?)');
  const forget = db.prepare(
    `DELETE FROM seen WHERE once_key IN
     (SELECT once_key FROM seen WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ${FORGET_AT_ONCE})`,
  );

  const first = (onceKey: string, nowMs: number) => {
    const row = byOnceKey.get(onceKey, nowMs);
    return row && { answer: JSON.parse(String(row['answer'])) as unknown };
  };
  const keep = (once: Once, nowMs: number) => {
    forget.run(nowMs);
    insert.run(once.onceKey, once.expiresAtMs, JSON.stringify(once.answer));
  };
  return {
    first,
    keep,
    firstAnswer: async (onceKey, nowMs) => first(onceKey, nowMs),
    remember: (once, nowMs) => db.write(() => keep(once, nowMs)),
    swap: (once, expected, nowMs) =>
      db.write(() => {
        if (JSON.stringify(first(once.onceKey, nowMs)?.answer) !== JSON.stringify(expected)) return false;
        keep(once, nowMs);
        return true;
      }),
  };
}
