/** What one try at the KMS behind this service has come to. */
import * as z from 'zod/mini';
import { retryAfterSeconds } from '../../clients/backoff.ts';
import type { HttpResponse } from '../../clients/http.ts';
import type { NetworkError, NetworkFailure } from '../../clients/network-error.ts';
import { KmsError } from '../../errors.ts';
import { parseJson } from '../../util/json.ts';
import { mapErrorResponse } from './error-mapping.ts';

export type AttemptResult<T> =
  | { type: 'done'; answer: T; requestId: string }
  /** The KMS has decided; another try would be refused alike. */
  | { type: 'refused'; error: KmsError; requestId: string }
  | FailedAttempt;

export interface FailedAttempt {
  type: 'failed';
  /** What it is answered with when no other try follows. */
  error: KmsError;
  /** Whether the KMS may have done all the same what it was asked to. */
  mayHaveBeenApplied: boolean;
  /** Whether another try can work. */
  isRetryable: boolean;
  /** X-Request-Id of what was answered; empty when nothing was. */
  requestId: string;
}

/** Words to add to an error. */
export interface ErrorHints {
  /** To one after which it is not known whether something was done. */
  doubt?: string | undefined;
  /** To a 401 and a 403. */
  access?: string | undefined;
}

/** @param schema of the answer */
export function resultOfResponse<T extends z.core.$ZodType>(
  http: HttpResponse,
  schema: T,
  hints: ErrorHints,
  nowMs: number,
): AttemptResult<z.output<T>> {
  const { status, headers } = http;
  const requestId = requestIdOf(headers);
  const retryAfter = retryAfterSeconds(headers, nowMs);
  if (status === 200 || status === 204) {
    const answer = z.safeParse(schema, parse(http));
    if (answer.success) return { type: 'done', answer: answer.data, requestId };
    return nonsense(`an answer of the wrong form: ${z.prettifyError(answer.error)}`, { hints, requestId });
  }
  const detail = status === 401 || status === 403 ? hints.access : status >= 500 ? hints.doubt : undefined;
  const error = mapErrorResponse(http, { detail, retryAfterSeconds: retryAfter });
  // Whoever throttles has done nothing, whatever the form in which it says so.
  if (status === 429) {
    const throttled = error ?? new KmsError('APIGW.0308', { retryAfterSeconds: retryAfter });
    return { type: 'failed', error: throttled, mayHaveBeenApplied: false, isRetryable: true, requestId };
  }
  if (error && status < 500) return { type: 'refused', error, requestId };
  if (error) return { type: 'failed', error, mayHaveBeenApplied: true, isRetryable: true, requestId };
  return { ...nonsense(`status ${status}`, { hints, requestId, retryAfter }), isRetryable: status >= 500 };
}

/** Nobody knows what was done by whoever answered that. */
function nonsense(
  what: string,
  { hints, requestId, retryAfter }: { hints: ErrorHints; requestId: string; retryAfter?: number | undefined },
): FailedAttempt {
  const error = new KmsError('APIGW.0201:502', {
    detail: hints.doubt,
    cause: new Error(`the KMS behind this service: ${what}`),
    retryAfterSeconds: retryAfter,
  });
  return { type: 'failed', error, mayHaveBeenApplied: true, isRetryable: true, requestId };
}

type Silence = { code: 'APIGW.0201:502' | 'APIGW.0201:504' } & Pick<
  FailedAttempt,
  'mayHaveBeenApplied' | 'isRetryable'
>;
const SILENCE: Readonly<Record<NetworkFailure, Silence>> = {
  unsent: { code: 'APIGW.0201:502', mayHaveBeenApplied: false, isRetryable: true },
  untrusted: { code: 'APIGW.0201:502', mayHaveBeenApplied: false, isRetryable: false },
  lost: { code: 'APIGW.0201:502', mayHaveBeenApplied: true, isRetryable: true },
  late: { code: 'APIGW.0201:504', mayHaveBeenApplied: true, isRetryable: true },
};

export function resultOfNetworkError(cause: NetworkError, { doubt }: ErrorHints): FailedAttempt {
  const { code, mayHaveBeenApplied, isRetryable } = SILENCE[cause.failure];
  const error = new KmsError(code, { detail: mayHaveBeenApplied ? doubt : undefined, cause });
  return { type: 'failed', error, mayHaveBeenApplied, isRetryable, requestId: '' };
}

/** What comes over the wire and goes into our log and our events. */
function requestIdOf(headers: Headers): string {
  const value = headers.get('x-request-id') ?? '';
  return /^[\w-]{1,64}$/.test(value) ? value : '';
}

/** No text is as `{}`, unless it is said to be something else, as of a page that failed. */
function parse({ text, headers }: HttpResponse): unknown {
  const type = headers.get('content-type') ?? '';
  if (text.trim() !== '') return parseJson(text);
  return type === '' || /\bjson\b/i.test(type) ? {} : undefined;
}
