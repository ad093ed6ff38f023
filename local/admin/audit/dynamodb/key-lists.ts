import type { Item, ItemKey } from '../../../../lib/store/dynamodb/item.ts';
import { viewOf } from '../../../../lib/store/dynamodb/keys.ts';
import { itemKey } from '../../../../lib/store/dynamodb/schema.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { counterFaults } from '../audit.ts';
import { allFaults, byName, count, counterName, countersIn, lookUp, readPartition } from './partitions.ts';
import { readWhenStable } from './stable-read.ts';

export interface KeyListsAudit {
  /** The project's keys that are there. */
  keys: Item[];
  faults: string[];
}

/**
 * Compares a project's lists of keys, their counts and aliases with the keys themselves.
 * @param known ids of keys; those in the lists are looked at too
 */
export function auditKeyLists(table: Table, projectId: string, known: readonly string[]): Promise<KeyListsAudit> {
  const counts = itemKey.keyCounts(projectId);
  const revision = async () => String((await table.get(counts))?.['revision']);
  return readWhenStable(revision, async () => {
    const rows = await readPartition(table, counts.pk);
    const ids = new Set([...known, ...rows.map(({ keyId }) => String(keyId))]);
    const found = [...(await lookUp(table, [...ids].map(itemKey.key))).values()];
    const keys = found.filter((key) => key['projectId'] === projectId);
    const [counters, lists] = [rows.filter(({ sk }) => sk === counts.sk), rows.filter(({ sk }) => sk !== counts.sk)];
    const expected = new Map<string, number>();
    for (const view of keys.flatMap(viewsOf)) count(expected, counterName(counts, view));
    return {
      keys,
      faults: [
        ...allFaults(byName(lists), byName(keys.flatMap(rowsOf))),
        ...counterFaults(countersIn(counters), expected),
      ],
    };
  });
}

/** Compares the keys to be deleted with their dates. */
export async function auditDue(table: Table, keys: readonly Item[]): Promise<string[]> {
  const expected = keys
    .filter((key) => key['deletionAtMs'] !== 0)
    .map(({ keyId, deletionAtMs }) => ({ ...itemKey.due(Number(deletionAtMs), String(keyId)), keyId }));
  return allFaults(byName(await readPartition(table, itemKey.due(0, '').pk)), byName(expected));
}

const viewsOf = ({ keySpec, state }: Item) =>
  [String(keySpec), undefined].flatMap((spec) => [viewOf(spec, String(state)), viewOf(spec, undefined)]);

function rowsOf(key: Item): Item[] {
  const [projectId, keyId] = [String(key['projectId']), String(key['keyId'])];
  const places: ItemKey[] = viewsOf(key).map((view) => itemKey.keyInList(projectId, view, keyId));
  return [...places, itemKey.alias(projectId, String(key['alias']))].map((place) => ({ ...place, keyId }));
}
