import { KmsError } from './errors.ts';

/**
 * Runs work of one name one after the other, work of different names side by side: where changes made by this process at
 * once would only be in each other's way.
 * @param longestMs how long work may wait for its turn
 * @param waitingMax how much work of one name may wait
 */
export function inTurn(longestMs: number, waitingMax = Number.POSITIVE_INFINITY) {
  const lines = new Map<string, { last: Promise<unknown>; waiting: number }>();
  /** @throws KmsError APIGW.0201:504 when its turn came too late, APIGW.0308 when too many wait; then it was not begun */
  return async function run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const asOfMs = performance.now();
    const begin = () => {
      if (performance.now() - asOfMs <= longestMs) return work();
      throw new KmsError('APIGW.0201:504', { cause: new Error(`waited too long for its turn at ${name}`) });
    };
    const line = lines.get(name) ?? { last: Promise.resolve(), waiting: -1 };
    if (line.waiting >= waitingMax) throw new KmsError('APIGW.0308', { retryAfterSeconds: 1 });
    const mine = line.waiting < 0 ? work() : line.last.then(begin, begin);
    line.last = mine;
    line.waiting += 1;
    lines.set(name, line);
    try {
      return await mine;
    } finally {
      line.waiting -= 1;
      if (line.waiting < 0) lines.delete(name);
    }
  };
}
