/** The result of one attempt to call the upstream. */
import * as z from 'zod/mini';
import { retryAfterSeconds } from '../../clients/backoff.ts';
import type { HttpResponse } from '../../clients/http.ts';
import type { NetworkError, NetworkFailure } from '../../clients/network-error.ts';
import { KmsError } from '../../errors.ts';
import { parseJson } from '../../util/json.ts';
import { mapErrorResponse } from './error-mapping.ts';

export type AttemptResult<T> =
  | { type: 'done'; answer: T; requestId: string }
  /** The upstream has decided: another attempt would get the same refusal. */
  | { type: 'refused'; error: KmsError; requestId: string }
  | FailedAttempt;

export interface FailedAttempt {
  type: 'failed';
  /** The error for the caller when no further attempt follows. */
  error: KmsError;
  /** Whether the upstream may have applied the change nevertheless. */
  mayHaveBeenApplied: boolean;
  /** Whether another attempt may succeed. */
  isRetryable: boolean;
  /** X-Request-Id of the response; empty when there was none. */
  requestId: string;
}

/** Texts to append to errors. */
export interface ErrorHints {
  /** To an error that leaves open whether the change was applied. */
  uncertain?: string | undefined;
  /** To a 401 and a 403. */
  access?: string | undefined;
}

/** @param schema of the response body */
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
    return unintelligible(`a response of the wrong form: ${z.prettifyError(answer.error)}`, { hints, requestId });
  }
  const detail = status === 401 || status === 403 ? hints.access : status >= 500 ? hints.uncertain : undefined;
  const error = mapErrorResponse(http, { detail, retryAfterSeconds: retryAfter });
  // A throttled request was not applied, whatever the form of the response.
  if (status === 429) {
    const throttled = error ?? new KmsError('APIGW.0308', { retryAfterSeconds: retryAfter });
    return { type: 'failed', error: throttled, mayHaveBeenApplied: false, isRetryable: true, requestId };
  }
  if (error && status < 500) return { type: 'refused', error, requestId };
  if (error) return { type: 'failed', error, mayHaveBeenApplied: true, isRetryable: true, requestId };
  return { ...unintelligible(`status ${status}`, { hints, requestId, retryAfter }), isRetryable: status >= 500 };
}

/** A response in an unknown form: the change may or may not have been applied. */
function unintelligible(
  what: string,
  { hints, requestId, retryAfter }: { hints: ErrorHints; requestId: string; retryAfter?: number | undefined },
): FailedAttempt {
  const error = new KmsError('APIGW.0201:502', {
    detail: hints.uncertain,
    cause: new Error(`the upstream sent ${what}`),
    retryAfterSeconds: retryAfter,
  });
  return { type: 'failed', error, mayHaveBeenApplied: true, isRetryable: true, requestId };
}

type NetworkErrorResult = { code: 'APIGW.0201:502' | 'APIGW.0201:504' } & Pick<
  FailedAttempt,
  'mayHaveBeenApplied' | 'isRetryable'
>;
const NETWORK_ERROR_RESULTS: Readonly<Record<NetworkFailure, NetworkErrorResult>> = {
  unsent: { code: 'APIGW.0201:502', mayHaveBeenApplied: false, isRetryable: true },
  untrusted: { code: 'APIGW.0201:502', mayHaveBeenApplied: false, isRetryable: false },
  lost: { code: 'APIGW.0201:502', mayHaveBeenApplied: true, isRetryable: true },
  late: { code: 'APIGW.0201:504', mayHaveBeenApplied: true, isRetryable: true },
};

export function resultOfNetworkError(cause: NetworkError, { uncertain }: ErrorHints): FailedAttempt {
  const { code, mayHaveBeenApplied, isRetryable } = NETWORK_ERROR_RESULTS[cause.failure];
  const error = new KmsError(code, { detail: mayHaveBeenApplied ? uncertain : undefined, cause });
  return { type: 'failed', error, mayHaveBeenApplied, isRetryable, requestId: '' };
}

/** Accepted only in a harmless form, because it is written to the log and to events. */
function requestIdOf(headers: Headers): string {
  const value = headers.get('x-request-id') ?? '';
  return /^[\w-]{1,64}$/.test(value) ? value : '';
}

/** An empty body counts as `{}`, unless its content type is something else, such as an error page. */
function parse({ text, headers }: HttpResponse): unknown {
  const type = headers.get('content-type') ?? '';
  if (text.trim() !== '') return parseJson(text);
  return type === '' || /\bjson\b/i.test(type) ? {} : undefined;
}
