import { Logger } from '@aws-lambda-powertools/logger';

/** One line of JSON a request, and for what goes wrong between requests. Never a token, key, signature or password. */
export const logger = new Logger({ serviceName: 'kms-grants' });

/** A cause in full, for the log only. */
export function describeCause(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const own = cause.stack ?? cause.message;
  return cause.cause === undefined ? own : `${own}\ncaused by ${describeCause(cause.cause)}`;
}
