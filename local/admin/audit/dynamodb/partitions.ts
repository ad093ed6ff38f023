/** How the audit reads whole partitions without a scan, and how it names items and counters in faults. */

import type { Attributes, Item, ItemKey } from '../../../../lib/store/dynamodb/item.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { difference } from '../audit.ts';

/** The most items that one BatchGetItem call takes. */
const PAGE_ITEMS = 100;

/** Less and more than every sort key. */
const FIRST = '\u0000';
const LAST = '\u{10ffff}';

/** Reads the items of a partition, or those between two of its sort keys, a page at a time. */
export async function* pagesOfPartition(table: Table, pk: string, first = FIRST, to = LAST): AsyncGenerator<Item[]> {
  for (let from = first; ; ) {
    const page = await table.query({ pk, from, to, limit: PAGE_ITEMS });
    if (page.length > 0) yield page;
    if (page.length < PAGE_ITEMS) return;
    from = `${page.at(-1)?.sk}${FIRST}`;
  }
}

/** Reads a whole partition into memory; for small ones only. */
export async function readPartition(table: Table, pk: string): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pagesOfPartition(table, pk)) items.push(...page);
  return items;
}

/** Returns the items with these keys that exist, by name. */
export async function getItems(table: Table, keys: readonly ItemKey[]): Promise<Map<string, Item>> {
  const distinct = new Map(keys.map(({ pk, sk }) => [`${pk} ${sk}`, { pk, sk }]));
  return byName(await table.getAll([...distinct.values()]));
}

export const nameOf = ({ pk, sk }: ItemKey) => `${pk} ${sk}`;

export const byName = <T extends ItemKey>(items: Iterable<T>) =>
  new Map([...items].map((item) => [nameOf(item), item]));

function contentOf(item: Attributes | undefined): string | undefined {
  if (!item) return undefined;
  const { pk, sk, ...content } = item;
  return JSON.stringify(Object.fromEntries(Object.entries(content).sort()));
}

/** The fault of one item; undefined means that it does not exist. */
export function itemFaults(key: ItemKey, actual: Attributes | undefined, expected: Attributes | undefined): string[] {
  return difference(nameOf(key), contentOf(actual), contentOf(expected));
}

/** The faults of a set of items, by name: missing, unexpected and different ones. */
export function itemSetFaults(actual: ReadonlyMap<string, Item>, expected: ReadonlyMap<string, Item>): string[] {
  const keys = new Map<string, ItemKey>([...expected, ...actual]);
  return [...keys].flatMap(([name, key]) => itemFaults(key, actual.get(name), expected.get(name)));
}

export const counterName = (key: ItemKey, counter: string) => `${counter} of ${nameOf(key)}`;

/** Returns the counters that the items hold, by name. */
export function countersIn(items: readonly Item[]): Map<string, unknown> {
  return new Map(
    items.flatMap(({ pk, sk, revision, ...counters }) =>
      Object.entries(counters).map(([counter, n]) => [counterName({ pk, sk }, counter), n] as const),
    ),
  );
}

export function increment(counters: Map<string, number>, name: string): void {
  counters.set(name, (counters.get(name) ?? 0) + 1);
}
