/** What one try at the KMS behind this service has come to. */
import * as z from 'zod/mini';
import { KmsError } from '../../errors.ts';
import { jsonIn } from '../../json-in.ts';
import type { HttpAnswer } from '../../outbound/http.ts';
import type { Failing, NoAnswerError } from '../../outbound/no-answer.ts';
import { retryAfterSeconds } from '../../outbound/tries.ts';
import { refusalOf } from './refusal.ts';

export type Outcome<T> =
  | { type: 'done'; answer: T; requestId: string }
  /** The KMS has decided; another try would be refused alike. */
  | { type: 'refused'; error: KmsError; requestId: string }
  | Failure;

export interface Failure {
  type: 'failed';
  /** What it is answered with when no other try follows. */
  error: KmsError;
  /** Whether the KMS may have done all the same what it was asked to. */
  mayBeDone: boolean;
  /** Whether another try can work. */
  isPassing: boolean;
  /** X-Request-Id of what was answered; empty when nothing was. */
  requestId: string;
}

/** Words to add to an error. */
export interface Hints {
  /** To one after which it is not known whether something was done. */
  doubt?: string | undefined;
  /** To a 401 and a 403. */
  access?: string | undefined;
}

/** @param schema of the answer */
export function outcomeOf<T extends z.core.$ZodType>(
  http: HttpAnswer,
  schema: T,
  hints: Hints,
  nowMs: number,
): Outcome<z.output<T>> {
  const { status, headers } = http;
  const requestId = requestIdOf(headers);
  const retryAfter = retryAfterSeconds(headers, nowMs);
  if (status === 200 || status === 204) {
    const answer = z.safeParse(schema, parse(http));
    if (answer.success) return { type: 'done', answer: answer.data, requestId };
    return nonsense(`an answer of the wrong form: ${z.prettifyError(answer.error)}`, { hints, requestId });
  }
  const detail = status === 401 || status === 403 ? hints.access : status >= 500 ? hints.doubt : undefined;
  const error = refusalOf(http, { detail, retryAfterSeconds: retryAfter });
  // Whoever throttles has done nothing, whatever the form in which it says so.
  if (status === 429) {
    const throttled = error ?? new KmsError('APIGW.0308', { retryAfterSeconds: retryAfter });
    return { type: 'failed', error: throttled, mayBeDone: false, isPassing: true, requestId };
  }
  if (error && status < 500) return { type: 'refused', error, requestId };
  if (error) return { type: 'failed', error, mayBeDone: true, isPassing: true, requestId };
  return { ...nonsense(`status ${status}`, { hints, requestId, retryAfter }), isPassing: status >= 500 };
}

/** Nobody knows what was done by whoever answered that. */
function nonsense(
  what: string,
  { hints, requestId, retryAfter }: { hints: Hints; requestId: string; retryAfter?: number | undefined },
): Failure {
  const error = new KmsError('APIGW.0201:502', {
    detail: hints.doubt,
    cause: new Error(`the KMS behind this service: ${what}`),
    retryAfterSeconds: retryAfter,
  });
  return { type: 'failed', error, mayBeDone: true, isPassing: true, requestId };
}

type Silence = { code: 'APIGW.0201:502' | 'APIGW.0201:504' } & Pick<Failure, 'mayBeDone' | 'isPassing'>;
const SILENCE: Readonly<Record<Failing, Silence>> = {
  unsent: { code: 'APIGW.0201:502', mayBeDone: false, isPassing: true },
  untrusted: { code: 'APIGW.0201:502', mayBeDone: false, isPassing: false },
  lost: { code: 'APIGW.0201:502', mayBeDone: true, isPassing: true },
  late: { code: 'APIGW.0201:504', mayBeDone: true, isPassing: true },
};

export function outcomeOfSilence(cause: NoAnswerError, { doubt }: Hints): Failure {
  const { code, mayBeDone, isPassing } = SILENCE[cause.failing];
  const error = new KmsError(code, { detail: mayBeDone ? doubt : undefined, cause });
  return { type: 'failed', error, mayBeDone, isPassing, requestId: '' };
}

/** What comes over the wire and goes into our log and our events. */
function requestIdOf(headers: Headers): string {
  const value = headers.get('x-request-id') ?? '';
  return /^[\w-]{1,64}$/.test(value) ? value : '';
}

/** No text is as `{}`, unless it is said to be something else, as of a page that failed. */
function parse({ text, headers }: HttpAnswer): unknown {
  const type = headers.get('content-type') ?? '';
  if (text.trim() !== '') return jsonIn(text);
  return type === '' || /\bjson\b/i.test(type) ? {} : undefined;
}
