import type { Mapping } from '../../domain/job.ts';
import type { MappingStore } from '../store.ts';
import type { Item } from './item.ts';
import { itemKey, rangeOf } from './schema.ts';
import type { Table } from './table.ts';

/** More than there are; the admin command lists them all. */
const ALL = 1_000_000;

/** Who an outside identity is, over DynamoDB. */
export function dynamodbMappings(table: Table): MappingStore {
  return {
    put(mapping) {
      return table.put({ ...itemKey.mapping(mapping.source, mapping.identity), ...mapping });
    },
    async remove(source, identity) {
      const place = itemKey.mapping(source, identity);
      // Read first: a delete that is sent again because its answer was lost finds nothing.
      if (!(await table.get(place))) return false;
      await table.delete(place);
      return true;
    },
    async mapping(source, identity) {
      const item = await table.get(itemKey.mapping(source, identity));
      return item && toMapping(item);
    },
    async list() {
      // They come by source.
      const mappings = (await table.query({ ...rangeOf.mappings(), limit: ALL })).map(toMapping);
      return mappings.sort((one, other) => order(one.identity, other.identity) || order(one.source, other.source));
    },
  };
}

const order = (one: string, other: string) => Number(one > other) - Number(one < other);

const toMapping = (item: Item): Mapping => ({
  source: String(item['source']),
  identity: String(item['identity']),
  grantee: String(item['grantee']),
});
