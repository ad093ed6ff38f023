/** The checks of a database file. Each is one query that selects the faulty rows only, and the text of the fault. */
import type { DatabaseSync } from 'node:sqlite';
import type { Row } from '../../../../lib/store/sqlite/database.ts';
import { ACTION, difference, lifecycleFaults } from '../audit.ts';

type Check = (db: DatabaseSync) => string[];

export const CHECKS: readonly Check[] = [
  mismatches(
    'key of grants',
    ['key_id', 'grant_id'],
    `SELECT key_id, grant_id, NULL AS actual, 'in project ' || project_id AS expected FROM grants
     WHERE NOT EXISTS (SELECT 1 FROM keys WHERE keys.project_id = grants.project_id AND keys.key_id = grants.key_id)`,
  ),
  counters('keys', ['project_id', 'key_id'], 'grant_count', 'grants JOIN keys USING (project_id, key_id)'),
  counters('key_counts', ['project_id', 'key_spec', 'state'], 'n', 'keys'),
  counters('retirable_n', ['project_id', 'principal'], 'n', 'expected_retirable_n'),
  counters('held', ['key_id', 'principal', 'operation'], 'n', 'expected_held'),
  indexRows('retirable', ['project_id', 'principal', 'grant_id', 'key_id'], 'expected_retirable'),
  lifecycle('grants', 'grant_id', 'grant_id IS NOT NULL', ACTION.createGrant, `action <> '${ACTION.createGrant}'`),
  lifecycle('keys', 'key_id', 'grant_id IS NULL', ACTION.createKey, `action = '${ACTION.deleteKey}'`),
  mismatches(
    'ids of events',
    ['event_id'],
    `SELECT event_id, key_id || ' ' || grant_id AS actual,
       CASE WHEN json_valid(grant_wire) THEN grant_wire ->> 'key_id' || ' ' || (grant_wire ->> 'grant_id') END AS expected
     FROM own_events WHERE actual IS NOT expected OR (grant_wire IS NULL) <> (grant_id IS NULL)`,
  ),
  mismatches(
    'grant_wire of events',
    ['event_id'],
    `SELECT event_id, grant_wire AS actual, wire AS expected
     FROM grants JOIN own_events USING (grant_id) WHERE actual IS NOT expected`,
  ),
  mismatches(
    'grant_wire of events',
    ['event_id'],
    `SELECT removal.event_id, removal.grant_wire AS actual, creation.grant_wire AS expected
     FROM own_events AS removal JOIN own_events AS creation
       ON creation.grant_id = removal.grant_id AND creation.action = '${ACTION.createGrant}'
     WHERE removal.action <> creation.action AND actual IS NOT expected
       AND removal.grant_id NOT IN (SELECT grant_id FROM grants)`,
  ),
  mismatches(
    'project_id of events',
    ['event_id'],
    `SELECT event_id, events.project_id AS actual, keys.project_id AS expected
     FROM keys JOIN own_events AS events USING (key_id) WHERE actual <> expected`,
  ),
  mismatches(
    'grantee of events',
    ['event_id'],
    `SELECT event_id, grantee AS actual, grant_wire ->> 'grantee_principal' AS expected
     FROM events WHERE (grant_wire IS NULL OR json_valid(grant_wire)) AND actual IS NOT expected`,
  ),
  indexRows(
    'scim_values',
    ['source', 'type', 'id', 'attribute'],
    `(SELECT source, type, id, 'name' AS attribute FROM scim_resources
      UNION ALL SELECT source, type, id, 'externalId' FROM scim_resources
      WHERE resource ->> '$.externalId' IS NOT NULL)`,
  ),
  references('projects', ['project_id'], 'domain_id', 'domains'),
  references('users', ['user_id'], 'domain_id', 'domains'),
  references('roles', ['user_id', 'project_id', 'role'], 'user_id', 'users'),
  references('roles', ['user_id', 'project_id', 'role'], 'project_id', 'projects'),
  references('access_keys', ['access_key'], 'user_id', 'users'),
  references('tokens', ['token_hash'], 'user_id', 'users'),
  references('tokens', ['token_hash'], 'project_id', 'projects'),
  references('tokens', ['token_hash'], 'scope_domain_id', 'domains', 'domain_id'),
];

/** @param query selects each faulty row, with its value as `actual` and the right one as `expected` */
function mismatches(what: string, columns: readonly string[], query: string): Check {
  return eachRow(query, (row) =>
    difference(`${what} ${nameOf(row, columns)}`, row['actual'] ?? undefined, row['expected'] ?? 'none'),
  );
}

/** Checks that each counter equals the number of `rows` with the same columns; a counter of 0 may be missing. */
function counters(table: string, columns: readonly string[], counter: string, rows: string): Check {
  return eachRow(sums(table, columns, counter, rows), (row) =>
    difference(`${counter} of ${table} ${nameOf(row, columns)}`, row['actual'], row['expected']),
  );
}

/** Checks that the table has exactly one row for each of `rows` with the same columns. */
function indexRows(table: string, columns: readonly string[], rows: string): Check {
  const present = (n: unknown) => (n === 0 ? undefined : 'present');
  return eachRow(sums(table, columns, '1', rows), (row) =>
    difference(`${table} ${nameOf(row, columns)}`, present(row['actual']), present(row['expected'])),
  );
}

function sums(table: string, columns: readonly string[], counter: string, rows: string): string {
  return `SELECT ${columns}, sum(actual) AS actual, sum(expected) AS expected FROM (
      SELECT ${columns}, ${counter} AS actual, 0 AS expected FROM ${table}
      UNION ALL SELECT ${columns}, 0, 1 FROM ${rows})
    GROUP BY ${columns} HAVING sum(actual) <> sum(expected)`;
}

/** Checks that each row of the table has one creation event and no removal, and each deleted item one of both. */
function lifecycle(table: string, id: string, events: string, createAction: string, isRemoval: string): Check {
  return eachRow(
    `SELECT ${id}, sum(present) AS present, sum(created) AS created, sum(removed) AS removed FROM (
       SELECT ${id}, 1 AS present, 0 AS created, 0 AS removed FROM ${table}
       UNION ALL SELECT ${id}, 0, action = '${createAction}', ${isRemoval} FROM own_events WHERE ${events})
     GROUP BY ${id} HAVING sum(created) <> 1 OR sum(removed) <> 1 - sum(present)`,
    ({ present, created, removed, ...row }) =>
      lifecycleFaults(`${table} ${nameOf(row, [id])}`, present === 1, Number(created), Number(removed)),
  );
}

/** Checks that the column holds the id of a row in the target table. */
function references(table: string, columns: readonly string[], column: string, target: string, id = column): Check {
  return mismatches(
    `${column} of ${table}`,
    columns,
    `SELECT *, ${column} AS actual, 'one of ${target}' AS expected FROM ${table}
     WHERE ${column} NOT IN (SELECT ${id} FROM ${target})`,
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
