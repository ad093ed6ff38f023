import type { Grant } from '../../../../lib/domain/model.ts';
import { granteeOf, heldCounterNames } from '../../../../lib/domain/principals.ts';
import type { Item } from '../../../../lib/store/dynamodb/item.ts';
import { itemKey } from '../../../../lib/store/dynamodb/schema.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { parseStoredGrant } from '../audit.ts';
import type { KeyGrants } from './key-grants.ts';
import { counterName, countersIn, increment, pagesOfPartition } from './partitions.ts';
import { type CounterAudit, compareCounters } from './stable-read.ts';

/**
 * Compares a key's counters with its list of grants, corrected by what the audit of the grants found. It reads the list
 * again at one revision of the key, because auditing each grant takes longer than a busy key stays unchanged.
 */
export function auditKeyCounters(table: Table, keyId: string, grants: KeyGrants): Promise<CounterAudit> {
  const key = itemKey.key(keyId);
  const readRevision = async () => (await table.get(key))?.['revision'];
  return compareCounters(async () => {
    const before = await readRevision();
    const expected = new Map<string, number>();
    for await (const page of pagesOfPartition(table, key.pk, 'grant#', 'grant#~')) {
      const listed = page.filter(({ sk }) => !grants.faultyRows.has(sk));
      for (const { wire } of listed) countGrant(expected, keyId, parseStoredGrant(wire));
    }
    for (const grant of grants.unlisted) countGrant(expected, keyId, grant);
    const counters: Item[] = [];
    for await (const page of pagesOfPartition(table, key.pk, 'held#', key.sk)) counters.push(...page.map(countersOnly));
    // A deleted key has no grant count; another check reports a key that is missing although it has grants.
    if (!counters.some(({ sk }) => sk === key.sk)) expected.delete(counterName(key, 'grantCount'));
    const after = await readRevision();
    return { actual: countersIn(counters), expected, hasChanged: () => before !== after };
  });
}

function countGrant(counters: Map<string, number>, keyId: string, grant: Grant | undefined): void {
  increment(counters, counterName(itemKey.key(keyId), 'grantCount'));
  if (!grant) return;
  for (const operation of heldCounterNames(grant)) {
    increment(counters, counterName(itemKey.held(keyId, granteeOf(grant)), operation));
  }
}

function countersOnly(item: Item): Item {
  const { pk, sk, grantCount } = item;
  return sk.startsWith('held#') ? item : { pk, sk, grantCount };
}
