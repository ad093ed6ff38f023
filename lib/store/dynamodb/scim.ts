import { randomUUID } from 'node:crypto';
import {
  type ProvisionedResource,
  type ResourceOf,
  type ResourceType,
  type UniqueAttribute,
  uniqueValuesOf,
} from '../../domain/provisioned.ts';
import type { ScimStore, ScimWrite } from '../store.ts';
import type { Item } from './item.ts';
import { itemKey, rangeOf } from './schema.ts';
import type { Table, Write } from './table.ts';

const IS_NEW = 'attribute_not_exists(pk)';

/**
 * Provisioned users and groups over DynamoDB: each is one item, with one item for each of its unique values and one in
 * the list of its source and type.
 */
export function dynamodbScim(table: Table): ScimStore {
  /**
   * @param writes that of the resource first
   * @param written what the resource's item has if an earlier attempt, whose response was lost, was applied
   */
  async function transact(writes: Write[], written: string | undefined): Promise<ScimWrite> {
    const result = await table.transact(writes);
    if (result.isDone) return 'done';
    if (!result.failed.has(0)) return 'taken';
    const existing = result.failed.get(0);
    return existing?.['written'] === written ? 'done' : 'stale';
  }

  async function readAll<T extends ResourceType>(source: string, type: T, rows: readonly Item[]) {
    const keys = rows.map(({ sk }) => itemKey.scimResource(source, type, sk));
    return (await table.getAll(keys)).map((item) => toResource<T>(item));
  }

  async function find<T extends ResourceType>(source: string, type: T, id: string) {
    const item = await table.get(itemKey.scimResource(source, type, id));
    return item && toResource<T>(item);
  }

  return {
    async add(resource) {
      const { source, type, id } = resource;
      const item = itemOf(resource);
      const result = await transact(
        [
          { put: item, condition: IS_NEW },
          ...uniqueValuesOf(resource).map((value) => newValue(resource, value)),
          { put: { ...itemKey.scimInList(source, type, id) } },
          counted(resource, 1),
        ],
        String(item['written']),
      );
      // Ids are random, so no other resource has this one.
      if (result === 'stale') throw new Error('DynamoDB did not write a provisioned resource');
      return result;
    },
    async save(resource) {
      const { source, type, id, version } = resource;
      const before = await find(source, type, id);
      if (before?.version !== version) return 'stale';
      const item = itemOf({ ...resource, version: version + 1 });
      const [oldValues, newValues] = [uniqueValuesOf(before), uniqueValuesOf(resource)];
      const isIn = (values: typeof oldValues, [attribute, value]: [UniqueAttribute, string]) =>
        values.some(([otherAttribute, other]) => otherAttribute === attribute && other === value);
      return transact(
        [
          { put: item, ...hasVersion(version) },
          ...newValues.filter((value) => !isIn(oldValues, value)).map((value) => newValue(resource, value)),
          ...oldValues
            .filter((value) => !isIn(newValues, value))
            .map((value) => ({ delete: itemKey.scimValue(source, type, ...value) })),
        ],
        String(item['written']),
      );
    },
    async remove({ source, type, id, version }) {
      const before = await find(source, type, id);
      if (before?.version !== version) return 'stale';
      const result = await transact(
        [
          { delete: itemKey.scimResource(source, type, id), ...hasVersion(version) },
          ...uniqueValuesOf(before).map((value) => ({ delete: itemKey.scimValue(source, type, ...value) })),
          { delete: itemKey.scimInList(source, type, id) },
          counted(before, -1),
        ],
        // If the item is gone, this call or another one has removed it.
        undefined,
      );
      return result === 'taken' ? 'stale' : result;
    },
    find,
    async findBy(source, type, attribute, value) {
      const item = await table.get(itemKey.scimValue(source, type, attribute, value));
      return item && find(source, type, String(item['id']));
    },
    async count(source, type) {
      const counters = await table.getAll(itemKey.scimCounts(source, type));
      return counters.reduce((sum, { n }) => sum + Number(n), 0);
    },
    async list(source, type, offset, limit) {
      if (limit === 0) return [];
      return readAll(source, type, await table.query({ ...rangeOf.scim(source, type), offset, limit }));
    },
    async listAfter(source, type, after, limit) {
      return readAll(source, type, await table.query({ ...rangeOf.scim(source, type, after), limit }));
    },
  };
}

const hasVersion = (version: number) => ({ condition: 'version = :version', values: { ':version': version } });

function newValue({ source, type, id }: ProvisionedResource, value: [UniqueAttribute, string]): Write {
  return { put: { ...itemKey.scimValue(source, type, ...value), id }, condition: IS_NEW };
}

function counted({ source, type, id }: ProvisionedResource, change: 1 | -1): Write {
  return { update: itemKey.scimCount(source, type, id), set: 'ADD n :change', values: { ':change': change } };
}

/** `written` is unique to each write: it shows whether a write whose response was lost was applied. */
function itemOf(resource: ProvisionedResource): Item {
  const { source, type, id, version } = resource;
  const attributes = { version, resource: JSON.stringify(resource), written: randomUUID() };
  return { ...itemKey.scimResource(source, type, id), ...attributes };
}

const toResource = <T extends ResourceType>(item: Item): ResourceOf<T> => JSON.parse(String(item['resource']));
