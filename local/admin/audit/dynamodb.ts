import { type DynamodbSettings, dynamodbCall } from '../../../lib/store/dynamodb/dynamodb.ts';
import type { Item } from '../../../lib/store/dynamodb/item.ts';
import { openTable, type Table } from '../../../lib/store/dynamodb/table.ts';
import { mapWithConcurrency } from '../../../lib/util/concurrency.ts';
import type { Audit } from './audit.ts';
import { auditDirectory } from './dynamodb/directory.ts';
import { auditEvents } from './dynamodb/events.ts';
import { auditKey } from './dynamodb/key.ts';
import { auditDue, auditKeyLists } from './dynamodb/key-lists.ts';
import { auditRetirable } from './dynamodb/retirable.ts';
import { retryingTable } from './dynamodb/retrying-table.ts';

/** Keys, and those who may retire grants. */
const AT_ONCE = 4;

/**
 * Compares a table with itself, without a scan: from the projects to all that their events name, there or gone, and
 * from every row back to what it tells of. What no partition of these holds is not found. Counters
 * are looked at again while they are being changed; what is found beside a running service may be a change under way.
 */
export async function auditDynamodb(settings: DynamodbSettings): Promise<Audit> {
  const table = retryingTable(openTable(dynamodbCall(settings), settings.table));
  const { projectIds, projects, faults } = await auditDirectory(table);
  const audit: Audit = { projects, keys: 0, grants: 0, events: 0, faults, unsettled: 0 };
  let keys: Item[] = [];
  for (const projectId of projectIds) keys = keys.concat(await auditProject(table, projectId, audit));
  audit.keys = keys.length;
  // Two looks may find the same.
  audit.faults = [...new Set([...audit.faults, ...(await auditDue(table, keys))])];
  return audit;
}

/** Adds to the audit what it finds. @returns the keys that are there */
async function auditProject(table: Table, projectId: string, audit: Audit): Promise<Item[]> {
  const told = await auditEvents(table, projectId);
  const lists = await auditKeyLists(table, projectId, [...told.keys.keys()]);
  const keyIds = new Set([...told.keys.keys(), ...lists.keys.map(({ keyId }) => String(keyId))]);
  const keys = await mapWithConcurrency([...keyIds], AT_ONCE, (keyId) =>
    auditKey(table, projectId, keyId, told.keys.get(keyId) ?? []),
  );
  const unretirable = keys.flatMap((key) => key.unretirable);
  const retirable = await mapWithConcurrency([...told.retirers], AT_ONCE, ([principal, names]) => {
    const missing = unretirable.filter(({ who }) => who === principal).map(({ grant }) => grant);
    return auditRetirable(table, { projectId, principal, names, missing });
  });
  for (const { unsettled } of [...keys, ...retirable]) audit.unsettled += unsettled;
  audit.events += told.events;
  audit.grants += keys.reduce((sum, { grants }) => sum + grants, 0);
  audit.faults = audit.faults.concat([told, ...keys, ...retirable, lists].flatMap(({ faults }) => faults));
  return lists.keys;
}
