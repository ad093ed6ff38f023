import type { Mapping } from '../../domain/job.ts';
import type { MappingStore } from '../store.ts';
import type { Item } from './item.ts';
import { itemKey, rangeOf } from './schema.ts';
import type { Table } from './table.ts';

/** No table has as many mappings; the admin command lists them all. */
const ALL = 1_000_000;

/** Mappings of external identities to grantees over DynamoDB. */
export function dynamodbMappings(table: Table): MappingStore {
  return {
    put(mapping) {
      return table.put({ ...itemKey.mapping(mapping.source, mapping.identity), ...mapping });
    },
    async remove(source, identity) {
      const key = itemKey.mapping(source, identity);
      // Not a conditional delete: a retry after a lost response would find no item and return false.
      if (!(await table.get(key))) return false;
      await table.delete(key);
      return true;
    },
    async mapping(source, identity) {
      const item = await table.get(itemKey.mapping(source, identity));
      return item && toMapping(item);
    },
    async list() {
      const mappings = (await table.query({ ...rangeOf.mappings(), limit: ALL })).map(toMapping);
      return mappings.sort((a, b) => compare(a.identity, b.identity) || compare(a.source, b.source));
    },
  };
}

const compare = (a: string, b: string) => Number(a > b) - Number(a < b);

const toMapping = (item: Item): Mapping => ({
  source: String(item['source']),
  identity: String(item['identity']),
  grantee: String(item['grantee']),
});
