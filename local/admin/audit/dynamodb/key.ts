import type { Item } from '../../../../lib/store/dynamodb/item.ts';
import { itemKey } from '../../../../lib/store/dynamodb/schema.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { ACTION, difference, lifecycleFaults } from '../audit.ts';
import { isOfKey, missingEvents } from './events.ts';
import { auditKeyCounters } from './key-counters.ts';
import { type KeyGrants, keyGrants } from './key-grants.ts';
import { nameOf, pagesOfPartition } from './partitions.ts';

export interface KeyAudit {
  grants: number;
  unretirable: KeyGrants['unretirable'];
  faults: string[];
  unsettled: number;
}

/**
 * Compares a key, there or gone, with all that is in its partition: grants, index rows, counters, events.
 * @param told events of its own coming and going, as the project has them
 */
export async function auditKey(
  table: Table,
  projectId: string,
  keyId: string,
  told: readonly Item[],
): Promise<KeyAudit> {
  const own = itemKey.key(keyId);
  const grants = keyGrants(table, projectId, keyId);
  const story = new Map(told.map((event) => [event.sk, event]));
  const faults: string[] = [];
  let key: Item | undefined;
  for await (const page of pagesOfPartition(table, own.pk)) {
    const events = page.filter(({ sk }) => sk.startsWith('event#'));
    faults.push(...(await missingEvents(table, projectId, keyId, events)));
    for (const event of events.filter(isOfKey)) story.set(event.sk, event);
    key ??= page.find(({ sk }) => sk === own.sk);
    await grants.meet(page.filter((item) => item !== key));
  }
  const counters = await auditKeyCounters(table, keyId, grants);
  const made = [...story.values()].filter(({ action }) => action === ACTION.createKey).length;
  return {
    grants: grants.total(),
    unretirable: grants.unretirable,
    faults: [
      ...lifecycleFaults(nameOf(own), key !== undefined, made, story.size - made),
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
  if (!key) return grants === 0 ? [] : difference(name, undefined, `there for its grants: ${grants}`);
  return [
    ...difference(`keyId of ${name}`, key['keyId'], keyId),
    ...difference(`projectId of ${name}`, key['projectId'], projectId),
  ];
}
