import type { Item } from '../../../../lib/store/dynamodb/item.ts';
import { itemKey } from '../../../../lib/store/dynamodb/schema.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { ACTION, difference, lifecycleFaults } from '../audit.ts';
import { isKeyLifecycleEvent, missingEvents } from './events.ts';
import { auditKeyCounters } from './key-counters.ts';
import { type KeyGrants, keyGrants } from './key-grants.ts';
import { nameOf, pagesOfPartition } from './partitions.ts';

interface KeyAudit {
  grants: number;
  missingRetirable: KeyGrants['missingRetirable'];
  faults: string[];
  unsettled: number;
}

/**
 * Compares a key, existing or deleted, with everything in its partition: grants, index rows, counters, events.
 * @param projectEvents the events of its creation and deletion in the project's partition
 */
export async function auditKey(
  table: Table,
  projectId: string,
  keyId: string,
  projectEvents: readonly Item[],
): Promise<KeyAudit> {
  const itemOfKey = itemKey.key(keyId);
  const grants = keyGrants(table, projectId, keyId);
  const lifecycle = new Map(projectEvents.map((event) => [event.sk, event]));
  const faults: string[] = [];
  let key: Item | undefined;
  for await (const page of pagesOfPartition(table, itemOfKey.pk)) {
    const events = page.filter(({ sk }) => sk.startsWith('event#'));
    faults.push(...(await missingEvents(table, projectId, keyId, events)));
    for (const event of events.filter(isKeyLifecycleEvent)) lifecycle.set(event.sk, event);
    key ??= page.find(({ sk }) => sk === itemOfKey.sk);
    await grants.auditPage(page.filter((item) => item !== key));
  }
  const counters = await auditKeyCounters(table, keyId, grants);
  const created = [...lifecycle.values()].filter(({ action }) => action === ACTION.createKey).length;
  return {
    grants: grants.total(),
    missingRetirable: grants.missingRetirable,
    faults: [
      ...lifecycleFaults(nameOf(itemOfKey), key !== undefined, created, lifecycle.size - created),
      ...keyFaults(key, keyId, projectId, grants.total()),
      ...counters.faults,
      ...grants.faults,
      ...faults,
    ],
    unsettled: counters.unsettled,
  };
}

function keyFaults(key: Item | undefined, keyId: string, projectId: string, grants: number): string[] {
  const name = nameOf(itemKey.key(keyId));
  if (!key) return grants === 0 ? [] : difference(name, undefined, `present because it has grants: ${grants}`);
  return [
    ...difference(`keyId of ${name}`, key['keyId'], keyId),
    ...difference(`projectId of ${name}`, key['projectId'], projectId),
  ];
}
