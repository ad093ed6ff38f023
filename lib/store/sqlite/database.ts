import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { MIGRATIONS } from './schema.ts';

/** How long a statement waits for another process (the admin command) to finish its transaction. */
const BUSY_TIMEOUT_MS = 5_000;

/** 64 MiB of pages in memory, and in memory too what a savepoint may have to take back: a file for it costs a syscall each. */
const PRAGMAS =
  'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;';

export type Row = Record<string, SQLInputValue>;

interface Write {
  apply: () => unknown;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

/**
 * One SQLite file in WAL mode with `synchronous=FULL`: a commit is on the disk before it is answered.
 * Writes that arrive in one turn of the event loop share one commit (group commit), each in a savepoint of its own, so
 * that one that fails leaves no trace and hurts no other.
 */
export class Database {
  readonly #db: DatabaseSync;
  #waiting: Write[] = [];
  #closed = false;

  /** @param path the file, made when missing; its folder is there */
  constructor(path: string) {
    this.#db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
    this.#db.exec(PRAGMAS);
    this.#migrate();
  }

  prepare(sql: string): StatementSync {
    return this.#db.prepare(sql);
  }

  /**
   * Runs `apply` in the next group commit.
   * @returns what `apply` returned, once it is durable
   * @throws what `apply` threw, with nothing of it written; or the error of the commit
   */
  write<T>(apply: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the store is closed'));
    return new Promise<T>((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#commit());
      this.#waiting.push({ apply, resolve, reject });
    });
  }

  /** Finishes what waits, folds the log into the file and closes it. */
  close(): void {
    if (this.#closed) return;
    this.#commit();
    this.#closed = true;
    this.#db.close();
  }

  #commit(): void {
    const writes = this.#waiting;
    if (writes.length === 0) return;
    this.#waiting = [];
    const settle: (() => void)[] = [];
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const write of writes) settle.push(this.#attempt(write));
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      for (const write of writes) write.reject(error);
      return;
    }
    for (const answer of settle) answer();
  }

  #attempt(write: Write): () => void {
    this.#db.exec('SAVEPOINT one');
    try {
      const value = write.apply();
      this.#db.exec('RELEASE one');
      return () => write.resolve(value as never);
    } catch (error) {
      // A full disk ends the whole transaction; then there is no savepoint left and the group fails as one.
      if (!this.#db.isTransaction) throw error;
      this.#db.exec('ROLLBACK TO one; RELEASE one');
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
      throw new Error(`the store was written by a newer version (schema ${version}, known ${MIGRATIONS.length})`);
    }
  }
}
