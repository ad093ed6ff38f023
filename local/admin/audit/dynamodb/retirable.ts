import type { Grant } from '../../../../lib/domain/model.ts';
import { listCounterNames, listNamesOf } from '../../../../lib/domain/principals.ts';
import type { Item } from '../../../../lib/store/dynamodb/item.ts';
import { itemKey } from '../../../../lib/store/dynamodb/schema.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { grantIn } from '../audit.ts';
import { count, counterName, countersIn, itemFaults, lookUp, nameOf, pagesOfPartition } from './partitions.ts';
import { type Compared, type Counted, compareCounters } from './stable-read.ts';

/** A list of grants across the keys of a project: of someone who could ever retire one, or of a grantee. */
export interface Retirer {
  projectId: string;
  /** The list's name. */
  principal: string;
  /** The names under which what is in it is counted. */
  names: ReadonlySet<string>;
  /** Grants that should be among their rows and are not: they are counted all the same. */
  missing: readonly Grant[];
}

/** Compares what is listed for someone with the grants themselves, and its counts with both. */
export async function auditRetirable(table: Table, retirer: Retirer): Promise<Compared> {
  const faults: string[] = [];
  const unexplained = new Set<string>();
  const missing = [...retirer.missing];
  for await (const page of pagesOfPartition(table, pkOf(retirer))) {
    const grants = await lookUp(
      table,
      page.map(({ sk }) => itemKey.grant(sk)),
    );
    for (const row of page) {
      const item = grants.get(nameOf(itemKey.grant(row.sk)));
      const grant = grantOf(retirer, item);
      if (grant && item?.['wire'] === row['wire']) continue;
      unexplained.add(row.sk);
      // A row that holds another grant is told with its own grant.
      if (grant) missing.push(grant);
      else faults.push(...itemFaults(row, row, undefined));
    }
  }
  const counted = await compareCounters(() => countAnew(table, { ...retirer, missing }, unexplained));
  return { ...counted, faults: faults.concat(counted.faults) };
}

/** Counts the list as the grants have shown it to be; each count changes with whatever it counts. */
async function countAnew(table: Table, retirer: Retirer, unexplained: ReadonlySet<string>): Promise<Counted> {
  const { projectId, names, missing } = retirer;
  const counts = () => table.getAll([...names].flatMap((name) => itemKey.retirableCounts(projectId, name)));
  const expected = new Map<string, number>();
  const add = (grant: Grant | undefined) => {
    for (const name of grant ? listCounterNames(grant).filter((counter) => names.has(counter)) : []) {
      count(expected, counterName(itemKey.retirableCount(projectId, name, String(grant?.key_id)), 'n'));
    }
  };
  const before = await counts();
  for await (const page of pagesOfPartition(table, pkOf(retirer))) {
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

const pkOf = ({ projectId, principal }: Retirer) => itemKey.retirable(projectId, principal, '').pk;

/** The grant, if it is one of the project's that belongs in the list. */
function grantOf({ projectId, principal }: Retirer, item: Item | undefined): Grant | undefined {
  const grant = item?.['projectId'] === projectId ? grantIn(item['wire']) : undefined;
  return grant && listNamesOf(grant).includes(principal) ? grant : undefined;
}
