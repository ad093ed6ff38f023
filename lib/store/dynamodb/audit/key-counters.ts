import { grantIn } from '../../audit.ts';
import { granteeOf, heldCounters } from '../../principals.ts';
import type { Grant } from '../../store.ts';
import type { Item } from '../item.ts';
import { at } from '../schema.ts';
import type { Table } from '../table.ts';
import type { KeyGrants } from './key-grants.ts';
import { type Compared, compareCounters } from './settled.ts';
import { count, counterName, countersIn, walk } from './walk.ts';

/**
 * Compares what is counted of a key's grants with its list of them, put right as the grants themselves have shown. The
 * list is read anew and at one revision of the key: to look at each grant takes longer than a key in use stays the same.
 */
export function auditKeyCounters(table: Table, keyId: string, grants: KeyGrants): Promise<Compared> {
  const own = at.key(keyId);
  const revision = async () => (await table.get(own))?.['revision'];
  return compareCounters(async () => {
    const before = await revision();
    const expected = new Map<string, number>();
    for await (const page of walk(table, own.pk, 'grant#', 'grant#~')) {
      const listed = page.filter(({ sk }) => !grants.unexplained.has(sk));
      for (const { wire } of listed) add(expected, keyId, grantIn(wire));
    }
    for (const grant of grants.unlisted) add(expected, keyId, grant);
    const found: Item[] = [];
    for await (const page of walk(table, own.pk, 'held#', own.sk)) found.push(...page.map(countersOnly));
    // Of a key that is gone nothing is counted; that it should be there is told elsewhere.
    if (!found.some(({ sk }) => sk === own.sk)) expected.delete(counterName(own, 'grantCount'));
    const after = await revision();
    return { found: countersIn(found), expected, hasChanged: () => before !== after };
  });
}

function add(counters: Map<string, number>, keyId: string, grant: Grant | undefined): void {
  count(counters, counterName(at.key(keyId), 'grantCount'));
  if (!grant) return;
  for (const operation of heldCounters(grant)) {
    count(counters, counterName(at.held(keyId, granteeOf(grant)), operation));
  }
}

function countersOnly(item: Item): Item {
  const { pk, sk, grantCount } = item;
  return sk.startsWith('held#') ? item : { pk, sk, grantCount };
}
