import type { Mapping } from '../../domain/job.ts';
import type { MappingStore } from '../store.ts';
import type { Database, Row } from './database.ts';

/** Mappings of external identities to grantees over SQLite. */
export function sqliteMappings(db: Database): MappingStore {
  const put = db.prepare('INSERT OR REPLACE INTO mappings VALUES (?, ?, ?)');
  const remove = db.prepare('DELETE FROM mappings WHERE identity = ? AND source = ?');
  const byIdentity = db.prepare('SELECT * FROM mappings WHERE identity = ? AND source = ?');
  const all = db.prepare('SELECT * FROM mappings ORDER BY identity, source');
  return {
    put: ({ identity, source, grantee }) => db.write(() => void put.run(identity, source, grantee)),
    remove: (source, identity) => db.write(() => remove.run(identity, source).changes === 1),
    async mapping(source, identity) {
      const row = byIdentity.get(identity, source);
      return row && toMapping(row);
    },
    list: async () => all.all().map(toMapping),
  };
}

const toMapping = (row: Row): Mapping => ({
  source: String(row['source']),
  identity: String(row['identity']),
  grantee: String(row['grantee']),
});
