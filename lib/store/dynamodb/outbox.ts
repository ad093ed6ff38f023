import { mapWithConcurrency } from '../../util/concurrency.ts';
import type { OutboxStore } from '../store.ts';
import { toEvent } from './events.ts';
import { itemKey, rangeOf } from './schema.ts';
import type { Table } from './table.ts';

const CONCURRENT_DELETES_MAX = 25;

/** The outbox over DynamoDB. `eventWrites` adds its entries. */
export function dynamodbOutbox(table: Table): OutboxStore {
  return {
    async list(limit) {
      const shards = await Promise.all(rangeOf.outbox().map((range) => table.query({ ...range, limit })));
      const oldestFirst = shards.flat().sort((a, b) => (a.sk < b.sk ? -1 : 1));
      return oldestFirst.slice(0, limit).map(toEvent);
    },
    async remove(events) {
      await mapWithConcurrency(events, CONCURRENT_DELETES_MAX, ({ keyId, eventId }) =>
        table.delete(itemKey.outbox(keyId, eventId)),
      );
    },
  };
}
