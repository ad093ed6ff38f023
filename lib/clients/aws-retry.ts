import { setTimeout as pause } from 'node:timers/promises';
import { KmsError } from '../errors.ts';
import { AwsError } from './aws.ts';

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 400;
/** Less than this is no time for a call. */
const SHORTEST_CALL_MS = 50;

/** What DynamoDB and SQS name that another try may cure. Source: DynamoDB Developer Guide, "Error handling"; SQS API Reference. */
const PASSING = new Set([
  'InternalServerError',
  'InternalFailure',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'ServiceUnavailable',
  'ThrottlingException',
  'TransactionConflictException',
  'TransactionInProgressException',
]);

/** What another try does not cure: a plain refusal, or a fault of our own. All else passes, a broken connection too. */
export function isNonRetryable(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return true;
  return error instanceof AwsError && error.status < 500 && !PASSING.has(error.type);
}

/**
 * Calls again, with growing pauses of random length, until it works, fails for good, or time is up.
 * @param budgetMs for all tries together
 * @param call gets the time it may take, at most half of all: a connection that hangs leaves time for another
 * @throws KmsError APIGW.0201:504 when time is up, with the last error as cause; an error that `isFinal` as it came
 */
export async function retryWithBackoff<T>(budgetMs: number, call: (timeoutMs: number) => Promise<T>): Promise<T> {
  const endsAtMs = performance.now() + budgetMs;
  let leftMs = budgetMs;
  for (let longestMs = FIRST_PAUSE_MS; ; longestMs = Math.min(2 * longestMs, LONGEST_PAUSE_MS)) {
    try {
      return await call(Math.ceil(Math.min(leftMs, budgetMs / 2)));
    } catch (error) {
      if (isNonRetryable(error)) throw error;
      await pause(Math.min(Math.random() * longestMs, Math.max(0, endsAtMs - performance.now())));
      leftMs = endsAtMs - performance.now();
      if (leftMs < SHORTEST_CALL_MS) throw new KmsError('APIGW.0201:504', { cause: error });
    }
  }
}
