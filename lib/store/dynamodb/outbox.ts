import { mapWithConcurrency } from '../../util/concurrency.ts';
import type { OutboxStore } from '../store.ts';
import { toEvent } from './events.ts';
import { itemKey, rangeOf } from './schema.ts';
import type { Table } from './table.ts';

const DELETES_AT_ONCE = 25;

/** Events that are yet to be told, over DynamoDB: what `eventWrites` has put there. */
export function dynamodbOutbox(table: Table): OutboxStore {
  return {
    async list(limit) {
      const parts = await Promise.all(rangeOf.outbox().map((range) => table.query({ ...range, limit })));
      const oldestFirst = parts.flat().sort((one, other) => (one.sk < other.sk ? -1 : 1));
      return oldestFirst.slice(0, limit).map(toEvent);
    },
    async remove(events) {
      await mapWithConcurrency(events, DELETES_AT_ONCE, ({ keyId, eventId }) =>
        table.delete(itemKey.outbox(keyId, eventId)),
      );
    },
  };
}
