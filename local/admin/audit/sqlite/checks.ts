/** What is compared in a database file: each check is one query that finds only what is wrong, and the words for it. */
import type { DatabaseSync } from 'node:sqlite';
import type { Row } from '../../../../lib/store/sqlite/database.ts';
import { ACTION, difference, lifecycleFaults } from '../audit.ts';

type Check = (db: DatabaseSync) => string[];

/** The grants' keys, what is counted and indexed by keys and grants, the events, the directory. */
export const CHECKS: readonly Check[] = [
  compared(
    'key of grants',
    ['key_id', 'grant_id'],
    `SELECT key_id, grant_id, NULL AS found, 'in project ' || project_id AS expected FROM grants
     WHERE NOT EXISTS (SELECT 1 FROM keys WHERE keys.project_id = grants.project_id AND keys.key_id = grants.key_id)`,
  ),
  counted('keys', ['project_id', 'key_id'], 'grant_count', 'grants JOIN keys USING (project_id, key_id)'),
  counted('key_counts', ['project_id', 'key_spec', 'state'], 'n', 'keys'),
  counted('retirable_n', ['project_id', 'principal'], 'n', 'said_retirable_n'),
  counted('held', ['key_id', 'principal', 'operation'], 'n', 'said_held'),
  indexed('retirable', ['project_id', 'principal', 'grant_id', 'key_id'], 'said_retirable'),
  told('grants', 'grant_id', 'grant_id IS NOT NULL', ACTION.createGrant, `action <> '${ACTION.createGrant}'`),
  told('keys', 'key_id', 'grant_id IS NULL', ACTION.createKey, `action = '${ACTION.deleteKey}'`),
  compared(
    'ids of events',
    ['event_id'],
    `SELECT event_id, key_id || ' ' || grant_id AS found,
       CASE WHEN json_valid(grant_wire) THEN grant_wire ->> 'key_id' || ' ' || (grant_wire ->> 'grant_id') END AS expected
     FROM own_events WHERE found IS NOT expected OR (grant_wire IS NULL) <> (grant_id IS NULL)`,
  ),
  compared(
    'grant_wire of events',
    ['event_id'],
    `SELECT event_id, grant_wire AS found, wire AS expected
     FROM grants JOIN own_events USING (grant_id) WHERE found IS NOT expected`,
  ),
  compared(
    'grant_wire of events',
    ['event_id'],
    `SELECT ended.event_id, ended.grant_wire AS found, made.grant_wire AS expected
     FROM own_events AS ended JOIN own_events AS made ON made.grant_id = ended.grant_id AND made.action = '${ACTION.createGrant}'
     WHERE ended.action <> made.action AND found IS NOT expected
       AND ended.grant_id NOT IN (SELECT grant_id FROM grants)`,
  ),
  compared(
    'project_id of events',
    ['event_id'],
    `SELECT event_id, events.project_id AS found, keys.project_id AS expected
     FROM keys JOIN own_events AS events USING (key_id) WHERE found <> expected`,
  ),
  compared(
    'grantee of events',
    ['event_id'],
    `SELECT event_id, grantee AS found, grant_wire ->> 'grantee_principal' AS expected
     FROM events WHERE (grant_wire IS NULL OR json_valid(grant_wire)) AND found IS NOT expected`,
  ),
  pointing('projects', ['project_id'], 'domain_id', 'domains'),
  pointing('users', ['user_id'], 'domain_id', 'domains'),
  pointing('roles', ['user_id', 'project_id', 'role'], 'user_id', 'users'),
  pointing('roles', ['user_id', 'project_id', 'role'], 'project_id', 'projects'),
  pointing('access_keys', ['access_key'], 'user_id', 'users'),
  pointing('tokens', ['token_hash'], 'user_id', 'users'),
  pointing('tokens', ['token_hash'], 'project_id', 'projects'),
];

/** A query for each row that is not as expected, with both as `found` and `expected`. */
function compared(what: string, columns: readonly string[], query: string): Check {
  return eachRow(query, (row) =>
    difference(`${what} ${nameOf(row, columns)}`, row['found'] ?? undefined, row['expected'] ?? 'none'),
  );
}

/** The counter of each row is the number of `rows` with the same columns; one of 0 may be absent. */
function counted(table: string, columns: readonly string[], counter: string, rows: string): Check {
  return eachRow(sums(table, columns, counter, rows), (row) =>
    difference(`${counter} of ${table} ${nameOf(row, columns)}`, row['found'], row['expected']),
  );
}

/** There is one row for each of `rows` with the same columns, and no other. */
function indexed(table: string, columns: readonly string[], rows: string): Check {
  const there = (n: unknown) => (n === 0 ? undefined : 'there');
  return eachRow(sums(table, columns, '1', rows), (row) =>
    difference(`${table} ${nameOf(row, columns)}`, there(row['found']), there(row['expected'])),
  );
}

function sums(table: string, columns: readonly string[], counter: string, rows: string): string {
  return `SELECT ${columns}, sum(found) AS found, sum(expected) AS expected FROM (
      SELECT ${columns}, ${counter} AS found, 0 AS expected FROM ${table}
      UNION ALL SELECT ${columns}, 0, 1 FROM ${rows})
    GROUP BY ${columns} HAVING sum(found) <> sum(expected)`;
}

/** What is in the table has been made by its events and has not gone; whatever else they tell of has done both. */
function told(table: string, id: string, events: string, made: string, hasGone: string): Check {
  return eachRow(
    `SELECT ${id}, sum(there) AS there, sum(made) AS made, sum(gone) AS gone FROM (
       SELECT ${id}, 1 AS there, 0 AS made, 0 AS gone FROM ${table}
       UNION ALL SELECT ${id}, 0, action = '${made}', ${hasGone} FROM own_events WHERE ${events})
     GROUP BY ${id} HAVING sum(made) <> 1 OR sum(gone) <> 1 - sum(there)`,
    (row) =>
      lifecycleFaults(`${table} ${nameOf(row, [id])}`, row['there'] === 1, Number(row['made']), Number(row['gone'])),
  );
}

/** What the column names is a row of the other table. */
function pointing(table: string, columns: readonly string[], column: string, other: string): Check {
  return compared(
    `${column} of ${table}`,
    columns,
    `SELECT *, ${column} AS found, 'one of ${other}' AS expected FROM ${table}
     WHERE ${column} NOT IN (SELECT ${column} FROM ${other})`,
  );
}

function eachRow(query: string, faultsOf: (row: Row) => string[]): Check {
  return (db) => {
    const faults: string[] = [];
    for (const row of db.prepare(query).iterate()) faults.push(...faultsOf(row as Row));
    return faults;
  };
}

const nameOf = (row: Row, columns: readonly string[]) => columns.map((column) => `${column}=${row[column]}`).join(' ');
