import { Logger } from '@aws-lambda-powertools/logger';
import { PRINTABLE_ASCII } from './domain/characters.ts';

/** Writes one JSON line per request or problem. Tokens, secret keys, signatures and passwords must not be logged. */
export const logger = new Logger({ serviceName: 'kms-grants' });

/** Returns the stack of an error and of its causes, for the log only. */
export function describeCause(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const own = cause.stack ?? cause.message;
  return cause.cause === undefined ? own : `${own}\ncaused by ${describeCause(cause.cause)}`;
}

const LOGGED_PATH_CHARS_MAX = 256;
/** A longer segment could be a token or another secret in the wrong place; ids and names of APIs are shorter. */
const LOGGED_SEGMENT_CHARS_MAX = 36;

const ESCAPED = new RegExp(`[^${PRINTABLE_ASCII}]`, 'g');

/**
 * Returns the path of a request for the log: bounded, with escapes for everything but printable ASCII.
 * @param path without the query, which may hold secrets
 */
export function loggedPath(path: string): string {
  return path
    .split('/', LOGGED_PATH_CHARS_MAX)
    .map((segment) => (segment.length > LOGGED_SEGMENT_CHARS_MAX ? `${segment.slice(0, 8)}...` : segment))
    .join('/')
    .slice(0, LOGGED_PATH_CHARS_MAX)
    .replaceAll(ESCAPED, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
