/** An oracle for database files: it compares counters and index rows with the keys, grants and events. */
import { DatabaseSync } from 'node:sqlite';
import type { Grant } from '../../../lib/domain/model.ts';

type Counts = Map<string, number>;

/**
 * @param path a file that no store has open; its WAL, if any, is read too
 * @returns what is wrong, in words; empty if every counter, index row and event agrees with the grants and keys
 */
export function auditDatabase(path: string): string[] {
  const db = new DatabaseSync(path);
  try {
    const rows = (sql: string) => db.prepare(sql).all() as Record<string, string | number>[];
    const integrity = rows('PRAGMA integrity_check').map((row) => String(row['integrity_check']));
    return [
      ...integrity.filter((line) => line !== 'ok'),
      ...rows('PRAGMA foreign_key_check').map((row) => `broken reference: ${JSON.stringify(row)}`),
      ...auditCounts(rows),
      ...auditEvents(rows),
      ...auditGrantees(rows),
      ...auditScim(rows),
    ];
  } finally {
    db.close();
  }
}

/** Every provisioned resource has one row for its name and one for its external id, and no other one. */
function auditScim(rows: Rows): string[] {
  const expected = rows('SELECT * FROM scim_resources').flatMap(({ source, type, id, resource }) => {
    const { userName, displayName, externalId } = JSON.parse(String(resource));
    const name = String(type === 'User' ? userName : displayName);
    const folded = name.normalize('NFC').toLowerCase().normalize('NFC');
    const values = [['name', folded], ...(externalId === undefined ? [] : [['externalId', externalId]])];
    return values.map(([attribute, value]) => JSON.stringify([source, type, attribute, value, id]));
  });
  const stored = rows('SELECT source, type, attribute, value, id FROM scim_values').map((row) =>
    JSON.stringify(Object.values(row)),
  );
  const missing = expected.filter((row) => !stored.includes(row)).map((row) => `scim_values lacks ${row}`);
  return [...missing, ...stored.filter((row) => !expected.includes(row)).map((row) => `scim_values has ${row}`)];
}

type Rows = (sql: string) => Record<string, string | number>[];

function auditCounts(rows: Rows): string[] {
  const keys = rows('SELECT * FROM keys');
  const grants = rows('SELECT * FROM grants');
  const expected: Record<'onKey' | 'keys' | 'retirable' | 'retirableTotals' | 'held', Counts> = {
    onKey: new Map(),
    keys: new Map(),
    retirable: new Map(),
    retirableTotals: new Map(),
    held: new Map(),
  };
  const faults: string[] = [];
  for (const key of keys) add(expected.keys, key['project_id'], key['key_spec'], key['state']);
  for (const row of grants) {
    const grant = JSON.parse(String(row['wire'])) as Grant;
    const { project_id: project, key_id: key, grant_id: id } = row;
    if (grant.grant_id !== id || grant.key_id !== key || grant.grantee_principal !== row['grantee']) {
      faults.push(`grant ${id}: its columns and its JSON differ`);
    }
    if (!keys.some((found) => found['key_id'] === key && found['project_id'] === project)) {
      faults.push(`grant ${id}: its key does not exist`);
    }
    add(expected.onKey, project, key);
    const { users, domains } = mayRetire(grant);
    const ofGrantee = `grantee:${grant.grantee_principal}`;
    for (const who of [...users, ...domains, ofGrantee]) add(expected.retirable, project, who, id, key);
    const pairs = users.flatMap((user) => domains.map((domain) => `${user}+${domain}`));
    for (const who of [...users, ...domains, ...pairs, ofGrantee]) add(expected.retirableTotals, project, who);
    const holder = `${grant.grantee_principal_type}:${grant.grantee_principal}`;
    for (const operation of ['*', ...grant.operations]) add(expected.held, key, holder, operation);
  }
  const stored = (sql: string) =>
    new Map(rows(sql).map((row) => [nameOf(...Object.values(row).slice(0, -1)), row['n']]));
  return [
    ...faults,
    ...differences('grants of a key', expected.onKey, stored('SELECT project_id, key_id, grant_count AS n FROM keys')),
    ...differences('keys', expected.keys, stored('SELECT project_id, key_spec, state, n FROM key_counts')),
    ...differences(
      'retirable',
      expected.retirable,
      stored('SELECT project_id, principal, grant_id, key_id, 1 AS n FROM retirable'),
    ),
    ...differences('retirable total', expected.retirableTotals, stored('SELECT * FROM retirable_n')),
    ...differences('held', expected.held, stored('SELECT * FROM held')),
  ];
}

