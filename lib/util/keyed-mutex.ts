import { KmsError } from '../errors.ts';

/**
 * Runs work with the same key one after the other, and work with different keys in parallel. It avoids conflicts
 * between changes of this process.
 * @param waitMsMax how long work may wait
 * @param waitingMax how much work of one key may wait
 */
export function keyedMutex(waitMsMax: number, waitingMax = Number.POSITIVE_INFINITY) {
  const queues = new Map<string, { last: Promise<unknown>; waiting: number }>();

  /**
   * @param waitMs how long this work may wait, if less than `waitMsMax`
   * @throws KmsError APIGW.0201:504 after waiting too long, APIGW.0308 when too much work waits; the work is not
   *   started
   */
  return async function run<T>(key: string, work: () => Promise<T>, waitMs = waitMsMax): Promise<T> {
    const queue = queues.get(key) ?? { last: Promise.resolve(), waiting: -1 };
    if (queue.waiting >= waitingMax) throw new KmsError('APIGW.0308', { retryAfterSeconds: 1 });
    const isFirst = queue.waiting < 0;
    queue.waiting += 1;
    queues.set(key, queue);

    const { promise: timeout, reject } = Promise.withResolvers<never>();
    let isTimedOut = false;
    const timer = setTimeout(
      () => {
        isTimedOut = true;
        reject(new KmsError('APIGW.0201:504', { cause: new Error(`waited too long for earlier work on ${key}`) }));
      },
      Math.min(waitMs, waitMsMax),
    );
    const start = () => {
      clearTimeout(timer);
      return isTimedOut ? timeout : work();
    };
    const result = (isFirst ? start() : queue.last.then(start, start)).finally(() => {
      queue.waiting -= 1;
      if (queue.waiting < 0) queues.delete(key);
    });
    queue.last = result;
    return Promise.race([result, timeout]);
  };
}
