import type { Item } from '../../../lib/store/dynamodb/item.ts';
import { type DynamodbSettings, dynamodbCall } from '../../../lib/store/dynamodb/settings.ts';
import { openTable, type Table } from '../../../lib/store/dynamodb/table.ts';
import { mapWithConcurrency } from '../../../lib/util/concurrency.ts';
import type { Audit } from './audit.ts';
import { auditDirectory } from './dynamodb/directory.ts';
import { auditEvents } from './dynamodb/events.ts';
import { auditKey } from './dynamodb/key.ts';
import { auditDue, auditKeyLists } from './dynamodb/key-lists.ts';
import { auditRetirable } from './dynamodb/retirable.ts';
import { retryingTable } from './dynamodb/retrying-table.ts';

/** Keys, or lists of retirable grants, that are audited at the same time. */
const CONCURRENT_AUDITS_MAX = 4;

/**
 * Audits a table without a scan: it starts at the projects, follows their events to every key and grant that ever
 * existed, and checks each index row against the item that it refers to. It cannot see partitions that none of these
 * name. Counters that change meanwhile are read again. While a service writes to the table, a fault may be a change in
 * progress.
 */
export async function auditDynamodb(settings: DynamodbSettings): Promise<Audit> {
  const table = retryingTable(openTable(dynamodbCall(settings), settings.table));
  const { projectIds, projects, faults } = await auditDirectory(table);
  const audit: Audit = { projects, keys: 0, grants: 0, events: 0, faults, unsettled: 0 };
  let keys: Item[] = [];
  for (const projectId of projectIds) keys = keys.concat(await auditProject(table, projectId, audit));
  audit.keys = keys.length;
  // Two checks may report the same fault.
  audit.faults = [...new Set([...audit.faults, ...(await auditDue(table, keys))])];
  return audit;
}

/** Adds a project's numbers and faults to the audit. @returns the keys that exist */
async function auditProject(table: Table, projectId: string, audit: Audit): Promise<Item[]> {
  const events = await auditEvents(table, projectId);
  const lists = await auditKeyLists(table, projectId, [...events.keyLifecycles.keys()]);
  const keyIds = new Set([...events.keyLifecycles.keys(), ...lists.keys.map(({ keyId }) => String(keyId))]);
  const keys = await mapWithConcurrency([...keyIds], CONCURRENT_AUDITS_MAX, (keyId) =>
    auditKey(table, projectId, keyId, events.keyLifecycles.get(keyId) ?? []),
  );
  const missingRows = keys.flatMap((key) => key.missingRetirable);
  const retirable = await mapWithConcurrency(
    [...events.retirableLists],
    CONCURRENT_AUDITS_MAX,
    ([listName, counterNames]) => {
      const missing = missingRows.filter((row) => row.listName === listName).map(({ grant }) => grant);
      return auditRetirable(table, { projectId, listName, counterNames, missing });
    },
  );
  for (const { unsettled } of [...keys, ...retirable]) audit.unsettled += unsettled;
  audit.events += events.count;
  audit.grants += keys.reduce((sum, { grants }) => sum + grants, 0);
  audit.faults = audit.faults.concat([events, ...keys, ...retirable, lists].flatMap(({ faults }) => faults));
  return lists.keys;
}
