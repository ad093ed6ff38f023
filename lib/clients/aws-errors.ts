/** Errors of AWS's JSON services, and which of them are retried. */
import { KmsError } from '../errors.ts';
import { backoffMs, retry } from './backoff.ts';

/** Advice for errors that wrong settings cause. Source: DynamoDB Developer Guide, "Error handling". */
const HINTS: Readonly<Record<string, string>> = {
  ResourceNotFoundException:
    'the table or secret does not exist: check TABLE, ROOT_KEY_SECRET, KMS_CREDENTIALS, HOOKS, TARGETS and AWS_REGION',
  QueueDoesNotExist: 'the queue does not exist: check QUEUE_URL, DEAD_LETTER_URL and AWS_REGION',
  AccessDeniedException: 'these credentials lack the permission: check the policy of their role or user',
  UnrecognizedClientException: 'AWS does not know these credentials: check AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN',
  ExpiredTokenException: 'these credentials have expired: get new ones',
  InvalidSignatureException: 'check AWS_SECRET_ACCESS_KEY and the clock of this machine',
};

/** Source: DynamoDB Developer Guide, "Error handling"; SQS API Reference, "Common errors". */
const RETRYABLE_TYPES = new Set([
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

/** AWS's message is cut to its first line, because later lines may repeat the request with its credentials. */
const MESSAGE_CHARS_MAX = 300;

/** A response of an AWS service with a status other than 200. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  /** Such as `ResourceNotFoundException`. */
  readonly type: string;
  readonly status: number;
  /** The parsed body. Not enumerable, because it may hold stored items and must not be logged. */
  declare readonly answer: Readonly<Record<string, unknown>>;

  constructor(operation: string, status: number, answer: Record<string, unknown>) {
    const type = String(answer['__type'] ?? answer['code'] ?? 'no type').replace(/^.*#/, '');
    const [reason] = String(answer['message'] ?? answer['Message'] ?? 'no message').split('\n');
    const message = `${operation}: ${type} (${status}): ${reason?.slice(0, MESSAGE_CHARS_MAX)}`;
    super(HINTS[type] ? `${message} [${HINTS[type]}]` : message);
    this.type = type;
    this.status = status;
    Object.defineProperty(this, 'answer', { value: answer, enumerable: false });
  }
}

/** Refusals by AWS and programming errors are final. All else is retried, including a broken connection. */
function isFinal(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return true;
  return error instanceof AwsError && error.status < 500 && !RETRYABLE_TYPES.has(error.type);
}

const FIRST_DELAY_MS = 10;
const DELAY_MS_MAX = 400;

/**
 * Retries calls of an AWS service while their errors are retryable and time is left.
 * @param budgetMs for all attempts together
 * @throws KmsError APIGW.0201:504 when the budget is spent, with the last error as cause; a final error as it is
 */
export async function retryAwsCall<T>(budgetMs: number, call: (timeoutMs: number) => Promise<T>): Promise<T> {
  const delayMs = (error: unknown, attempts: number) =>
    isFinal(error) ? undefined : backoffMs(attempts, { firstMs: FIRST_DELAY_MS, maxMs: DELAY_MS_MAX });
  try {
    return await retry({ budgetMs, delayMs }, call);
  } catch (error) {
    throw isFinal(error) ? error : new KmsError('APIGW.0201:504', { cause: error });
  }
}
