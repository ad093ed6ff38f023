import type { Item, ItemKey } from '../../../../lib/store/dynamodb/item.ts';
import { viewOf } from '../../../../lib/store/dynamodb/keys.ts';
import { itemKey } from '../../../../lib/store/dynamodb/schema.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { counterFaults } from '../audit.ts';
import { byName, counterName, countersIn, getItems, increment, itemSetFaults, readPartition } from './partitions.ts';
import { auditWhenStable } from './stable-read.ts';

interface KeyListsAudit {
  /** The project's keys that exist. */
  keys: Item[];
  faults: string[];
}

/**
 * Compares a project's lists of keys, their counters and the aliases with the keys themselves.
 * @param knownIds ids of keys to read in addition to those that the lists name
 */
export function auditKeyLists(table: Table, projectId: string, knownIds: readonly string[]): Promise<KeyListsAudit> {
  const countersKey = itemKey.keyCounts(projectId);
  const readRevision = async () => String((await table.get(countersKey))?.['revision']);
  return auditWhenStable(readRevision, async () => {
    const items = await readPartition(table, countersKey.pk);
    const ids = new Set([...knownIds, ...items.map(({ keyId }) => String(keyId))]);
    const existing = [...(await getItems(table, [...ids].map(itemKey.key))).values()];
    const keys = existing.filter((key) => key['projectId'] === projectId);
    const counters = items.filter(({ sk }) => sk === countersKey.sk);
    const rows = items.filter(({ sk }) => sk !== countersKey.sk);
    const expected = new Map<string, number>();
    for (const view of keys.flatMap(viewsOf)) increment(expected, counterName(countersKey, view));
    return {
      keys,
      faults: [
        ...itemSetFaults(byName(rows), byName(keys.flatMap(rowsOf))),
        ...counterFaults(countersIn(counters), expected),
      ],
    };
  });
}

/** Compares the list of keys to be deleted with the deletion dates of the keys. */
export async function auditDue(table: Table, keys: readonly Item[]): Promise<string[]> {
  const expected = keys
    .filter((key) => key['deletionAtMs'] !== 0)
    .map(({ keyId, deletionAtMs }) => ({ ...itemKey.due(Number(deletionAtMs), String(keyId)), keyId }));
  return itemSetFaults(byName(await readPartition(table, itemKey.due(0, '').pk)), byName(expected));
}

const viewsOf = ({ keySpec, state }: Item) =>
  [String(keySpec), undefined].flatMap((spec) => [viewOf(spec, String(state)), viewOf(spec, undefined)]);

function rowsOf(key: Item): Item[] {
  const [projectId, keyId] = [String(key['projectId']), String(key['keyId'])];
  const listed: ItemKey[] = viewsOf(key).map((view) => itemKey.keyInList(projectId, view, keyId));
  return [...listed, itemKey.alias(projectId, String(key['alias']))].map((row) => ({ ...row, keyId }));
}
