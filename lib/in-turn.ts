import { KmsError } from './errors.ts';

/**
 * Runs work of one name one after the other, work of different names side by side. Changes to one key that this process
 * makes at once would only be in each other's way at the table.
 * @param longestMs how long work may wait for its turn
 */
export function inTurn(longestMs: number) {
  const last = new Map<string, Promise<unknown>>();
  /** @throws KmsError APIGW.0201:504 when its turn came too late; then the work was not begun */
  return async function run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const asOfMs = performance.now();
    const begin = () => {
      if (performance.now() - asOfMs <= longestMs) return work();
      throw new KmsError('APIGW.0201:504', { cause: new Error(`waited too long for its turn at ${name}`) });
    };
    const before = last.get(name);
    const mine = before ? before.then(begin, begin) : work();
    last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (last.get(name) === mine) last.delete(name);
    }
  };
}
