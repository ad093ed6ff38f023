import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { foldIdentity } from '../../domain/external-identity.ts';
import { MIGRATIONS } from './schema.ts';

/** How long a statement waits for another process (the admin command) to finish its transaction. */
const BUSY_TIMEOUT_MS = 5_000;

/** 64 MiB of page cache. `temp_store`: savepoint journals in files would cost system calls for every write. */
const PRAGMAS =
  'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;';

export type Row = Record<string, SQLInputValue>;

interface Write {
  apply: () => unknown;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

/**
 * One SQLite file in WAL mode with `synchronous=FULL`: a write resolves only when its commit is on the disk. Writes
 * that come in the same turn of the event loop share one commit (group commit). Each has its own savepoint, so that a
 * write that fails is rolled back alone.
 */
export class Database {
  readonly #db: DatabaseSync;
  #pending: Write[] = [];
  #closed = false;

  /** @param path the database file, created if missing; its folder must exist */
  constructor(path: string) {
    this.#db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
    this.#db.exec(PRAGMAS);
    // For a migration.
    this.#db.function('fold_identity', { deterministic: true }, (identity) => foldIdentity(String(identity)));
    this.#migrate();
  }

  prepare(sql: string): StatementSync {
    return this.#db.prepare(sql);
  }

  /**
   * Runs `apply` in the next group commit.
   * @returns what `apply` returned, once it is durable
   * @throws what `apply` threw, with nothing of this write stored; or the error of the commit
   */
  write<T>(apply: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the store is closed'));
    return new Promise<T>((resolve, reject) => {
      if (this.#pending.length === 0) setImmediate(() => this.#commit());
      this.#pending.push({ apply, resolve, reject });
    });
  }

  /** Commits the pending writes and closes the file, which merges the WAL into it. */
  close(): void {
    if (this.#closed) return;
    this.#commit();
    this.#closed = true;
    this.#db.close();
  }

  #commit(): void {
    const writes = this.#pending;
    if (writes.length === 0) return;
    this.#pending = [];
    const settlers: (() => void)[] = [];
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const write of writes) settlers.push(this.#apply(write));
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      for (const write of writes) write.reject(error);
      return;
    }
    for (const settle of settlers) settle();
  }

  /** @returns a function that resolves or rejects the promise of the write, once the group commit is durable */
  #apply(write: Write): () => void {
    this.#db.exec('SAVEPOINT write');
    try {
      const value = write.apply();
      this.#db.exec('RELEASE write');
      return () => write.resolve(value as never);
    } catch (error) {
      // Errors such as a full disk roll back the whole transaction, savepoints included: then the whole group fails.
      if (!this.#db.isTransaction) throw error;
      this.#db.exec('ROLLBACK TO write; RELEASE write');
      return () => write.reject(error);
    }
  }

  #migrate(): void {
    this.#db.exec('BEGIN IMMEDIATE');
    const version = Number(this.#db.prepare('PRAGMA user_version').get()?.['user_version']);
    for (const migration of MIGRATIONS.slice(version)) this.#db.exec(migration);
    if (version < MIGRATIONS.length) this.#db.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    this.#db.exec('COMMIT');
    if (version > MIGRATIONS.length) {
      this.#db.close();
      throw new Error(
        `the database has schema ${version}, but this version supports only up to ${MIGRATIONS.length}: use a newer version`,
      );
    }
  }
}
