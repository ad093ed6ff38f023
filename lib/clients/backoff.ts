/** The one retry loop, and how long a client waits between attempts. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Default number of attempts; more would only keep the caller waiting. */
export const ATTEMPTS_MAX = 4;

/** An attempt that has less time than this is not started. */
export const ATTEMPT_MS_MIN = 50;

const FIRST_DELAY_MS = 100;
const RETRY_AFTER_SECONDS_MAX = 3_600;

interface RetryOptions {
  /** Time for all attempts and the delays between them. */
  budgetMs: number;
  /** Start of the budget, as of `performance.now()`. Default: now. */
  startedAtMs?: number | undefined;
  /**
   * @param attempts how many attempts have failed so far
   * @returns the delay before the next attempt; undefined when the error is final
   */
  delayMs(error: unknown, attempts: number): number | undefined;
}

/**
 * Repeats `attempt` until it succeeds, its error is final, or the budget has no room for another attempt.
 * @param attempt gets its timeout: at most half of the budget, so that one hanging attempt leaves time for another
 * @throws the error of the last attempt
 */
export async function retry<T>(
  { budgetMs, startedAtMs = performance.now(), delayMs }: RetryOptions,
  attempt: (timeoutMs: number) => Promise<T>,
): Promise<T> {
  const leftMs = () => startedAtMs + budgetMs - performance.now();
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt(Math.ceil(Math.min(leftMs(), budgetMs / 2)));
    } catch (error) {
      const delay = delayMs(error, attempts);
      if (delay === undefined || leftMs() < delay + ATTEMPT_MS_MIN) throw error;
      await sleep(delay);
      // The timer may have fired late.
      if (leftMs() < ATTEMPT_MS_MIN) throw error;
    }
  }
}

interface BackoffOptions {
  /** Upper bound of the first delay; it doubles with each attempt. Default: 100. */
  firstMs?: number;
  /** Upper bound of every delay. Default: none. */
  maxMs?: number;
  /** Lower bound, from the server's Retry-After. */
  retryAfterSeconds?: number | undefined;
}

/**
 * Returns the delay after a number of failed attempts: random, so that clients that failed together do not return
 * together, below a bound that doubles with each attempt.
 */
export function backoffMs(
  attempts: number,
  { firstMs = FIRST_DELAY_MS, maxMs = Number.POSITIVE_INFINITY, retryAfterSeconds = 0 }: BackoffOptions = {},
): number {
  const boundMs = Math.min(firstMs * 2 ** (attempts - 1), maxMs);
  return Math.max(Math.random() * boundMs, retryAfterSeconds * 1000);
}

/**
 * Reads a Retry-After header: seconds or a date. Source: RFC 9110, section 10.2.3.
 * @param nowMs ms since 1970
 * @param secondsMax upper bound of the result; one hour by default
 * @returns whole seconds from now; undefined when the header is missing or malformed
 */
export function retryAfterSeconds(
  headers: Headers,
  nowMs: number,
  secondsMax = RETRY_AFTER_SECONDS_MAX,
): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? '';
  const atMs = /GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  const seconds = /^\d+$/.test(value) ? Number(value) : Math.max(0, Math.ceil((atMs - nowMs) / 1000));
  return Number.isNaN(seconds) ? undefined : Math.min(seconds, secondsMax);
}
