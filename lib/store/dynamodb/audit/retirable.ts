import { grantIn } from '../../audit.ts';
import { retirableCounters, retirersOf } from '../../principals.ts';
import type { Grant } from '../../store.ts';
import type { Item } from '../item.ts';
import { at } from '../schema.ts';
import type { Table } from '../table.ts';
import { type Compared, type Counted, compareCounters } from './settled.ts';
import { count, counterName, countersIn, itemFaults, lookUp, nameOf, walk } from './walk.ts';

/** Someone who could ever retire a grant of a project. */
export interface Retirer {
  projectId: string;
  principal: string;
  /** The names under which what they may retire is counted. */
  names: ReadonlySet<string>;
  /** Grants that should be among their rows and are not: they are counted all the same. */
  missing: readonly Grant[];
}

/** Compares what is listed for someone to retire with the grants themselves, and its counts with both. */
export async function auditRetirable(table: Table, retirer: Retirer): Promise<Compared> {
  const unexplained = new Map<string, Item>();
  for await (const page of walk(table, pkOf(retirer))) {
    const grants = await lookUp(
      table,
      page.map(({ sk }) => at.grant(sk)),
    );
    for (const row of page) {
      if (!mayRetire(retirer, grants.get(nameOf(at.grant(row.sk))))) unexplained.set(row.sk, row);
    }
  }
  const { faults, unsettled } = await compareCounters(() => countAnew(table, retirer, unexplained));
  return {
    faults: [...[...unexplained.values()].flatMap((row) => itemFaults(row, row, undefined)), ...faults],
    unsettled,
  };
}

/** Counts the list as the grants have shown it to be; each count changes with whatever it counts. */
async function countAnew(table: Table, retirer: Retirer, unexplained: ReadonlyMap<string, Item>): Promise<Counted> {
  const { projectId, names, missing } = retirer;
  const counts = () => table.getAll([...names].flatMap((name) => at.retirableCounts(projectId, name)));
  const expected = new Map<string, number>();
  const add = (grant: Grant | undefined) => {
    for (const name of grant ? retirableCounters(grant).filter((counter) => names.has(counter)) : []) {
      count(expected, counterName(at.retirableCount(projectId, name, String(grant?.key_id)), 'n'));
    }
  };
  const before = await counts();
  for await (const page of walk(table, pkOf(retirer))) {
    for (const { sk, wire } of page) if (!unexplained.has(sk)) add(grantIn(wire));
  }
  for (const grant of missing) add(grant);
  const after = await counts();
  const [asOfBefore, asOfAfter] = [revisionsOf(before), revisionsOf(after)];
  const hasChanged = (name: string) => asOfBefore.get(name) !== asOfAfter.get(name);
  return { found: countersIn(after), expected, hasChanged };
}

const revisionsOf = (counts: readonly Item[]) =>
  new Map(counts.map((place) => [counterName(place, 'n'), place['revision']]));

const pkOf = ({ projectId, principal }: Retirer) => at.retirable(projectId, principal, '').pk;

/** Whether the item is a grant of the project that they may retire. */
function mayRetire({ projectId, principal }: Retirer, item: Item | undefined): boolean {
  const grant = item?.['projectId'] === projectId ? grantIn(item['wire']) : undefined;
  return grant !== undefined && [...retirersOf(grant)].some((one) => one === principal);
}
