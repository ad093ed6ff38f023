import type { SQLInputValue } from 'node:sqlite';
import type { ChangeEvent } from '../../domain/events.ts';
import { type Grant, KEY_STATE, type Key, type Operation } from '../../domain/model.ts';
import {
  granteeListName,
  granteeOf,
  heldCounterNames,
  listCounterNames,
  listNamesOf,
  pairCounterName,
} from '../../domain/principals.ts';
import type { Change, CommitResult, ConditionalRecord, GrantStore, HeldOperation } from '../store.ts';
import type { Database } from './database.ts';
import type { SqliteEvents } from './events.ts';
import { grantPager } from './grant-pager.ts';
import type { SqliteIdempotency } from './idempotency.ts';
import { sqliteKeys } from './keys.ts';

/** Keys and grants over SQLite. The conditions of each change are listed at `Change` in `store.ts`. */
export function sqliteGrants(db: Database, events: SqliteEvents, idempotency: SqliteIdempotency): GrantStore {
  const keys = sqliteKeys(db);
  const byId = db.prepare('SELECT wire FROM grants WHERE grant_id = ? AND project_id = ?');
  const insertGrant = db.prepare('INSERT INTO grants VALUES (?, ?, ?, ?, ?)');
  const deleteGrant = db.prepare('DELETE FROM grants WHERE key_id = ? AND grant_id = ? AND project_id = ?');
  const insertRetirable = db.prepare('INSERT INTO retirable VALUES (?, ?, ?, ?)');
  const deleteRetirable = db.prepare('DELETE FROM retirable WHERE project_id = ? AND principal = ? AND grant_id = ?');
  const retirableCount = db.prepare('SELECT n FROM retirable_n WHERE project_id = ? AND principal = ?');
  const heldCount = db.prepare('SELECT n FROM held WHERE key_id = ? AND principal = ? AND operation = ?');
  const heldOperations = db.prepare(
    "SELECT operation FROM held WHERE key_id = ? AND principal = ? AND operation <> '*'",
  );
  const addRetirable = counter(db, 'retirable_n', ['project_id', 'principal']);
  const addHeld = counter(db, 'held', ['key_id', 'principal', 'operation']);

  const pageOfKey = grantPager(db, 'SELECT wire, grant_id FROM grants WHERE key_id = :key AND grant_id > :after');
  const pageOfKeyAndGrantee = grantPager(
    db,
    'SELECT wire, grant_id FROM grants WHERE key_id = :key AND grantee = :grantee AND grant_id > :after',
  );
  const retirableBy = (principal: string) =>
    `SELECT * FROM (SELECT grant_id, key_id FROM retirable WHERE project_id = :project AND principal = ${principal}
     AND grant_id > :after ORDER BY grant_id LIMIT :limit + :offset)`;
  const pageOfRetirers = grantPager(
    db,
    `SELECT wire, grant_id FROM (${retirableBy(':user')} UNION ${retirableBy(':domain')}) JOIN grants USING (key_id, grant_id)`,
  );
  const pageOfGrantee = grantPager(
    db,
    `SELECT wire, grant_id FROM (${retirableBy(':name')}) JOIN grants USING (key_id, grant_id)`,
  );

  const retirableByUser = db.prepare(
    `SELECT wire FROM retirable JOIN grants USING (key_id, grant_id)
     WHERE retirable.project_id = ? AND principal = ? ORDER BY grant_id`,
  );

  const countIn = (row: Record<string, unknown> | undefined) => Number(row?.['n'] ?? 0);

  function areHeld(delegation: readonly HeldOperation[], keyId: string): boolean {
    return delegation.every(({ holder, operation }) => countIn(heldCount.get(keyId, holder, operation)) > 0);
  }

  function updateCounters(projectId: string, grant: Grant, by: 1 | -1): void {
    keys.countGrant(projectId, grant.key_id, by);
    for (const name of listCounterNames(grant)) addRetirable(by, projectId, name);
    for (const operation of heldCounterNames(grant)) addHeld(by, grant.key_id, granteeOf(grant), operation);
  }

  function createGrant(projectId: string, { grant, quota, delegation }: Change & { kind: 'create-grant' }): boolean {
    const key = keys.read(projectId, grant.key_id);
    if (key?.state !== KEY_STATE.enabled || key.grantCount >= quota) return false;
    if (delegation && !areHeld(delegation, grant.key_id)) return false;
    insertGrant.run(grant.key_id, grant.grant_id, projectId, grant.grantee_principal, JSON.stringify(grant));
    for (const name of listNamesOf(grant)) insertRetirable.run(projectId, name, grant.grant_id, grant.key_id);
    updateCounters(projectId, grant, 1);
    return true;
  }

  function removeGrant(projectId: string, grant: Grant): boolean {
    if (deleteGrant.run(grant.key_id, grant.grant_id, projectId).changes === 0) return false;
    for (const name of listNamesOf(grant)) deleteRetirable.run(projectId, name, grant.grant_id);
    updateCounters(projectId, grant, -1);
    return true;
  }

  function apply(change: Change, event: ChangeEvent, records: readonly ConditionalRecord[]): CommitResult {
    if (!records.every((record) => idempotency.isExpected(record, event.atMs))) return { type: 'duplicate' };
    const isDone =
      change.kind === 'create-grant'
        ? createGrant(event.projectId, change)
        : change.kind === 'remove-grant'
          ? removeGrant(event.projectId, change.grant)
          : keys.change(event.projectId, change);
    if (!isDone) return { type: 'conflict' };
    events.add(event);
    for (const record of records) idempotency.saveNow(record, event.atMs);
    return { type: 'done' };
  }

  return {
    key: async (projectId, keyId) => keys.read(projectId, keyId),
    keyByAlias: async (projectId, alias) => keys.readByAlias(projectId, alias),
    keyCount: async (projectId) => keys.count(projectId),
    listKeys: async (projectId, filter, page) => keys.list(projectId, filter, page),
    keysDue: async (nowMs, limit) => keys.due(nowMs, limit),

    async grant(projectId, grantId) {
      const row = byId.get(grantId, projectId);
      return row && (JSON.parse(String(row['wire'])) as Grant);
    },
    async listGrants(key: Key, { grantee }, page) {
      if (grantee === undefined) return pageOfKey({ key: key.keyId }, page, () => key.grantCount);
      return pageOfKeyAndGrantee({ key: key.keyId, grantee }, page, () =>
        ['user', 'domain'].reduce((sum, type) => sum + countIn(heldCount.get(key.keyId, `${type}:${grantee}`, '*')), 0),
      );
    },
    async listRetirable(projectId, user, domain, page) {
      const count = (name: string) => countIn(retirableCount.get(projectId, name));
      return pageOfRetirers(
        { project: projectId, user, domain },
        page,
        () => count(user) + count(domain) - count(pairCounterName(user, domain)),
      );
    },
    async listByGrantee(projectId, grantee, page) {
      const name = granteeListName(grantee);
      return pageOfGrantee({ project: projectId, name }, page, () => countIn(retirableCount.get(projectId, name)));
    },
    async issuedBy(projectId, userId) {
      // The issuer of a grant may retire it, so its grants are among these.
      const rows = retirableByUser.all(projectId, `user:${userId}`);
      const grants = rows.map((row) => JSON.parse(String(row['wire'])) as Grant);
      return grants.filter(({ issuing_principal }) => issuing_principal === userId);
    },
    async heldOperations(keyId, principals) {
      return new Map(
        principals.flatMap((principal) =>
          heldOperations.all(keyId, principal).map((row) => [row['operation'] as Operation, principal] as const),
        ),
      );
    },
    commit: (change, event, records = []) => db.write(() => apply(change, event, records)),
  };
}

/** Prepares the update of a counter table. A row is inserted at 1 and deleted at 0; no counter goes below 0. */
function counter(db: Database, table: string, columns: string[]): (by: 1 | -1, ...key: SQLInputValue[]) => void {
  const where = columns.map((column) => `${column} = ?`).join(' AND ');
  const placeholders = columns.map(() => '?').join(', ');
  const increment = db.prepare(
    `INSERT INTO ${table} VALUES (${placeholders}, 1) ON CONFLICT (${columns.join(', ')}) DO UPDATE SET n = n + 1`,
  );
  const deleteAtOne = db.prepare(`DELETE FROM ${table} WHERE ${where} AND n = 1`);
  const decrement = db.prepare(`UPDATE ${table} SET n = n - 1 WHERE ${where}`);
  return (by, ...key) => {
    if (by === 1) increment.run(...key);
    else if (deleteAtOne.run(...key).changes === 0) decrement.run(...key);
  };
}
