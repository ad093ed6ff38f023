import type { ConditionalRecord, IdempotencyRecord, IdempotencyStore } from '../store.ts';
import type { Item } from './item.ts';
import { itemKey } from './schema.ts';
import type { Table, Write } from './table.ts';

export function dynamodbIdempotency(table: Table): IdempotencyStore {
  async function find(idempotencyKey: string, nowMs: number) {
    const item = await table.get(itemKey.idempotency(idempotencyKey));
    return item && Number(item['expiresAtMs']) > nowMs ? { answer: JSON.parse(String(item['answer'])) } : undefined;
  }

  return {
    find,
    save: (record) => table.put(recordItem(record)),
    async compareAndSwap(record, expected, nowMs) {
      if ((await table.transact([recordWrite({ ...record, expected }, nowMs)])).isDone) return true;
      // An earlier attempt may have stored it and its response was lost.
      const stored = await find(record.idempotencyKey, nowMs);
      return JSON.stringify(stored?.answer) === JSON.stringify(record.answer);
    },
  };
}

/** Returns the write of a record, with the condition that the stored record is the expected one. */
export function recordWrite({ expected, ...record }: ConditionalRecord, nowMs: number): Write {
  const put = recordItem(record);
  return expected === undefined
    ? { put, condition: 'attribute_not_exists(pk) OR expiresAtMs <= :now', values: { ':now': nowMs } }
    : { put, condition: 'answer = :expected', values: { ':expected': JSON.stringify(expected) } };
}

function recordItem({ idempotencyKey, answer, expiresAtMs }: IdempotencyRecord): Item {
  return {
    ...itemKey.idempotency(idempotencyKey),
    answer: JSON.stringify(answer),
    expiresAtMs,
    ttl: Math.ceil(expiresAtMs / 1000),
  };
}
