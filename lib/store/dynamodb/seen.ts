import type { Once, SeenStore } from '../store.ts';
import type { Item } from './item.ts';
import { at } from './schema.ts';
import type { Table, Write } from './table.ts';

export function dynamodbSeen(table: Table): SeenStore {
  return {
    async firstAnswer(onceKey, nowMs) {
      const item = await table.get(at.once(onceKey));
      return item && Number(item['expiresAtMs']) > nowMs ? { answer: answerOf(item) } : undefined;
    },
    remember: (once) => table.put(onceItem(once)),
  };
}

/** Remembers the answer with its change, unless there is one already that has not expired by `nowMs`. */
export function onceWrite(once: Once, nowMs: number): Write {
  return {
    put: onceItem(once),
    condition: 'attribute_not_exists(pk) OR expiresAtMs <= :now',
    values: { ':now': nowMs },
  };
}

export function answerOf(item: Item): unknown {
  return JSON.parse(String(item['answer']));
}

export function onceItem({ onceKey, answer, expiresAtMs }: Once): Item {
  return { ...at.once(onceKey), answer: JSON.stringify(answer), expiresAtMs, ttl: Math.ceil(expiresAtMs / 1000) };
}
