import { KmsError } from '../../../../lib/errors.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';

/** A request's read is given seconds; an audit waits for a busy table this long. */
const PATIENCE_MS = 120_000;

/** The table for one who has time: a read that gets no answer in time is begun again. */
export function retryingTable(table: Table): Table {
  async function again<T>(read: () => Promise<T>): Promise<T> {
    const untilMs = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await read();
      } catch (error) {
        if (!(error instanceof KmsError) || performance.now() > untilMs) throw error;
      }
    }
  }
  return {
    ...table,
    get: (key) => again(() => table.get(key)),
    getAll: (keys) => again(() => table.getAll(keys)),
    query: (range) => again(() => table.query(range)),
  };
}
