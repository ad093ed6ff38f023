import { KmsError } from '../errors.ts';

/**
 * Runs work of one name one after the other, work of different names side by side: where changes made by this process at
 * once would only be in each other's way.
 * @param longestMs how long work may wait for its turn
 * @param waitingMax how much work of one name may wait
 */
export function keyedMutex(longestMs: number, waitingMax = Number.POSITIVE_INFINITY) {
  const lines = new Map<string, { last: Promise<unknown>; waiting: number }>();

  /**
   * @param leftMs how long this work may wait, when that is less
   * @throws KmsError APIGW.0201:504 when its turn did not come in time, APIGW.0308 when too many wait; then it is not begun
   */
  return async function run<T>(name: string, work: () => Promise<T>, leftMs = longestMs): Promise<T> {
    const line = lines.get(name) ?? { last: Promise.resolve(), waiting: -1 };
    if (line.waiting >= waitingMax) throw new KmsError('APIGW.0308', { retryAfterSeconds: 1 });
    const isFirst = line.waiting < 0;
    line.waiting += 1;
    lines.set(name, line);

    const { promise: late, reject } = Promise.withResolvers<never>();
    let isLate = false;
    const timer = setTimeout(
      () => {
        isLate = true;
        reject(new KmsError('APIGW.0201:504', { cause: new Error(`waited too long for its turn at ${name}`) }));
      },
      Math.min(leftMs, longestMs),
    );
    const begin = () => {
      clearTimeout(timer);
      return isLate ? late : work();
    };
    const mine = (isFirst ? begin() : line.last.then(begin, begin)).finally(() => {
      line.waiting -= 1;
      if (line.waiting < 0) lines.delete(name);
    });
    line.last = mine;
    return Promise.race([mine, late]);
  };
}