/** Written from the API documents, without code of lib/. Source: KMS API reference, retire-grant. */
function mayRetire(grant: Grant): { users: string[]; domains: string[] } {
  const mayRetireItself = grant.operations.includes('retire-grant');
  const isUser = grant.grantee_principal_type === 'user';
  const users = [
    grant.issuing_principal,
    grant.retiring_principal,
    mayRetireItself && isUser && grant.grantee_principal,
  ];
  const domains = [mayRetireItself && !isUser && grant.grantee_principal];
  const named = (type: string, ids: (string | false | undefined)[]) => [
    ...new Set(ids.filter((id) => typeof id === 'string').map((id) => `${type}:${id}`)),
  ];
  return { users: named('user', users), domains: named('domain', domains) };
}

const REMOVALS = ['revoke-grant', 'retire-grant', 'delete-key', 'revoke-principal-grants'].concat(
  'create-revocation-job',
  'principal.disabled',
  'grant.revoke',
  'key.compromised',
);

/** A grant that exists was created once and never removed; one that does not was created once and removed once. */
function auditEvents(rows: Rows): string[] {
  const existing = new Set(rows('SELECT grant_id FROM grants').map((row) => row['grant_id']));
  const created: Counts = new Map();
  const removed: Counts = new Map();
  const events = rows(
    'SELECT action, grant_id FROM events WHERE grant_id IS NOT NULL AND upstream_request_id IS NULL AND failure IS NULL AND is_observed IS NULL',
  );
  for (const { action, grant_id: id } of events) {
    if (action === 'create-grant') add(created, id);
    else if (REMOVALS.includes(String(action))) add(removed, id);
  }
  const ids = new Set([...existing, ...created.keys(), ...removed.keys()].map(String));
  return [...ids].flatMap((id) => {
    const counted = `${created.get(id) ?? 0} created, ${removed.get(id) ?? 0} removed`;
    const expected = existing.has(id) ? '1 created, 0 removed' : '1 created, 1 removed';
    const state = existing.has(id) ? 'exists' : 'does not exist';
    return counted === expected ? [] : [`grant ${id} ${state}, but its events are: ${counted}`];
  });
}

/** The column `grantee` of an event is the grantee of its grant, or null without a grant. */
function auditGrantees(rows: Rows): string[] {
  return rows('SELECT event_id, grantee, grant_wire FROM events').flatMap(
    ({ event_id: id, grantee, grant_wire: wire }) => {
      const expected = wire === null ? null : (JSON.parse(String(wire)) as Grant).grantee_principal;
      return grantee === expected
        ? []
        : [`event ${id}: its grantee is ${grantee}, but that of its grant is ${expected}`];
    },
  );
}

const nameOf = (...parts: unknown[]) => parts.join(' ');

function add(counts: Counts, ...parts: unknown[]): void {
  const name = nameOf(...parts);
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function differences(what: string, expected: Counts, stored: Map<string, string | number | undefined>): string[] {
  const names = new Set([...expected.keys(), ...stored.keys()]);
  return [...names].flatMap((name) => {
    const [expectedCount, storedCount] = [expected.get(name) ?? 0, stored.get(name) ?? 0];
    return expectedCount === storedCount ? [] : [`${what} ${name}: ${expectedCount} expected, ${storedCount} stored`];
  });
}
