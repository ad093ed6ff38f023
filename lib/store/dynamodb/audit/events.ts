/** Events: the project's, with the copies of each that its key and its grant have. */
import { ACTION, grantIn, storyFaults } from '../../audit.ts';
import { retirableCounters } from '../../principals.ts';
import type { Item, ItemKey } from '../item.ts';
import { at, rangeOf } from '../schema.ts';
import type { Table } from '../table.ts';
import { itemFaults, lookUp, nameOf, walk } from './walk.ts';

export interface EventsAudit {
  events: number;
  /** Each key that there ever was, with the events of its own coming and going. */
  keys: Map<string, Item[]>;
  /** Whoever could ever retire a grant, with the names that what they may retire is counted under. */
  principals: Map<string, Set<string>>;
  faults: string[];
}

/** Compares each event of the project with its copies. Events are never deleted: they name all that there ever was. */
export async function auditEvents(table: Table, projectId: string): Promise<EventsAudit> {
  const audit: EventsAudit = { events: 0, keys: new Map(), principals: new Map(), faults: [] };
  for (const { pk } of rangeOf.eventsOfProject(projectId)) {
    for await (const page of walk(table, pk)) {
      audit.events += page.length;
      const places = page.map((event) => placesOf(projectId, event));
      const found = await lookUp(table, places.flatMap(({ copies }) => copies));
      for (const [index, event] of page.entries()) {
        const { own, copies } = places[index] as { own: ItemKey; copies: ItemKey[] };
        if (nameOf(own) !== nameOf(event)) audit.faults.push(...itemFaults(event, event, undefined));
        audit.faults.push(...copies.flatMap((copy) => itemFaults(copy, found.get(nameOf(copy)), event)));
        remember(audit, event);
      }
    }
  }
  return audit;
}
