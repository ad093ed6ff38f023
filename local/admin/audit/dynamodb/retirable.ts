import type { Grant } from '../../../../lib/domain/model.ts';
import { listCounterNames, listNamesOf } from '../../../../lib/domain/principals.ts';
import type { Item } from '../../../../lib/store/dynamodb/item.ts';
import { itemKey } from '../../../../lib/store/dynamodb/schema.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { parseStoredGrant } from '../audit.ts';
import { counterName, countersIn, getItems, increment, itemFaults, nameOf, pagesOfPartition } from './partitions.ts';
import { type CounterAudit, type CounterValues, compareCounters } from './stable-read.ts';

/** A list of a project's grants across keys: the grants that a principal may retire, or those of a grantee. */
interface RetirableList {
  projectId: string;
  listName: string;
  /** The names of the counters that count the list's grants. */
  counterNames: ReadonlySet<string>;
  /** Grants that are missing from the list and still included in the counters. */
  missing: readonly Grant[];
}

/** Compares the rows of a list of grants across keys with the grants, and the list's counters with their number. */
export async function auditRetirable(table: Table, list: RetirableList): Promise<CounterAudit> {
  const faults: string[] = [];
  const faultyRows = new Set<string>();
  const missing = [...list.missing];
  for await (const page of pagesOfPartition(table, partitionOf(list))) {
    const grants = await getItems(
      table,
      page.map(({ sk }) => itemKey.grant(sk)),
    );
    for (const row of page) {
      const item = grants.get(nameOf(itemKey.grant(row.sk)));
      const grant = grantOf(list, item);
      if (grant && item?.['wire'] === row['wire']) continue;
      faultyRows.add(row.sk);
      // The audit of the grant reports a row that holds the text of another grant.
      if (grant) missing.push(grant);
      else faults.push(...itemFaults(row, row, undefined));
    }
  }
  const counters = await compareCounters(() => readCounters(table, { ...list, missing }, faultyRows));
  return { ...counters, faults: faults.concat(counters.faults) };
}

/** Counts the list again, without its faulty rows and with the missing ones. Each change raises a revision. */
async function readCounters(
  table: Table,
  list: RetirableList,
  faultyRows: ReadonlySet<string>,
): Promise<CounterValues> {
  const { projectId, counterNames, missing } = list;
  const read = () => table.getAll([...counterNames].flatMap((name) => itemKey.retirableCounts(projectId, name)));
  const expected = new Map<string, number>();
  const countGrant = (grant: Grant | undefined) => {
    for (const name of grant ? listCounterNames(grant).filter((counter) => counterNames.has(counter)) : []) {
      increment(expected, counterName(itemKey.retirableCount(projectId, name, String(grant?.key_id)), 'n'));
    }
  };
  const before = await read();
  for await (const page of pagesOfPartition(table, partitionOf(list))) {
    for (const { sk, wire } of page) if (!faultyRows.has(sk)) countGrant(parseStoredGrant(wire));
  }
  for (const grant of missing) countGrant(grant);
  const after = await read();
  const [revisionsBefore, revisionsAfter] = [revisionsOf(before), revisionsOf(after)];
  const hasChanged = (name: string) => revisionsBefore.get(name) !== revisionsAfter.get(name);
  return { actual: countersIn(after), expected, hasChanged };
}

const revisionsOf = (counters: readonly Item[]) =>
  new Map(counters.map((item) => [counterName(item, 'n'), item['revision']]));

const partitionOf = ({ projectId, listName }: RetirableList) => itemKey.retirable(projectId, listName, '').pk;

/** Returns the grant if it belongs to the project and to the list. */
function grantOf({ projectId, listName }: RetirableList, item: Item | undefined): Grant | undefined {
  const grant = item?.['projectId'] === projectId ? parseStoredGrant(item['wire']) : undefined;
  return grant && listNamesOf(grant).includes(listName) ? grant : undefined;
}
