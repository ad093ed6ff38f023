import { foldIdentity } from '../../domain/external-identity.ts';
import type { ExternalIdentity, Mapping } from '../../domain/job.ts';
import type { MappingStore } from '../store.ts';
import type { Item } from './item.ts';
import { itemKey, rangeOf } from './schema.ts';
import type { Table } from './table.ts';

/** No table has as many mappings; the admin command lists them all. */
const ALL = 1_000_000;

/** Mappings of external identities to grantees over DynamoDB. */
export function dynamodbMappings(table: Table): MappingStore {
  const keyOf = ({ source, identity, grantee }: Mapping) => itemKey.mapping(source, identity, grantee);

  /** The mapping as version 0.2 stored it, which had one item for each source and identity. */
  async function oldItem({ source, identity, grantee }: Mapping): Promise<Item | undefined> {
    const item = await table.get(itemKey.oldMapping(source, identity));
    return item?.['grantee'] === grantee ? item : undefined;
  }

  return {
    put: (mapping) => table.put({ ...keyOf(mapping), ...mapping }),
    async remove(mapping) {
      // Not conditional deletes: a retry after a lost response would find no item and return false.
      const stored = [await table.get(keyOf(mapping)), await oldItem(mapping)];
      const items = stored.filter((item) => item !== undefined);
      for (const { pk, sk } of items) await table.delete({ pk, sk });
      return items.length > 0;
    },
    async find(source, identity) {
      const items = await table.query({ ...rangeOf.mappingsOf(source, identity), limit: ALL });
      const oldItems = await table.getAll(oldFormsOf(identity).map((form) => itemKey.oldMapping(source, form)));
      return toMappings([...items, ...oldItems]);
    },
    list: async () => toMappings(await table.query({ ...rangeOf.mappings(), limit: ALL })),
  };
}

/**
 * The identities under which version 0.2 may have stored a mapping of this one, except the folded form, whose item is
 * among those of the current version.
 */
function oldFormsOf(identity: ExternalIdentity): ExternalIdentity[] {
  const forms = [identity, identity.normalize('NFC'), identity.normalize('NFD')];
  const isOther = (form: string) => form !== foldIdentity(identity);
  return [...new Set(forms.flatMap((form) => [form, form.toLowerCase()]))].filter(isOther);
}

/** By identity, source and grantee. A mapping with an item of each version is returned once. */
function toMappings(items: readonly Item[]): Mapping[] {
  const byName = new Map(items.map(toMapping).map((mapping) => [JSON.stringify(mapping), mapping]));
  return [...byName.values()].sort(
    (a, b) => compare(a.identity, b.identity) || compare(a.source, b.source) || compare(a.grantee, b.grantee),
  );
}

const compare = (a: string, b: string) => Number(a > b) - Number(a < b);

const toMapping = (item: Item): Mapping => ({
  source: String(item['source']),
  identity: String(item['identity']),
  grantee: String(item['grantee']),
});
