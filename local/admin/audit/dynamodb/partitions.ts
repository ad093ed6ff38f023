/** How the audit reads, partition by partition and without a scan, and how it names what it finds. */

import type { Attributes, Item, ItemKey } from '../../../../lib/store/dynamodb/item.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { difference } from '../audit.ts';

/** As many items as one BatchGetItem takes. */
const PAGE = 100;

/** Less and more than every sort key. */
const FIRST = '\u0000';
const LAST = '\u{10ffff}';

/** Everything in a partition, or between two sort keys of it, a page at a time. */
export async function* pagesOfPartition(table: Table, pk: string, first = FIRST, to = LAST): AsyncGenerator<Item[]> {
  for (let from = first; ; ) {
    const page = await table.query({ pk, from, to, limit: PAGE });
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
    from = `${page.at(-1)?.sk}${FIRST}`;
  }
}

/** The whole of a partition, where that is little. */
export async function readPartition(table: Table, pk: string): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pagesOfPartition(table, pk)) items.push(...page);
  return items;
}

/** The items at these places that are there, by their names. */
export async function lookUp(table: Table, places: readonly ItemKey[]): Promise<Map<string, Item>> {
  const distinct = new Map(places.map(({ pk, sk }) => [`${pk} ${sk}`, { pk, sk }]));
  return byName(await table.getAll([...distinct.values()]));
}

export const nameOf = ({ pk, sk }: ItemKey) => `${pk} ${sk}`;

export const byName = <T extends ItemKey>(items: Iterable<T>) =>
  new Map([...items].map((item) => [nameOf(item), item]));

/** What an item holds besides its place. */
export function contentOf(item: Attributes | undefined): string | undefined {
  if (!item) return undefined;
  const { pk, sk, ...content } = item;
  return JSON.stringify(Object.fromEntries(Object.entries(content).sort()));
}

/** Where the item at a place is not as it should be; undefined stands for nothing there. */
export function itemFaults(place: ItemKey, found: Attributes | undefined, expected: Attributes | undefined): string[] {
  return difference(nameOf(place), contentOf(found), contentOf(expected));
}

/** The same for all items of a kind: those that are there and those that should be. */
export function allFaults(found: ReadonlyMap<string, Item>, expected: ReadonlyMap<string, Item>): string[] {
  const places = new Map<string, ItemKey>([...expected, ...found]);
  return [...places].flatMap(([name, place]) => itemFaults(place, found.get(name), expected.get(name)));
}

export const counterName = (place: ItemKey, counter: string) => `${counter} of ${nameOf(place)}`;

/** The counters that items hold, by their names. */
export function countersIn(items: readonly Item[]): Map<string, unknown> {
  return new Map(
    items.flatMap(({ pk, sk, revision, ...counters }) =>
      Object.entries(counters).map(([counter, n]) => [counterName({ pk, sk }, counter), n] as const),
    ),
  );
}

/** Adds one. */
export function count(counters: Map<string, number>, name: string): void {
  counters.set(name, (counters.get(name) ?? 0) + 1);
}
