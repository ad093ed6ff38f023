import type { IdempotencyRecord, IdempotencyStore } from '../store.ts';
import type { Item } from './item.ts';
import { itemKey } from './schema.ts';
import type { Table, Write } from './table.ts';

export function dynamodbIdempotency(table: Table): IdempotencyStore {
  async function find(idempotencyKey: string, nowMs: number) {
    const item = await table.get(itemKey.idempotency(idempotencyKey));
    return item && Number(item['expiresAtMs']) > nowMs ? { answer: answerOf(item) } : undefined;
  }

  return {
    find,
    save: (record) => table.put(recordItem(record)),
    async compareAndSwap(record, expected, nowMs) {
      const isExpected = { condition: 'answer = :expected', values: { ':expected': JSON.stringify(expected) } };
      const write = expected === undefined ? recordWrite(record, nowMs) : { put: recordItem(record), ...isExpected };
      if ((await table.transact([write])).isDone) return true;
      // An earlier attempt may have stored it and its response was lost.
      const stored = await find(record.idempotencyKey, nowMs);
      return JSON.stringify(stored?.answer) === JSON.stringify(record.answer);
    },
  };
}

/** Returns the write of a record, with the condition that no record of its key is unexpired at `nowMs`. */
export function recordWrite(record: IdempotencyRecord, nowMs: number): Write {
  return {
    put: recordItem(record),
    condition: 'attribute_not_exists(pk) OR expiresAtMs <= :now',
    values: { ':now': nowMs },
  };
}

export function answerOf(item: Item): unknown {
  return JSON.parse(String(item['answer']));
}

export function recordItem({ idempotencyKey, answer, expiresAtMs }: IdempotencyRecord): Item {
  return {
    ...itemKey.idempotency(idempotencyKey),
    answer: JSON.stringify(answer),
    expiresAtMs,
    ttl: Math.ceil(expiresAtMs / 1000),
  };
}
