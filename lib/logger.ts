import { Logger } from '@aws-lambda-powertools/logger';

/** Writes one JSON line per request or problem. Tokens, secret keys, signatures and passwords must not be logged. */
export const logger = new Logger({ serviceName: 'kms-grants' });

/** Returns the stack of an error and of its causes, for the log only. */
export function describeCause(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const own = cause.stack ?? cause.message;
  return cause.cause === undefined ? own : `${own}\ncaused by ${describeCause(cause.cause)}`;
}
