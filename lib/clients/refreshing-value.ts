/** What lies outside and may be changed there while the service runs: a file, or a secret of AWS. */
import { logger } from '../logger.ts';

/** For one reading; a file system may hang. */
export const READ_TIMEOUT_MS = 2_000;

/**
 * Keeps what was read and reads it again when it has become old.
 * @param setting the setting that names it, for errors and the log
 * @param now monotonic, ms
 * @returns what there is; read again when it is older than that
 */
export function refreshingValue<T>(
  setting: string,
  read: () => Promise<T>,
  now: () => number = () => performance.now(),
): (keepMs: number) => Promise<T> {
  let value: { value: T } | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<T> | undefined;

  async function readAgain(): Promise<T> {
    try {
      value = { value: await inTime(read(), setting) };
    } catch (error) {
      // Half-written, or not to be had for a moment: what worked may go on working.
      if (!value) throw error;
      // A secret that was taken out goes on being good: somebody should know.
      logger.error('settings', { setting, cause: (error as Error).message });
    }
    readAtMs = now();
    return value.value;
  }

  return (keepMs) => {
    if (value && now() - readAtMs < keepMs) return Promise.resolve(value.value);
    // One reading at a time, whoever asks.
    reading ??= readAgain().finally(() => {
      reading = undefined;
    });
    return reading;
  };
}

function inTime<T>(reading: Promise<T>, setting: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${setting}: not read in time`)), READ_TIMEOUT_MS);
  return Promise.race([reading, promise]).finally(() => clearTimeout(timer));
}
