import { DatabaseSync } from 'node:sqlite';
import { granteeOf, heldCounterNames, listCounterNames, listNamesOf } from '../../../lib/domain/principals.ts';
import { type Audit, difference, grantIn } from './audit.ts';
import { CHECKS } from './sqlite/checks.ts';

/**
 * Compares a database file with itself in one read transaction: as it stood at one moment, whoever else writes to it.
 * Sums and comparisons are SQLite's own work, over temporary files: memory does not grow with the store.
 * @param path the file, open elsewhere or not
 */
export function auditSqlite(path: string): Audit {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    db.exec('PRAGMA cache_size = -65536; PRAGMA temp.journal_mode = OFF; BEGIN');
    const damage = damageOf(db);
    // What is read from damaged pages tells nothing more.
    if (damage.length > 0) return { projects: 0, keys: 0, grants: 0, events: 0, faults: damage, unsettled: 0 };
    const count = (table: string) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
    return {
      projects: count('projects'),
      keys: count('keys'),
      grants: count('grants'),
      events: count('events'),
      faults: [...readGrants(db), ...CHECKS.flatMap((check) => check(db))],
      unsettled: 0,
    };
  } finally {
    db.close();
  }
}

function damageOf(db: DatabaseSync): string[] {
  const lines = db.prepare('PRAGMA integrity_check').all();
  return lines
    .map((row) => String(row['integrity_check']))
    .filter((line) => line !== 'ok')
    .map((line) => `the file is damaged: ${line}`);
}

/**
 * What the grants say of what is counted and indexed by them, a row for each: the rules stay in principals.ts. And the
 * events of changes made here: what another KMS has made or taken away is not here, and what failed has changed nothing.
 */
const SAID = `
  CREATE TEMP TABLE said_retirable (project_id TEXT, principal TEXT, grant_id TEXT, key_id TEXT);
  CREATE TEMP TABLE said_retirable_n (project_id TEXT, principal TEXT);
  CREATE TEMP TABLE said_held (key_id TEXT, principal TEXT, operation TEXT);
  CREATE TEMP VIEW own_events AS SELECT * FROM events WHERE upstream_request_id IS NULL AND failure IS NULL;
`;

/** Fills the tables of what the grants say. @returns the grants whose columns and text differ */
function readGrants(db: DatabaseSync): string[] {
  db.exec(SAID);
  const retirable = db.prepare('INSERT INTO said_retirable VALUES (?, ?, ?, ?)');
  const retirableCounter = db.prepare('INSERT INTO said_retirable_n VALUES (?, ?)');
  const held = db.prepare('INSERT INTO said_held VALUES (?, ?, ?)');
  const faults: string[] = [];
  for (const row of db.prepare('SELECT * FROM grants').iterate()) {
    const {
      project_id: project,
      key_id: key,
      grant_id: id,
      grantee,
      wire,
    } = row as Record<'project_id' | 'key_id' | 'grant_id' | 'grantee' | 'wire', string>;
    const grant = grantIn(wire);
    const found = grant ? idsOf(grant.key_id, grant.grant_id, grant.grantee_principal) : 'no grant';
    faults.push(...difference(`wire of grants key_id=${key} grant_id=${id}`, found, idsOf(key, id, grantee)));
    if (!grant) continue;
    for (const name of listNamesOf(grant)) retirable.run(project, name, id, key);
    for (const name of listCounterNames(grant)) retirableCounter.run(project, name);
    for (const operation of heldCounterNames(grant)) held.run(key, granteeOf(grant), operation);
  }
  return faults;
}

const idsOf = (key: string, grant: string, grantee: string) => `of key ${key}, grant ${grant}, grantee ${grantee}`;
