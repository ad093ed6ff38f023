import { DatabaseSync } from 'node:sqlite';
import { granteeOf, heldCounterNames, listCounterNames, listNamesOf } from '../../../lib/domain/principals.ts';
import { type Audit, difference, parseStoredGrant } from './audit.ts';
import { CHECKS } from './sqlite/checks.ts';

/**
 * Audits a database file in one read transaction, so that it sees one moment even while a service writes to the file.
 * SQLite computes the sums and comparisons in temporary files, so memory use does not grow with the database.
 * @param path the file; a running service may have it open
 */
export function auditSqlite(path: string): Audit {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    db.exec('PRAGMA cache_size = -65536; PRAGMA temp.journal_mode = OFF; BEGIN');
    const damage = damageOf(db);
    // Rows from damaged pages prove nothing, so the other checks are skipped.
    if (damage.length > 0) return { projects: 0, keys: 0, grants: 0, events: 0, faults: damage, unsettled: 0 };
    const count = (table: string) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
    return {
      projects: count('projects'),
      keys: count('keys'),
      grants: count('grants'),
      events: count('events'),
      faults: [...deriveExpectedRows(db), ...CHECKS.flatMap((check) => check(db))],
      unsettled: 0,
    };
  } finally {
    db.close();
  }
}

function damageOf(db: DatabaseSync): string[] {
  const messages = db.prepare('PRAGMA integrity_check').all();
  return messages
    .map((row) => String(row['integrity_check']))
    .filter((message) => message !== 'ok')
    .map((message) => `the file is damaged: ${message}`);
}

/**
 * The index rows and counted items that the grants require, derived with the rules of principals.ts; and the events of
 * changes to this database. Events of an upstream KMS's grants and of failed attempts changed nothing here.
 */
const EXPECTED_ROWS = `
  CREATE TEMP TABLE expected_retirable (project_id TEXT, principal TEXT, grant_id TEXT, key_id TEXT);
  CREATE TEMP TABLE expected_retirable_n (project_id TEXT, principal TEXT);
  CREATE TEMP TABLE expected_held (key_id TEXT, principal TEXT, operation TEXT);
  CREATE TEMP VIEW own_events AS SELECT * FROM events WHERE upstream_request_id IS NULL AND failure IS NULL
    AND is_observed IS NULL;
`;

/** Fills the tables of expected rows. @returns the faults of grants whose columns and stored text differ */
function deriveExpectedRows(db: DatabaseSync): string[] {
  db.exec(EXPECTED_ROWS);
  const retirable = db.prepare('INSERT INTO expected_retirable VALUES (?, ?, ?, ?)');
  const retirableCounter = db.prepare('INSERT INTO expected_retirable_n VALUES (?, ?)');
  const held = db.prepare('INSERT INTO expected_held VALUES (?, ?, ?)');
  const faults: string[] = [];
  for (const row of db.prepare('SELECT * FROM grants').iterate()) {
    const {
      project_id: project,
      key_id: key,
      grant_id: id,
      grantee,
      wire,
    } = row as Record<'project_id' | 'key_id' | 'grant_id' | 'grantee' | 'wire', string>;
    const grant = parseStoredGrant(wire);
    const actual = grant ? describeIds(grant.key_id, grant.grant_id, grant.grantee_principal) : 'not a grant';
    faults.push(...difference(`wire of grants key_id=${key} grant_id=${id}`, actual, describeIds(key, id, grantee)));
    if (!grant) continue;
    for (const name of listNamesOf(grant)) retirable.run(project, name, id, key);
    for (const name of listCounterNames(grant)) retirableCounter.run(project, name);
    for (const operation of heldCounterNames(grant)) held.run(key, granteeOf(grant), operation);
  }
  return faults;
}

const describeIds = (key: string, grant: string, grantee: string) =>
  `of key ${key}, grant ${grant}, grantee ${grantee}`;
