/** Calls of the KMS behind this service: within a rate and a time, tried again where that is right, answers checked. */
import type * as z from 'zod/mini';
import { ATTEMPT_MS_MIN, ATTEMPTS_MAX, backoffMs, retry } from '../../clients/backoff.ts';
import { type Credentials, refreshingCredentials } from '../../clients/credentials.ts';
import { sendRequest } from '../../clients/http.ts';
import { NetworkError } from '../../clients/network-error.ts';
import { rateLimit } from '../../clients/rate-limit.ts';
import type { UpstreamSettings } from '../../config.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { KmsError } from '../../errors.ts';
import { sign } from '../../signing/sdk-hmac.ts';
import {
  type AttemptResult,
  type ErrorHints,
  type FailedAttempt,
  resultOfNetworkError,
  resultOfResponse,
} from './attempt-result.ts';

/** One API of the KMS, as it is asked. */
export interface UpstreamCall<T extends z.core.$ZodType> {
  /** The API's name. */
  api: string;
  fields: object;
  answer: T;
  /**
   * Whether a try that may have been done is followed by another: so with reads, and with changes that can be done only
   * once. If not, only what cannot have been done is tried again.
   */
  isRepeatable: boolean;
  /** Of a change that can be done only once: how a second time is refused. */
  alreadyDoneCode?: string | undefined;
}

export interface UpstreamReply<T> {
  answer: T;
  /** X-Request-Id of the answer; empty when it had none. */
  requestId: string;
}

/** How far a change has come: whether a try of it may have been done without our knowing. */
export interface ChangeProgress {
  isUncertain: boolean;
}

export interface UpstreamClient {
  /**
   * @param course of the change that this is; doubt is written down there as soon as there is any
   * @throws PassedError what the KMS refused it with; after a try of this call that may have been done, only a refusal
   * with `workedCode`, for any other says nothing of that try
   * @throws KmsError APIGW.0201:502 and :504 for no answer that can be believed; APIGW.0308 when nothing could be sent
   */
  call<T extends z.core.$ZodType>(
    context: RequestContext,
    ask: UpstreamCall<T>,
    course?: ChangeProgress,
  ): Promise<UpstreamReply<z.output<T>>>;
}

const MAY_HAVE_BEEN_APPLIED = 'It may have been done all the same: look, or send it again.';
export const MAY_HAVE_BEEN_CREATED = 'It may have been made all the same: list before you try again.';
const OWN_USER =
  'It is the user of this service whom the KMS refuses: check KMS_CREDENTIALS and what that user may do.';

