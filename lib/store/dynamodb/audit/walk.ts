/** How the audit reads: whole partitions in pages, and many items by their keys. */
import type { Attributes, Item, ItemKey } from '../item.ts';
import { difference } from '../../audit.ts';
import type { Table } from '../table.ts';

/** As many items as one BatchGetItem takes. */
const PAGE = 100;

const AT_ONCE = 16;

/** Less and more than every sort key. */
const FIRST = '\u0000';
const LAST = '\u{10ffff}';

/** Looks again, so often at most, at what is being changed. */
const LOOKS = 5;

/** Everything in a partition, a page at a time. */
export async function* walk(table: Table, pk: string): AsyncGenerator<Item[]> {
  let from = FIRST;
  for (;;) {
    const page = await table.query({ pk, from, to: LAST, limit: PAGE });
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
    from = `${page.at(-1)?.sk}${FIRST}`;
  }
}

/** The whole of a partition that is small. */
export async function readAll(table: Table, pk: string): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of walk(table, pk)) items.push(...page);
  return items;
}

/** The items at these places that are there, by their names. */
export async function lookUp(table: Table, places: readonly ItemKey[]): Promise<Map<string, Item>> {
  const distinct = new Map(places.map((place) => [nameOf(place), place]));
  const found = await table.getAll([...distinct.values()]);
  return new Map(found.map((item) => [nameOf(item), item]));
}

/** Works on all, at most 16 at once. @returns the results in the order of the items */
export async function each<T, R>(items: Iterable<T>, work: (item: T) => Promise<R>): Promise<R[]> {
  const [all, results]: [T[], R[]] = [[...items], []];
  for (let from = 0; from < all.length; from += AT_ONCE) {
    results.push(...(await Promise.all(all.slice(from, from + AT_ONCE).map(work))));
  }
  return results;
}

/** How a fault names an item. */
export const nameOf = ({ pk, sk }: ItemKey) => `${pk} ${sk}`;

/** What an item holds besides its place, to compare and to tell. */
export function contentOf(item: Attributes | undefined): string | undefined {
  if (!item) return undefined;
  const { pk, sk, ...content } = item;
  return JSON.stringify(Object.fromEntries(Object.entries(content).sort()));
}

/** What a fault tells of an item that is not as it should be. */
export function itemFaults(place: ItemKey, found: Attributes | undefined, expected: Attributes | undefined): string[] {
  return difference(nameOf(place), contentOf(found), contentOf(expected));
}

/** The counters among what an item holds, those at 0 left out. */
export function countersOf(item: Item | undefined): [string, number][] {
  const { pk, sk, revision, ...content } = item ?? ({} as Item);
  return Object.entries(content).filter((counter): counter is [string, number] => counter[1] !== 0);
}

/**
 * What `look` finds, once nothing has changed while it looked, or after a few tries.
 * @param version of what it looks at, another after each change
 */
export async function settled<T extends { faults: string[] }>(
  version: () => Promise<string>,
  look: () => Promise<T>,
): Promise<T> {
  for (let left = LOOKS; ; left -= 1) {
    const before = await version();
    const seen = await look();
    if (seen.faults.length === 0 || left === 1 || before === (await version())) return seen;
  }
}
