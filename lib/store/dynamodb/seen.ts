import type { Once, SeenStore } from '../store.ts';
import type { Item } from './item.ts';
import { at } from './schema.ts';
import type { Table, Write } from './table.ts';

export function dynamodbSeen(table: Table): SeenStore {
  async function firstAnswer(onceKey: string, nowMs: number) {
    const item = await table.get(at.once(onceKey));
    return item && Number(item['expiresAtMs']) > nowMs ? { answer: answerOf(item) } : undefined;
  }

  return {
    firstAnswer,
    remember: (once) => table.put(onceItem(once)),
    async swap(once, expected, nowMs) {
      const ifKnown = { condition: 'answer = :known', values: { ':known': JSON.stringify(expected) } };
      const write = expected === undefined ? onceWrite(once, nowMs) : { put: onceItem(once), ...ifKnown };
      if ((await table.transact([write])).isDone) return true;
      // A try whose answer was lost may have done it.
      const found = await firstAnswer(once.onceKey, nowMs);
      return JSON.stringify(found?.answer) === JSON.stringify(once.answer);
    },
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
