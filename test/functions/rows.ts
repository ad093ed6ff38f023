import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestService } from '../support/service.ts';

/**
 * Every row of every table, read from the file past the service: equal before and after whatever wrote nothing.
 * A token made in between counts as a change, so tests make theirs first.
 */
export function rowsOf({ dataDir }: TestService): Record<string, unknown[]> {
  const db = new DatabaseSync(join(dataDir, 'kms-grants.db'), { readOnly: true });
  try {
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
    return Object.fromEntries(tables.map(({ name }) => [name, db.prepare(`SELECT * FROM ${name}`).all()]));
  } finally {
    db.close();
  }
}