/** @param now ms since 1970, for the dates that are signed */
export function upstreamClient(settings: UpstreamSettings, now: () => number): UpstreamClient {
  const { endpoint, credentials, ratePerSecond, timeoutMs } = settings;
  const { host } = new URL(endpoint);
  const rate = rateLimit(ratePerSecond);
  const kept = credentials === 'caller' ? undefined : refreshingCredentials(credentials);

  function headersOf(
    context: RequestContext,
    path: string,
    body: string,
    own: Credentials | undefined,
  ): Record<string, string> {
    if (!own) return { 'content-type': 'application/json', 'x-auth-token': context.token ?? '' };
    const headers = {
      'content-type': 'application/json',
      'x-project-id': context.projectId,
      'x-sdk-date': new Date(now()).toISOString().replace(/[-:]|\.\d+/g, ''),
      ...(own.securityToken && { 'x-security-token': own.securityToken }),
    };
    const signed = { ...headers, host };
    const request = { method: 'POST', path, query: '', headers: signed, body: Buffer.from(body) };
    return { ...headers, authorization: sign(request, own, Object.keys(signed).sort()) };
  }

  /** One try, as soon as the rate allows. @throws KmsError APIGW.0308 when it does not in time */
  async function send<T extends z.core.$ZodType>(
    context: RequestContext,
    { api, fields, answer, isRepeatable }: UpstreamCall<T>,
    { endsAtMs, own, hints }: { endsAtMs: number; own: Credentials | undefined; hints: ErrorHints },
  ): Promise<AttemptResult<z.output<T>>> {
    const path = `/v1.0/${context.projectId}/kms/${api}`;
    const body = JSON.stringify({ ...fields, sequence: sequenceOf(context) });
    const waitMsMax = endsAtMs - performance.now() - ATTEMPT_MS_MIN;
    const release = await rate.acquire(waitMsMax, { caller: context.caller.userId, isBackground: context.isBulk });
    try {
      const request = {
        method: 'POST',
        url: endpoint + path,
        headers: headersOf(context, path, body, own),
        body,
      } as const;
      const leftMs = endsAtMs - performance.now();
      // Where another try may follow, one that hangs must leave time for it.
      const longestMs = isRepeatable ? Math.min(leftMs, timeoutMs / 2) : leftMs;
      return resultOfResponse(await sendRequest(request, longestMs), answer, hints, now());
    } catch (error) {
      if (error instanceof NetworkError) return resultOfNetworkError(error, hints);
      throw error;
    } finally {
      release();
    }
  }

  return {
    async call(context, ask, course = { isUncertain: false }) {
      const startedAtMs = context.startedAtMs ?? performance.now();
      const endsAtMs = startedAtMs + timeoutMs;
      const hints = { doubt: ask.isRepeatable ? undefined : MAY_HAVE_BEEN_CREATED, access: kept && OWN_USER };
      let own = await kept?.current();
      let lastFailed: FailedAttempt | undefined;
      let mayRetry = false;
      /** Whether any attempt of this call may have been applied. */
      let isUncertain = false;

      async function attempt(): Promise<UpstreamReply<z.output<typeof ask.answer>>> {
        mayRetry = false;
        if (endsAtMs - performance.now() < ATTEMPT_MS_MIN) throw lastFailed?.error ?? new KmsError('APIGW.0201:504');
        const result = await send(context, ask, { endsAtMs, own, hints }).catch((error: unknown) => {
          // An unknown error may have come after the request was sent.
          if (!(error instanceof KmsError)) course.isUncertain = true;
          // "Nothing was sent" is true of the first attempt only.
          throw lastFailed?.error ?? error;
        });
        if (context.trace && result.requestId) context.trace.upstreamRequestId = result.requestId;
        if (result.type === 'done') return result;
        if (result.type === 'refused') {
          const { error } = result;
          own = own && error.status === 401 ? await kept?.replacementFor(own) : undefined;
          if (own) return attempt();
          throw isUncertain && ask.alreadyDoneCode && error.publicCode !== ask.alreadyDoneCode
            ? undecided(error)
            : error;
        }
        lastFailed = result;
        mayRetry = result.isRetryable && (ask.isRepeatable || !result.mayHaveBeenApplied);
        isUncertain ||= result.mayHaveBeenApplied;
        course.isUncertain ||= result.mayHaveBeenApplied;
        throw result.error;
      }

      return retry(
        {
          budgetMs: timeoutMs,
          startedAtMs,
          delayMs: (_error, attempts) =>
            mayRetry && attempts < ATTEMPTS_MAX
              ? backoffMs(attempts, { retryAfterSeconds: lastFailed?.error.retryAfterSeconds })
              : undefined,
        },
        attempt,
      );
    },
  };
}

/** One try may have been done, and a later one was refused for another reason. */
function undecided(cause: KmsError): KmsError {
  return new KmsError('APIGW.0201:502', { detail: MAY_HAVE_BEEN_APPLIED, cause });
}

/** The same on every try: our request id as a UUID, so that their log and ours can be read together. */
function sequenceOf({ requestId }: RequestContext): string {
  return requestId.replace(/^(.{8})-?(.{4})-?(.{4})-?(.{4})-?(.{12})$/, '$1-$2-$3-$4-$5');
}
