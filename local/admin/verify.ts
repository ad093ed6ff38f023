import { join } from 'node:path';
import type { Config } from '../../lib/config.ts';
import { DATABASE_FILE } from '../data-dir.ts';
import type { Audit } from './audit/audit.ts';
import { auditDynamodb } from './audit/dynamodb.ts';
import { auditSqlite } from './audit/sqlite.ts';
import type { Output } from './command.ts';

/** Checks the whole store that the settings name. */
export async function verify({ dynamodb, dataDir }: Config): Promise<Output> {
  const { faults, unsettled, ...checked } = await confirmed(async () =>
    dynamodb ? auditDynamodb(dynamodb) : auditSqlite(join(dataDir, DATABASE_FILE)),
  );
  const result = faults.length === 0 ? 'no drift' : `drift: ${faults.length}`;
  const busy = `; counters too busy to compare, run it again when they are quieter: ${unsettled}`;
  return {
    data: { ...checked, unsettled, drift: faults },
    brief: checked,
    note: unsettled === 0 ? result : result + busy,
    lines: faults,
    hasFailed: faults.length > 0,
  };
}

/** Audits again when something is found: what only one of both finds was a change under way. */
export async function confirmed(audit: () => Promise<Audit>): Promise<Audit> {
  const first = await audit();
  if (first.faults.length === 0 && first.unsettled === 0) return first;
  const before = new Set(first.faults);
  const second = await audit();
  return { ...second, faults: second.faults.filter((fault) => before.has(fault)) };
}
