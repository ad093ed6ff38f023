import { join } from 'node:path';
import type { Config } from '../../lib/config.ts';
import { DATABASE_FILE } from '../data-dir.ts';
import type { Audit } from './audit/audit.ts';
import { auditDynamodb } from './audit/dynamodb.ts';
import { auditSqlite } from './audit/sqlite.ts';
import type { Output } from './command.ts';

/** Audits the whole store that the settings name. */
export async function verify({ dynamodb, dataDir }: Config): Promise<Output> {
  const { faults, unsettled, ...counts } = await confirmedAudit(async () =>
    dynamodb ? auditDynamodb(dynamodb) : auditSqlite(join(dataDir, DATABASE_FILE)),
  );
  const result = faults.length === 0 ? 'no drift' : `drift: ${faults.length}`;
  const retryLater = `; ${unsettled} counters changed all the time: run verify again when there is less traffic`;
  return {
    data: { ...counts, unsettled, drift: faults },
    brief: counts,
    note: unsettled === 0 ? result : result + retryLater,
    lines: faults,
    hasFailed: faults.length > 0,
  };
}

/** Repeats an audit that reports faults; a fault that only one of the two reports was a change in progress. */
export async function confirmedAudit(audit: () => Promise<Audit>): Promise<Audit> {
  const first = await audit();
  if (first.faults.length === 0 && first.unsettled === 0) return first;
  const firstFaults = new Set(first.faults);
  const second = await audit();
  return { ...second, faults: second.faults.filter((fault) => firstFaults.has(fault)) };
}
