import { retry } from '../../../../lib/clients/backoff.ts';
import { KmsError } from '../../../../lib/errors.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';

/** For one read; the table itself retries a read for 2 seconds only, as a request needs it. */
const READ_BUDGET_MS = 120_000;

/** Wraps a table for audits: repeats a read that did not complete in time, because the table is busy. */
export function retryingTable(table: Table): Table {
  const delayMs = (error: unknown) => (error instanceof KmsError ? 0 : undefined);
  const retryRead = <T>(read: () => Promise<T>) => retry({ budgetMs: READ_BUDGET_MS, delayMs }, read);
  return {
    ...table,
    get: (key) => retryRead(() => table.get(key)),
    getAll: (keys) => retryRead(() => table.getAll(keys)),
    query: (range) => retryRead(() => table.query(range)),
  };
}
