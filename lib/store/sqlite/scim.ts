import type { ProvisionedResource, ResourceOf, ResourceType } from '../../domain/provisioned.ts';
import { uniqueValuesOf } from '../../domain/provisioned.ts';
import type { ScimStore } from '../store.ts';
import type { Database, Row } from './database.ts';

/** Provisioned users and groups over SQLite, stored as JSON. */
export function sqliteScim(db: Database): ScimStore {
  const insert = db.prepare('INSERT INTO scim_resources VALUES (?, ?, ?, ?, ?)');
  const update = db.prepare(
    'UPDATE scim_resources SET version = ?, resource = ? WHERE source = ? AND type = ? AND id = ? AND version = ?',
  );
  const remove = db.prepare('DELETE FROM scim_resources WHERE source = ? AND type = ? AND id = ? AND version = ?');
  const byId = db.prepare('SELECT resource FROM scim_resources WHERE source = ? AND type = ? AND id = ?');
  const insertValue = db.prepare('INSERT INTO scim_values VALUES (?, ?, ?, ?, ?)');
  const removeValue = db.prepare(
    'DELETE FROM scim_values WHERE source = ? AND type = ? AND attribute = ? AND value = ?',
  );
  const idByValue = db.prepare(
    'SELECT id FROM scim_values WHERE source = ? AND type = ? AND attribute = ? AND value = ?',
  );
  const count = db.prepare('SELECT count(*) AS n FROM scim_resources WHERE source = ? AND type = ?');
  const page = db.prepare(
    'SELECT resource FROM scim_resources WHERE source = ? AND type = ? ORDER BY id LIMIT ? OFFSET ?',
  );
  const pageAfter = db.prepare(
    'SELECT resource FROM scim_resources WHERE source = ? AND type = ? AND id > ? ORDER BY id LIMIT ?',
  );

  const stored = (source: string, type: string, id: string) => read(byId.get(source, type, id));

  const isTaken = ({ source, type, id }: ProvisionedResource, value: [string, string]) => {
    const holder = idByValue.get(source, type, ...value)?.['id'];
    return holder !== undefined && holder !== id;
  };

  function insertValues(resource: ProvisionedResource): void {
    const { source, type, id } = resource;
    for (const value of uniqueValuesOf(resource)) insertValue.run(source, type, ...value, id);
  }

  function removeValues(resource: ProvisionedResource): void {
    for (const value of uniqueValuesOf(resource)) removeValue.run(resource.source, resource.type, ...value);
  }

  return {
    add: (resource) =>
      db.write(() => {
        if (uniqueValuesOf(resource).some((value) => isTaken(resource, value))) return 'taken';
        const { source, type, id, version } = resource;
        insertValues(resource);
        insert.run(source, type, id, version, JSON.stringify(resource));
        return 'done';
      }),
    save: (resource) =>
      db.write(() => {
        const { source, type, id, version } = resource;
        const before = stored(source, type, id);
        if (before?.version !== version) return 'stale';
        if (uniqueValuesOf(resource).some((value) => isTaken(resource, value))) return 'taken';
        removeValues(before);
        insertValues(resource);
        const next = version + 1;
        update.run(next, JSON.stringify({ ...resource, version: next }), source, type, id, version);
        return 'done';
      }),
    remove: ({ source, type, id, version }) =>
      db.write(() => {
        const before = stored(source, type, id);
        if (before?.version !== version) return 'stale';
        removeValues(before);
        remove.run(source, type, id, version);
        return 'done';
      }),
    find: async <T extends ResourceType>(source: string, type: T, id: string) =>
      stored(source, type, id) as ResourceOf<T> | undefined,
    async findBy<T extends ResourceType>(source: string, type: T, attribute: string, value: string) {
      const id = idByValue.get(source, type, attribute, value)?.['id'];
      return id === undefined ? undefined : (stored(source, type, String(id)) as ResourceOf<T> | undefined);
    },
    count: async (source, type) => Number(count.get(source, type)?.['n']),
    list: async <T extends ResourceType>(source: string, type: T, offset: number, limit: number) =>
      page.all(source, type, limit, offset).map(toResource) as ResourceOf<T>[],
    listAfter: async <T extends ResourceType>(source: string, type: T, after = '', limit: number) =>
      pageAfter.all(source, type, after, limit).map(toResource) as ResourceOf<T>[],
  };
}

const toResource = (row: Row): ProvisionedResource => JSON.parse(String(row['resource']));

const read = (row: Row | undefined) => (row === undefined ? undefined : toResource(row));
