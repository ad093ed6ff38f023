import { logger } from '../logger.ts';

/** For one read, because a file system or the network may hang. */
export const READ_TIMEOUT_MS = 2_000;

/**
 * Caches a value that may change while the service runs, such as a file or a secret. When a later read fails, the
 * cached value stays in use and an error is logged.
 * @param setting name of the setting that points to the value, for errors and the log
 * @param now monotonic, ms
 * @returns a function that returns the cached value, or reads it again when it is `maxAgeMs` old or older
 */
export function refreshingValue<T>(
  setting: string,
  read: () => Promise<T>,
  now: () => number = () => performance.now(),
): (maxAgeMs: number) => Promise<T> {
  let cached: { value: T } | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let currentRead: Promise<T> | undefined;

  async function refresh(): Promise<T> {
    try {
      cached = { value: await withTimeout(read(), setting) };
    } catch (error) {
      if (!cached) throw error;
      logger.error('settings', { setting, cause: (error as Error).message });
    }
    readAtMs = now();
    return cached.value;
  }

  return (maxAgeMs) => {
    if (cached && now() - readAtMs < maxAgeMs) return Promise.resolve(cached.value);
    // Concurrent callers share one read.
    currentRead ??= refresh().finally(() => {
      currentRead = undefined;
    });
    return currentRead;
  };
}

/** The time limit is the sum of this many equal timers. */
const TIMEOUT_STEPS = 4;

/**
 * Rejects after READ_TIMEOUT_MS in which the event loop ran. While it is blocked, a single step passes: a read that has
 * finished meanwhile is then noticed before the next step ends.
 */
function withTimeout<T>(promise: Promise<T>, setting: string): Promise<T> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const error = new Error(`${setting}: reading it took longer than ${READ_TIMEOUT_MS} ms`);
  let timer: NodeJS.Timeout;
  const wait = (steps: number) => {
    timer = setTimeout(() => (steps > 1 ? wait(steps - 1) : reject(error)), READ_TIMEOUT_MS / TIMEOUT_STEPS);
  };
  wait(TIMEOUT_STEPS);
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}
