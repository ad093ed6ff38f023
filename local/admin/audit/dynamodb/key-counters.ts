import type { Grant } from '../../../../lib/domain/model.ts';
import { granteeOf, heldCounterNames } from '../../../../lib/domain/principals.ts';
import type { Item } from '../../../../lib/store/dynamodb/item.ts';
import { itemKey } from '../../../../lib/store/dynamodb/schema.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { grantIn } from '../audit.ts';
import type { KeyGrants } from './key-grants.ts';
import { count, counterName, countersIn, pagesOfPartition } from './partitions.ts';
import { type Compared, compareCounters } from './stable-read.ts';

/**
 * Compares what is counted of a key's grants with its list of them, put right as the grants themselves have shown. The
 * list is read anew and at one revision of the key: to look at each grant takes longer than a key in use stays the same.
 */
export function auditKeyCounters(table: Table, keyId: string, grants: KeyGrants): Promise<Compared> {
  const own = itemKey.key(keyId);
  const revision = async () => (await table.get(own))?.['revision'];
  return compareCounters(async () => {
    const before = await revision();
    const expected = new Map<string, number>();
    for await (const page of pagesOfPartition(table, own.pk, 'grant#', 'grant#~')) {
      const listed = page.filter(({ sk }) => !grants.unexplained.has(sk));
      for (const { wire } of listed) add(expected, keyId, grantIn(wire));
    }
    for (const grant of grants.unlisted) add(expected, keyId, grant);
    const found: Item[] = [];
    for await (const page of pagesOfPartition(table, own.pk, 'held#', own.sk)) found.push(...page.map(countersOnly));
    // Of a key that is gone nothing is counted; that it should be there is told elsewhere.
    if (!found.some(({ sk }) => sk === own.sk)) expected.delete(counterName(own, 'grantCount'));
    const after = await revision();
    return { found: countersIn(found), expected, hasChanged: () => before !== after };
  });
}

function add(counters: Map<string, number>, keyId: string, grant: Grant | undefined): void {
  count(counters, counterName(itemKey.key(keyId), 'grantCount'));
  if (!grant) return;
  for (const operation of heldCounterNames(grant)) {
    count(counters, counterName(itemKey.held(keyId, granteeOf(grant)), operation));
  }
}

function countersOnly(item: Item): Item {
  const { pk, sk, grantCount } = item;
  return sk.startsWith('held#') ? item : { pk, sk, grantCount };
}
