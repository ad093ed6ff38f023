import { ACTION, difference, grantIn, storyFaults } from '../../audit.ts';
import { retirersOf } from '../../principals.ts';
import type { Grant, Principal } from '../../store.ts';
import type { Item, ItemKey } from '../item.ts';
import { at } from '../schema.ts';
import type { Table } from '../table.ts';
import { contentOf, eventIdOf, lookUp, nameOf, readAll } from './walk.ts';

/** Where a grant should be. */
export interface GrantPlace {
  projectId: string;
  keyId: string;
  grantId: string;
}

export interface GrantAudit {
  /** Undefined when it is gone, or is not what it should be. */
  grant: Grant | undefined;
  /** Who should have it among what they may retire, and has not. */
  unlisted: Principal[];
  faults: string[];
}

/**
 * Compares a grant, there or gone, with its index rows and events.
 * @param told events of it that the key has: where one copy is missing, the story is whole all the same
 */
export async function auditGrant(table: Table, place: GrantPlace, told: readonly Item[]): Promise<GrantAudit> {
  const { projectId, keyId, grantId } = place;
  const own = at.grant(grantId);
  const items = await readAll(table, own.pk);
  const item = items.find(({ sk }) => sk === own.sk);
  const events = items.filter(({ sk }) => sk.startsWith('event#'));
  const others = items.filter((one) => one !== item && !events.includes(one));

  const grant = item && soundGrant(item, place);
  const rows = grant ? rowsOf(projectId, grant) : [];
  const copies = events.map((event) => ({ event, copy: at.eventOfProject(projectId, keyId, eventIdOf(event)) }));
  const found = await lookUp(table, [...rows, ...copies.map(({ copy }) => copy)]);
  const wireAt = (row: ItemKey) => found.get(nameOf(row))?.['wire'];

  return {
    grant,
    unlisted: grant ? [...retirersOf(grant)].filter((who) => !wireAt(at.retirable(projectId, who, grantId))) : [],
    faults: [
      ...others.flatMap((other) => difference(nameOf(other), other, undefined)),
      ...(item && !grant ? [`${nameOf(own)} is ${contentOf(item)}, should be grant ${grantId} of key ${keyId}, project ${projectId}`] : []),
      ...rows.flatMap((row) => difference(nameOf(row), wireAt(row), item?.['wire'])),
      ...copies.flatMap(({ event, copy }) => found.has(nameOf(copy)) ? [] : difference(nameOf(copy), undefined, contentOf(event))),
      ...eventFaults(own, item, [...told, ...events]),
    ],
  };
}
