import { counterFaults, grantIn } from '../../audit.ts';
import { retirableCounters, retirersOf } from '../../principals.ts';
import type { Grant } from '../../store.ts';
import type { Item } from '../item.ts';
import { at } from '../schema.ts';
import type { Table } from '../table.ts';
import { settled } from './settled.ts';
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
export async function auditRetirable(table: Table, retirer: Retirer): Promise<{ faults: string[] }> {
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
  const { faults } = await auditCounts(table, retirer, unexplained);
  return { faults: [...[...unexplained.values()].flatMap((row) => itemFaults(row, row, undefined)), ...faults] };
}

/** The list is read anew, while the counts stay the same: to look at each grant takes longer. */
function auditCounts(table: Table, retirer: Retirer, unexplained: ReadonlyMap<string, Item>) {
  const { projectId, names, missing } = retirer;
  const places = [...names].flatMap((name) => at.retirableCounts(projectId, name));
  const counts = () => table.getAll(places);
  const revisions = async () => (await counts()).map(({ pk, revision }) => `${pk} ${revision}`).join();
  return settled(revisions, async () => {
    const expected = new Map<string, number>();
    const add = (grant: Grant | undefined) => {
      for (const name of grant ? retirableCounters(grant).filter((counter) => names.has(counter)) : []) {
        count(expected, counterName(at.retirableCount(projectId, name, String(grant?.key_id)), 'n'));
      }
    };
    for await (const page of walk(table, pkOf(retirer))) {
      for (const { sk, wire } of page) if (!unexplained.has(sk)) add(grantIn(wire));
    }
    for (const grant of missing) add(grant);
    return { faults: counterFaults(countersIn(await counts()), expected) };
  });
}

const pkOf = ({ projectId, principal }: Retirer) => at.retirable(projectId, principal, '').pk;

/** Whether the item is a grant of the project that they may retire. */
function mayRetire({ projectId, principal }: Retirer, item: Item | undefined): boolean {
  const grant = item?.['projectId'] === projectId ? grantIn(item['wire']) : undefined;
  return grant !== undefined && [...retirersOf(grant)].some((one) => one === principal);
}
