import type { Grant } from '../../../../lib/domain/model.ts';
import { listNamesOf } from '../../../../lib/domain/principals.ts';
import type { Item } from '../../../../lib/store/dynamodb/item.ts';
import { itemKey } from '../../../../lib/store/dynamodb/schema.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { ACTION, difference, grantIn, lifecycleFaults } from '../audit.ts';
import { missingEvents } from './events.ts';
import { itemFaults, lookUp, nameOf, readPartition } from './partitions.ts';

/** Where a grant belongs. */
export interface GrantPlace {
  projectId: string;
  keyId: string;
  grantId: string;
}

export interface GrantAudit {
  /** Undefined when it is gone, or is another than it should be. */
  grant: Grant | undefined;
  /** Whether it is in its key's list, as it is. */
  isListed: boolean;
  /** The lists across keys that should have it, and have not. */
  missingRetirers: string[];
  faults: string[];
}

/**
 * Compares a grant, there or gone, with its index rows and events.
 * @param told events of it, as the key has them: where the grant lacks one, the story is whole all the same
 */
export async function auditGrant(table: Table, place: GrantPlace, told: readonly Item[]): Promise<GrantAudit> {
  const { projectId, keyId, grantId } = place;
  const own = itemKey.grant(grantId);
  const items = await readPartition(table, own.pk);
  const item = items.find(({ sk }) => sk === own.sk);
  const events = items.filter(({ sk }) => sk.startsWith('event#'));
  const others = items.filter((one) => one !== item && !events.includes(one));
  const grant = grantOf(item, place);
  // What only a row names, and is not the key's, is audited with its own key; the row is told by whoever has it.
  if (!grant && told.length === 0) return { grant, isListed: false, missingRetirers: [], faults: [] };
  const rows = item && grant ? rowsOf(projectId, grant, String(item['wire'])) : [];
  const [found, missing] = await Promise.all([lookUp(table, rows), missingEvents(table, projectId, keyId, events)]);
  return {
    grant,
    isListed: found.get(nameOf(itemKey.grantOfKey(keyId, grantId)))?.['wire'] === item?.['wire'],
    missingRetirers: (grant ? listNamesOf(grant) : []).filter(
      (who) => !found.has(nameOf(itemKey.retirable(projectId, who, grantId))),
    ),
    faults: [
      ...others.flatMap((other) => itemFaults(other, other, undefined)),
      ...(item ? itemFaults(own, item, grant ? { projectId, wire: item['wire'] } : { ...place }) : []),
      ...rows.flatMap((row) => itemFaults(row, found.get(nameOf(row)), row)),
      ...missing,
      ...eventFaults(grantId, item, [...told, ...events]),
    ],
  };
}

function grantOf(item: Item | undefined, { keyId, grantId }: GrantPlace): Grant | undefined {
  const grant = item && grantIn(item['wire']);
  return grant?.grant_id === grantId && grant.key_id === keyId ? grant : undefined;
}

/** The rows that a living grant is found by. */
function rowsOf(projectId: string, grant: Grant, wire: string): Item[] {
  const { key_id: keyId, grant_id: grantId, grantee_principal: grantee } = grant;
  return [
    { ...itemKey.grantOfKey(keyId, grantId), wire },
    { ...itemKey.grantOfGrantee(keyId, grantee, grantId), wire },
    ...listNamesOf(grant).map((who) => ({ ...itemKey.retirable(projectId, who, grantId), wire })),
  ];
}

/** The events tell of its coming and, once it is gone, of its going; all of them tell the same grant. */
function eventFaults(grantId: string, item: Item | undefined, copies: readonly Item[]): string[] {
  const told = copies.filter(({ failure }) => failure === undefined);
  const events = [...new Map(told.map((event) => [event.sk, event])).values()];
  const made = events.filter(({ action }) => action === ACTION.createGrant);
  const wire = item?.['wire'] ?? made[0]?.['wire'];
  return [
    ...lifecycleFaults(nameOf(itemKey.grant(grantId)), item !== undefined, made.length, events.length - made.length),
    ...events.flatMap((event) => difference(`wire of ${nameOf(event)}`, event['wire'], wire)),
  ];
}
