import type { Grant } from '../../../../lib/domain/model.ts';
import { listNamesOf } from '../../../../lib/domain/principals.ts';
import type { Item } from '../../../../lib/store/dynamodb/item.ts';
import { itemKey } from '../../../../lib/store/dynamodb/schema.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { ACTION, difference, lifecycleFaults, parseStoredGrant } from '../audit.ts';
import { missingEvents } from './events.ts';
import { getItems, itemFaults, nameOf, readPartition } from './partitions.ts';

interface GrantIds {
  projectId: string;
  keyId: string;
  grantId: string;
}

interface GrantAudit {
  /** Undefined if the grant does not exist, or if its item holds other ids. */
  grant: Grant | undefined;
  /** Whether the key's list has the grant, with the same text. */
  isListed: boolean;
  /** Names of the lists across keys that lack the grant. */
  missingLists: string[];
  faults: string[];
}

/**
 * Compares a grant, existing or removed, with its index rows and events.
 * @param keyEvents the grant's events in its key's partition; they count for the lifecycle even where the grant's
 *   partition lacks them
 */
export async function auditGrant(table: Table, ids: GrantIds, keyEvents: readonly Item[]): Promise<GrantAudit> {
  const { projectId, keyId, grantId } = ids;
  const grantKey = itemKey.grant(grantId);
  const items = await readPartition(table, grantKey.pk);
  const item = items.find(({ sk }) => sk === grantKey.sk);
  const events = items.filter(({ sk }) => sk.startsWith('event#'));
  const unexpected = items.filter((candidate) => candidate !== item && !events.includes(candidate));
  const grant = grantOf(item, ids);
  // Only an index row names this grant: it belongs to another key, which audits it, and the caller reports the row.
  if (!grant && keyEvents.length === 0) return { grant, isListed: false, missingLists: [], faults: [] };
  const rows = item && grant ? rowsOf(projectId, grant, String(item['wire'])) : [];
  const [existing, missing] = await Promise.all([
    getItems(table, rows),
    missingEvents(table, projectId, keyId, events),
  ]);
  return {
    grant,
    isListed: existing.get(nameOf(itemKey.grantOfKey(keyId, grantId)))?.['wire'] === item?.['wire'],
    missingLists: (grant ? listNamesOf(grant) : []).filter(
      (listName) => !existing.has(nameOf(itemKey.retirable(projectId, listName, grantId))),
    ),
    faults: [
      ...unexpected.flatMap((extra) => itemFaults(extra, extra, undefined)),
      ...(item ? itemFaults(grantKey, item, grant ? { projectId, wire: item['wire'] } : { ...ids }) : []),
      ...rows.flatMap((row) => itemFaults(row, existing.get(nameOf(row)), row)),
      ...missing,
      ...eventFaults(grantId, item, [...keyEvents, ...events]),
    ],
  };
}

function grantOf(item: Item | undefined, { keyId, grantId }: GrantIds): Grant | undefined {
  const grant = item && parseStoredGrant(item['wire']);
  return grant?.grant_id === grantId && grant.key_id === keyId ? grant : undefined;
}

/** The index rows that an existing grant must have. */
function rowsOf(projectId: string, grant: Grant, wire: string): Item[] {
  const { key_id: keyId, grant_id: grantId, grantee_principal: grantee } = grant;
  return [
    { ...itemKey.grantOfKey(keyId, grantId), wire },
    { ...itemKey.grantOfGrantee(keyId, grantee, grantId), wire },
    ...listNamesOf(grant).map((listName) => ({ ...itemKey.retirable(projectId, listName, grantId), wire })),
  ];
}

/**
 * Checks for one creation event, for one removal event if the grant was removed, and for the same grant text in each.
 */
function eventFaults(grantId: string, item: Item | undefined, copies: readonly Item[]): string[] {
  const successful = copies.filter(({ failure, isObserved }) => failure === undefined && !isObserved);
  const events = [...new Map(successful.map((event) => [event.sk, event])).values()];
  const creations = events.filter(({ action }) => action === ACTION.createGrant);
  const wire = item?.['wire'] ?? creations[0]?.['wire'];
  const removed = events.length - creations.length;
  return [
    ...lifecycleFaults(nameOf(itemKey.grant(grantId)), item !== undefined, creations.length, removed),
    ...events.flatMap((event) => difference(`wire of ${nameOf(event)}`, event['wire'], wire)),
  ];
}
