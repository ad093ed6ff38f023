import { foldIdentity } from '../../domain/external-identity.ts';
import type { Mapping } from '../../domain/job.ts';
import type { MappingStore } from '../store.ts';
import type { Database, Row } from './database.ts';

/** Mappings of external identities to grantees over SQLite. */
export function sqliteMappings(db: Database): MappingStore {
  const put = db.prepare('INSERT OR IGNORE INTO mappings VALUES (?, ?, ?, ?)');
  const remove = db.prepare(
    'DELETE FROM mappings WHERE folded_identity = ? AND source = ? AND identity = ? AND grantee = ?',
  );
  const bySource = db.prepare('SELECT * FROM mappings WHERE folded_identity = ? AND source = ?');
  const all = db.prepare('SELECT * FROM mappings ORDER BY identity, source, grantee');
  const valuesOf = ({ source, identity, grantee }: Mapping) =>
    [foldIdentity(identity), source, identity, grantee] as const;
  return {
    put: (mapping) => db.write(() => void put.run(...valuesOf(mapping))),
    remove: (mapping) => db.write(() => remove.run(...valuesOf(mapping)).changes === 1),
    find: async (source, identity) => bySource.all(foldIdentity(identity), source).map(toMapping),
    list: async () => all.all().map(toMapping),
  };
}

const toMapping = (row: Row): Mapping => ({
  source: String(row['source']),
  identity: String(row['identity']),
  grantee: String(row['grantee']),
});
