import { listCounterNames } from '../../../../lib/domain/principals.ts';
import type { Item, ItemKey } from '../../../../lib/store/dynamodb/item.ts';
import { itemKey, rangeOf } from '../../../../lib/store/dynamodb/schema.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { ACTION, grantIn } from '../audit.ts';
import { itemFaults, lookUp, nameOf, pagesOfPartition } from './partitions.ts';

export interface EventsAudit {
  events: number;
  /** The keys that there ever were, each with the events of its own coming and going. */
  keys: Map<string, Item[]>;
  /** The lists across keys that there could ever be, each with the names under which it is counted. */
  retirers: Map<string, Set<string>>;
  faults: string[];
}

/** Compares a project's events with their copies. Events are never deleted: they name all that there ever was. */
export async function auditEvents(table: Table, projectId: string): Promise<EventsAudit> {
  const audit: EventsAudit = { events: 0, keys: new Map(), retirers: new Map(), faults: [] };
  for (const { pk } of rangeOf.eventsOfProject(projectId)) {
    for await (const page of pagesOfPartition(table, pk)) {
      const found = await lookUp(table, page.flatMap(copiesOf));
      for (const event of page) {
        const isInPlace = nameOf(placeOf(projectId, String(event['keyId']), event)) === nameOf(event);
        if (isInPlace) remember(audit, event);
        else audit.faults.push(...itemFaults(event, event, undefined));
        for (const copy of isInPlace ? copiesOf(event) : []) {
          audit.faults.push(...itemFaults(copy, found.get(nameOf(copy)), event));
        }
      }
    }
  }
  return audit;
}

/** Those of a key's events, given as the key or a grant has them, that the project does not have. */
export async function missingEvents(table: Table, projectId: string, keyId: string, copies: readonly Item[]) {
  const places = copies.map((copy) => placeOf(projectId, keyId, copy));
  const found = await lookUp(table, places);
  return places.flatMap((place, index) =>
    found.has(nameOf(place)) ? [] : itemFaults(place, undefined, copies[index]),
  );
}

const idOf = ({ sk }: ItemKey) => sk.slice(sk.indexOf('#') + 1);

const placeOf = (projectId: string, keyId: string, event: ItemKey) =>
  itemKey.eventOfProject(projectId, keyId, idOf(event));

function copiesOf(event: Item): ItemKey[] {
  const { projectId, keyId, wire } = event;
  const grant = wire === undefined ? undefined : grantIn(wire);
  const grantId = grant?.grant_id ?? event['grantId'];
  return [
    itemKey.eventOfKey(String(keyId), idOf(event)),
    ...(grantId === undefined ? [] : [itemKey.eventOfGrant(String(grantId), idOf(event))]),
    ...(grant ? [itemKey.eventOfGrantee(String(projectId), grant.grantee_principal, idOf(event))] : []),
  ];
}

function remember(audit: EventsAudit, event: Item): void {
  audit.events += 1;
  // What another KMS has made or taken away is not here; what failed has changed nothing.
  if (event['upstreamRequestId'] !== undefined || event['failure'] !== undefined) return;
  const { keyId, wire } = event;
  const known = audit.keys.get(String(keyId)) ?? [];
  audit.keys.set(String(keyId), isOfKey(event) ? [...known, event] : known);
  const grant = wire === undefined ? undefined : grantIn(wire);
  for (const name of grant ? listCounterNames(grant) : []) {
    const retirer = name.replace(/\+.*/, '');
    audit.retirers.set(retirer, (audit.retirers.get(retirer) ?? new Set()).add(name));
  }
}

/** Whether it tells of the key's own coming or going. */
export const isOfKey = ({ action, wire }: Item) =>
  wire === undefined && (action === ACTION.createKey || action === ACTION.deleteKey);
