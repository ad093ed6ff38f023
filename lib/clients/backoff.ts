/** How often to try, and how long to wait in between. */

/** Tries in all; more would only keep the caller waiting for what does not come. */
export const ATTEMPTS_MAX = 4;

const FIRST_PAUSE_MS = 100;
/** Longer than this no caller is to wait because of what came over the wire. */
const CALLER_WAITS_SECONDS_MAX = 3_600;

/**
 * How long to wait after so many tries: growing, of random length so that clients that failed together do not come back
 * together; at least as long as the other side asks for.
 */
export function backoffMs(tries: number, retryAfterSeconds = 0): number {
  const longestMs = FIRST_PAUSE_MS * 2 ** (tries - 1);
  return Math.max(Math.random() * longestMs, retryAfterSeconds * 1000);
}

/**
 * Reads a Retry-After header: seconds, or a date. Source: RFC 9110, section 10.2.3.
 * @param secondsMax no more is answered: an hour when left out
 * @returns whole seconds from now; undefined when there is none that can be read
 */
export function retryAfterSeconds(
  headers: Headers,
  nowMs: number,
  secondsMax = CALLER_WAITS_SECONDS_MAX,
): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? '';
  const atMs = /GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  const seconds = /^\d+$/.test(value) ? Number(value) : Math.max(0, Math.ceil((atMs - nowMs) / 1000));
  return Number.isNaN(seconds) ? undefined : Math.min(seconds, secondsMax);
}
