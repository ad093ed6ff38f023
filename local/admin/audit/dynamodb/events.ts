import { listCounterNames } from '../../../../lib/domain/principals.ts';
import type { Item, ItemKey } from '../../../../lib/store/dynamodb/item.ts';
import { itemKey, rangeOf } from '../../../../lib/store/dynamodb/schema.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { ACTION, parseStoredGrant } from '../audit.ts';
import { getItems, itemFaults, nameOf, pagesOfPartition } from './partitions.ts';

interface EventsAudit {
  count: number;
  /** By id of each key that ever existed: the events of its creation and deletion. */
  keyLifecycles: Map<string, Item[]>;
  /** By name of each list across keys that ever had a grant: the names of its counters. */
  retirableLists: Map<string, Set<string>>;
  faults: string[];
}

/** Compares a project's events with their copies. Events are never deleted, so they name all that ever existed. */
export async function auditEvents(table: Table, projectId: string): Promise<EventsAudit> {
  const audit: EventsAudit = { count: 0, keyLifecycles: new Map(), retirableLists: new Map(), faults: [] };
  for (const { pk } of rangeOf.eventsOfProject(projectId)) {
    for await (const page of pagesOfPartition(table, pk)) {
      const copies = await getItems(table, page.flatMap(copiesOf));
      for (const event of page) {
        const isInRightShard = nameOf(projectEventKey(projectId, String(event['keyId']), event)) === nameOf(event);
        if (isInRightShard) addEvent(audit, event);
        else audit.faults.push(...itemFaults(event, event, undefined));
        for (const copy of isInRightShard ? copiesOf(event) : []) {
          audit.faults.push(...itemFaults(copy, copies.get(nameOf(copy)), event));
        }
      }
    }
  }
  return audit;
}

/** The faults of events that a key's or grant's partition holds and the project's partition lacks. */
export async function missingEvents(table: Table, projectId: string, keyId: string, copies: readonly Item[]) {
  const keys = copies.map((copy) => projectEventKey(projectId, keyId, copy));
  const existing = await getItems(table, keys);
  return keys.flatMap((key, index) => (existing.has(nameOf(key)) ? [] : itemFaults(key, undefined, copies[index])));
}

const idOf = ({ sk }: ItemKey) => sk.slice(sk.indexOf('#') + 1);

const projectEventKey = (projectId: string, keyId: string, event: ItemKey) =>
  itemKey.eventOfProject(projectId, keyId, idOf(event));

function copiesOf(event: Item): ItemKey[] {
  const { projectId, keyId, wire } = event;
  const grant = wire === undefined ? undefined : parseStoredGrant(wire);
  const grantId = grant?.grant_id ?? event['grantId'];
  return [
    itemKey.eventOfKey(String(keyId), idOf(event)),
    ...(grantId === undefined ? [] : [itemKey.eventOfGrant(String(grantId), idOf(event))]),
    ...(grant ? [itemKey.eventOfGrantee(String(projectId), grant.grantee_principal, idOf(event))] : []),
  ];
}

function addEvent(audit: EventsAudit, event: Item): void {
  audit.count += 1;
  // Neither an upstream KMS's change nor a failed attempt changed a key or grant of this table.
  if (['upstreamRequestId', 'failure', 'isObserved'].some((name) => event[name] !== undefined)) return;
  const { keyId, wire } = event;
  const lifecycle = audit.keyLifecycles.get(String(keyId)) ?? [];
  audit.keyLifecycles.set(String(keyId), isKeyLifecycleEvent(event) ? [...lifecycle, event] : lifecycle);
  const grant = wire === undefined ? undefined : parseStoredGrant(wire);
  for (const name of grant ? listCounterNames(grant) : []) {
    const listName = name.replace(/\+.*/, '');
    audit.retirableLists.set(listName, (audit.retirableLists.get(listName) ?? new Set()).add(name));
  }
}

/** Whether the event records the creation or deletion of a key. */
export const isKeyLifecycleEvent = ({ action, wire }: Item) =>
  wire === undefined && (action === ACTION.createKey || action === ACTION.deleteKey);
