import {
  KEY_STATE,
  type Key,
  type KeyPage,
  type KeyState,
  type KeyStatus,
  type PageRequest,
} from '../../domain/model.ts';
import type { Change } from '../store.ts';
import type { Database, Row } from './database.ts';

type KeyChange = Extract<Change, { kind: 'create-key' | 'update-key' | 'remove-key' }>;

interface SqliteKeys {
  read(projectId: string, keyId: string): Key | undefined;
  readByAlias(projectId: string, alias: string): Key | undefined;
  count(projectId: string): number;
  list(
    projectId: string,
    filter: { state?: KeyState | undefined; keySpec?: string | undefined },
    page: PageRequest,
  ): KeyPage;
  due(nowMs: number, limit: number): Key[];
  /** Returns false if a condition does not hold. Call it and `countGrant` only inside `Database.write`. */
  change(projectId: string, change: KeyChange): boolean;
  countGrant(projectId: string, keyId: string, by: 1 | -1): void;
}

const SPEC = ' AND key_spec = :spec';
const STATE = ' AND state = :state';

/** The tables `keys` and `key_counts`. */
export function sqliteKeys(db: Database): SqliteKeys {
  const byId = db.prepare('SELECT * FROM keys WHERE project_id = ? AND key_id = ?');
  const byAlias = db.prepare('SELECT * FROM keys WHERE project_id = ? AND alias = ?');
  const dueKeys = db.prepare(
    'SELECT * FROM keys WHERE deletion_at_ms > 0 AND deletion_at_ms <= ? ORDER BY deletion_at_ms LIMIT ?',
  );
  const pages = { '': pageWhere(''), spec: pageWhere(SPEC), state: pageWhere(STATE), both: pageWhere(SPEC + STATE) };
  const keyCount = db.prepare(
    `SELECT coalesce(sum(n), 0) AS n FROM key_counts WHERE project_id = :project
     AND (:spec IS NULL OR key_spec = :spec) AND (:state IS NULL OR state = :state)`,
  );
  const insert = db.prepare('INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const update = db.prepare('UPDATE keys SET state = ?, deletion_at_ms = ? WHERE project_id = ? AND key_id = ?');
  const remove = db.prepare('DELETE FROM keys WHERE project_id = ? AND key_id = ?');
  const addToGrantCount = db.prepare(
    'UPDATE keys SET grant_count = grant_count + ?, revision = revision + 1 WHERE project_id = ? AND key_id = ?',
  );
  const addToCount = db.prepare(
    'INSERT INTO key_counts VALUES (?, ?, ?, ?) ON CONFLICT (project_id, key_spec, state) DO UPDATE SET n = n + excluded.n',
  );

  /** Each combination of filters has its own statement and its own index. */
  function pageWhere(filters: string) {
    const page = db.prepare(
      `SELECT * FROM keys WHERE project_id = :project AND key_id > :after ${filters}
       ORDER BY key_id LIMIT :limit + 1 OFFSET :offset`,
    );
    page.setAllowUnknownNamedParameters(true);
    return page;
  }

  const ANY = { state: null, spec: null };
  const total = (projectId: string, filter: { state: string | null; spec: string | null }) =>
    Number(keyCount.get({ project: projectId, ...filter })?.['n']);
  const countKey = (key: Key, state: KeyState, by: 1 | -1) => addToCount.run(key.projectId, key.keySpec, state, by);

  function read(projectId: string, keyId: string): Key | undefined {
    const row = byId.get(projectId, keyId);
    return row && toKey(row);
  }

  function create(key: Key, quota: number): boolean {
    if (byAlias.get(key.projectId, key.alias) || total(key.projectId, ANY) >= quota) return false;
    insert.run(
      key.projectId,
      key.keyId,
      key.domainId,
      key.creator,
      key.alias,
      key.description,
      key.keySpec,
      key.keyUsage,
      key.state,
      key.createdAtMs,
      key.deletionAtMs,
      key.grantCount,
      key.revision,
    );
    countKey(key, key.state, 1);
    return true;
  }

  function updateStatus(key: Key, from: KeyStatus, to: KeyStatus): boolean {
    if (key.state !== from.state || key.deletionAtMs !== from.deletionAtMs) return false;
    update.run(to.state, to.deletionAtMs, key.projectId, key.keyId);
    countKey(key, key.state, -1);
    countKey(key, to.state, 1);
    return true;
  }

  function removeDue(key: Key, deletionAtMs: number): boolean {
    const isDue = key.state === KEY_STATE.pendingDeletion && key.deletionAtMs === deletionAtMs;
    if (!isDue || key.grantCount > 0) return false;
    remove.run(key.projectId, key.keyId);
    countKey(key, key.state, -1);
    return true;
  }

  return {
    read,
    readByAlias(projectId, alias) {
      const row = byAlias.get(projectId, alias);
      return row && toKey(row);
    },
    count: (projectId) => total(projectId, ANY),
    due: (nowMs, limit) => dueKeys.all(nowMs, limit).map(toKey),
    list(projectId, { state, keySpec }, { limit, after = '', offset = 0 }) {
      const filter = { state: state ?? null, spec: keySpec ?? null };
      const name = state && keySpec ? 'both' : state ? 'state' : keySpec ? 'spec' : '';
      const rows = pages[name].all({ project: projectId, ...filter, after, limit, offset });
      const keys = rows.slice(0, limit).map(toKey);
      return {
        keys,
        total: total(projectId, filter),
        next: rows.length > limit ? keys.at(-1)?.keyId : undefined,
      };
    },
    change(projectId, change) {
      if (change.kind === 'create-key') return create(change.key, change.quota);
      const key = read(projectId, change.keyId);
      if (!key) return false;
      return change.kind === 'update-key'
        ? updateStatus(key, change.from, change.to)
        : removeDue(key, change.deletionAtMs);
    },
    countGrant: (projectId, keyId, by) => addToGrantCount.run(by, projectId, keyId),
  };
}

function toKey(row: Row): Key {
  return {
    keyId: String(row['key_id']),
    projectId: String(row['project_id']),
    domainId: String(row['domain_id']),
    creator: String(row['creator']),
    alias: String(row['alias']),
    description: String(row['description']),
    keySpec: String(row['key_spec']),
    keyUsage: String(row['key_usage']),
    state: String(row['state']) as KeyState,
    createdAtMs: Number(row['created_at_ms']),
    deletionAtMs: Number(row['deletion_at_ms']),
    grantCount: Number(row['grant_count']),
    revision: Number(row['revision']),
  };
}
