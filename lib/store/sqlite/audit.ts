import { DatabaseSync } from 'node:sqlite';
import { ACTION, type Audit, difference, grantIn, storyFaults } from '../audit.ts';
import { granteeOf, heldCounters, retirableCounters, retirersOf } from '../principals.ts';
import type { Grant } from '../store.ts';
import type { Row } from './database.ts';

/**
 * Compares a database file with itself in one read transaction: as it stood at one moment, whoever else writes to it.
 * Sums and comparisons are SQLite's own work, which spills to temporary files: memory does not grow with the store.
 * @param path the file, open elsewhere or not
 */
export function auditSqlite(path: string): Audit {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    db.exec('PRAGMA cache_size = -65536; BEGIN');
    addFunctions(db);
    const broken = brokenPages(db);
    // What is read from broken pages tells nothing more.
    const faults = broken.length > 0 ? broken : CHECKS.flatMap((check) => check(db));
    const count = (table: string) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
    return {
      projects: count('projects'),
      keys: count('keys'),
      grants: count('grants'),
      events: count('events'),
      faults,
    };
  } finally {
    db.close();
  }
}

/** What a grant's text says, for SQL: the rules of who may retire and what is held are nowhere but in principals.ts. */
function addFunctions(db: DatabaseSync): void {
  const add = (name: string, read: (grant: Grant) => string, none: string | null) =>
    db.function(name, { deterministic: true }, (wire) => {
      const grant = wire === null ? undefined : grantIn(wire);
      return grant ? read(grant) : none;
    });
  const list = (name: string, read: (grant: Grant) => Iterable<string>) =>
    add(name, (grant) => JSON.stringify([...read(grant)]), '[]');
  add('ids_in', ({ key_id, grant_id }) => `${key_id} ${grant_id}`, null);
  add('columns_in', ({ key_id, grant_id, grantee_principal }) => `${key_id} ${grant_id} ${grantee_principal}`, null);
  add('grantee_in', granteeOf, '');
  list('retirers_in', retirersOf);
  list('retirable_counters_in', retirableCounters);
  list('held_counters_in', heldCounters);
}

function brokenPages(db: DatabaseSync): string[] {
  const lines = db.prepare('PRAGMA integrity_check').all();
  return lines.map((row) => String(row['integrity_check'])).filter((line) => line !== 'ok');
}

type Check = (db: DatabaseSync) => string[];

const CHECKS: readonly Check[] = [
  eachRow('PRAGMA foreign_key_check', (row) => [`${row['table']} has a row that points to no row of ${row['parent']}`]),
  eachRow(
    `SELECT key_id, grant_id, columns_in(wire) AS found, key_id || ' ' || grant_id || ' ' || grantee AS expected
     FROM grants WHERE found IS NOT expected`,
    (row) =>
      difference(
        `${nameOf('grants', row, ['key_id', 'grant_id'])}: what its wire tells`,
        row['found'],
        row['expected'],
      ),
  ),
  eachRow(
    'SELECT project_id, key_id, grant_id FROM grants WHERE (project_id, key_id) NOT IN (SELECT project_id, key_id FROM keys)',
    (row) => [
      `${nameOf('grants', row, ['key_id', 'grant_id'])}: its key is missing, should be in project ${row['project_id']}`,
    ],
  ),
  counts({
    table: 'keys',
    columns: ['project_id', 'key_id'],
    counter: 'grant_count',
    counted: 'grants JOIN keys USING (project_id, key_id)',
  }),
  counts({ table: 'key_counts', columns: ['project_id', 'key_spec', 'state'], counter: 'n', counted: 'keys' }),
  counts({
    table: 'retirable',
    columns: ['project_id', 'principal', 'grant_id', 'key_id'],
    counted: '(SELECT *, value AS principal FROM grants, json_each(retirers_in(wire)))',
  }),
  counts({
    table: 'retirable_n',
    columns: ['project_id', 'principal'],
    counter: 'n',
    counted: '(SELECT *, value AS principal FROM grants, json_each(retirable_counters_in(wire)))',
  }),
  counts({
    table: 'held',
    columns: ['key_id', 'principal', 'operation'],
    counter: 'n',
    counted:
      '(SELECT *, grantee_in(wire) AS principal, value AS operation FROM grants, json_each(held_counters_in(wire)))',
  }),
];
