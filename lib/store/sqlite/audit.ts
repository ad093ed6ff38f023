import { DatabaseSync } from 'node:sqlite';
import { type Audit, grantIn } from '../audit.ts';
import { granteeOf, heldCounters, retirableCounters, retirersOf } from '../principals.ts';
import type { Grant } from '../store.ts';
import { CHECKS } from './audit/checks.ts';

/**
 * Compares a database file with itself in one read transaction: as it stood at one moment, whoever else writes to it.
 * Sums and comparisons are SQLite's own work and spill to temporary files: memory does not grow with the store.
 * @param path the file, open elsewhere or not
 */
export function auditSqlite(path: string): Audit {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    db.exec('PRAGMA cache_size = -65536; BEGIN');
    addFunctions(db);
    const damage = damageOf(db);
    // What is read from damaged pages tells nothing more.
    if (damage.length > 0) return { projects: 0, keys: 0, grants: 0, events: 0, faults: damage };
    const count = (table: string) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
    return {
      projects: count('projects'),
      keys: count('keys'),
      grants: count('grants'),
      events: count('events'),
      faults: CHECKS.flatMap((check) => check(db)),
    };
  } finally {
    db.close();
  }
}

/** What a grant's text tells, for SQL: the rules of who holds it and who may retire it stay in principals.ts. */
function addFunctions(db: DatabaseSync): void {
  const add = (name: string, read: (grant: Grant) => string, none: string | null) =>
    db.function(name, { deterministic: true }, (wire) => {
      const grant = wire === null ? undefined : grantIn(wire);
      return grant ? read(grant) : none;
    });
  const addList = (name: string, read: (grant: Grant) => Iterable<string>) =>
    add(name, (grant) => JSON.stringify([...read(grant)]), '[]');
  add('ids_in', ({ key_id, grant_id }) => `${key_id} ${grant_id}`, null);
  add('columns_in', ({ key_id, grant_id, grantee_principal }) => `${key_id} ${grant_id} ${grantee_principal}`, null);
  add('grantee_in', granteeOf, '');
  addList('retirers_in', retirersOf);
  addList('retirable_counters_in', retirableCounters);
  addList('held_counters_in', heldCounters);
}

function damageOf(db: DatabaseSync): string[] {
  const lines = db.prepare('PRAGMA integrity_check').all();
  return lines
    .map((row) => String(row['integrity_check']))
    .filter((line) => line !== 'ok')
    .map((line) => `the file is damaged: ${line}`);
}
