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
  unlisted: readonly Grant[];
}

/** Compares what is listed for someone to retire with the grants themselves, and its counts with both. */
export function auditRetirable(table: Table, retirer: Retirer): Promise<{ faults: string[] }> {
  const { projectId, names } = retirer;
  const places = [...names].flatMap((name) => at.retirableCounts(projectId, name));
  const counts = () => table.getAll(places);
  const revisions = async () => (await counts()).map(({ pk, revision }) => `${pk} ${revision}`).join();
  return settled(revisions, async () => {
    const expected = new Map<string, number>();
    const faults: string[] = [];
    const add = (grant: Grant) => {
      for (const name of retirableCounters(grant).filter((counter) => names.has(counter))) {
        count(expected, counterName(at.retirableCount(projectId, name, grant.key_id), 'n'));
      }
    };
    for await (const page of walk(table, at.retirable(projectId, retirer.principal, '').pk)) {
      const grants = await lookUp(
        table,
        page.map(({ sk }) => at.grant(sk)),
      );
      for (const row of page) {
        const grant = grantOf(grants.get(nameOf(at.grant(row.sk))), retirer);
        if (grant) add(grant);
        else faults.push(...itemFaults(row, row, undefined));
      }
    }
    for (const grant of retirer.unlisted) add(grant);
    return { faults: [...faults, ...counterFaults(countersIn(await counts()), expected)] };
  });
}

/** The grant, if it is one of the project's that they may retire. */
function grantOf(item: Item | undefined, { projectId, principal }: Retirer): Grant | undefined {
  const grant = item?.['projectId'] === projectId ? grantIn(item['wire']) : undefined;
  return grant && [...retirersOf(grant)].some((one) => one === principal) ? grant : undefined;
}
