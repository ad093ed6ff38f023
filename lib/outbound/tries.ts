/** When to try again, and when not. */

/** Tries in all; more would only keep the caller waiting for what does not come. */
export const TRIES_MAX = 4;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * How long to wait after so many tries: growing, of random length so that clients that failed together do not come back
 * together; at least as long as the other side asks for.
 */
export function pauseMs(tries: number, retryAfterSeconds = 0): number {
  const longestMs = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS);
  return Math.max(Math.random() * longestMs, retryAfterSeconds * 1000);
}

/**
 * Reads a Retry-After header: seconds, or a date. Source: RFC 9110, section 10.2.3.
 * @returns whole seconds from now, or undefined when there is none that can be read
 */
export function retryAfterSeconds(headers: Headers, nowMs: number): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const atMs = /GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, Math.ceil((atMs - nowMs) / 1000));
}
