/** Calls the upstream within its rate limit and a time limit, with retries, and checks its responses. */
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

/** A call of one of the upstream's APIs. `T` is the schema of the response. */
interface UpstreamCall<T extends z.core.$ZodType> {
  /** The API's name. */
  api: string;
  fields: object;
  answer: T;
  /**
   * Whether the call may be repeated after an attempt that may have been applied: true for reads and for changes that
   * can be applied only once. Otherwise only attempts that were certainly not applied are repeated.
   */
  isRepeatable: boolean;
  /** The code with which the upstream refuses the change when it is already done. */
  alreadyDoneCode?: string | undefined;
}

export interface UpstreamReply<T> {
  answer: T;
  /** X-Request-Id of the response; empty when it had none. */
  requestId: string;
}

/** Whether an attempt of a change may have been applied although no response confirmed it. */
export interface ChangeProgress {
  isUncertain: boolean;
}

interface UpstreamClient {
  /**
   * @param progress marked as uncertain as soon as an attempt may have been applied
   * @throws ForwardedError the upstream's refusal. After an uncertain attempt, any refusal but `alreadyDoneCode`
   *   becomes a 502, because it says nothing about that attempt
   * @throws KmsError APIGW.0201:502, :504 without an intelligible response; APIGW.0308 when the rate limit allowed no
   *   call
   */
  call<T extends z.core.$ZodType>(
    context: RequestContext,
    request: UpstreamCall<T>,
    progress?: ChangeProgress,
  ): Promise<UpstreamReply<z.output<T>>>;
}

interface CallLimits {
  attemptMsMax: number;
  /** By performance.now(). */
  deadlineMs: number;
}

const MAY_HAVE_BEEN_APPLIED = 'The change may have been applied. Check, or send the request again.';
export const MAY_HAVE_BEEN_CREATED = 'It may have been created. List before you try again.';
const OWN_CREDENTIALS_REFUSED =
  'The upstream refused the credentials of this service: check KMS_CREDENTIALS and the roles of their user.';

/** @param now ms since 1970, for the dates that are signed */
export function upstreamClient(settings: UpstreamSettings, now: () => number): UpstreamClient {
  const { endpoint, credentials, ratePerSecond, timeoutMs } = settings;
  const { host } = new URL(endpoint);
  const rate = rateLimit(ratePerSecond);
  const credentialsSource = credentials === 'caller' ? undefined : refreshingCredentials(credentials);

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

  /** Makes one attempt as soon as the rate limit allows. @throws KmsError APIGW.0308 when it does not in time */
  async function send<T extends z.core.$ZodType>(
    context: RequestContext,
    { api, fields, answer, isRepeatable }: UpstreamCall<T>,
    { attemptMsMax, deadlineMs, own, hints }: CallLimits & { own: Credentials | undefined; hints: ErrorHints },
  ): Promise<AttemptResult<z.output<T>>> {
    const path = `/v1.0/${context.projectId}/kms/${api}`;
    const body = JSON.stringify({ ...fields, sequence: sequenceOf(context) });
    const waitMsMax = deadlineMs - performance.now() - ATTEMPT_MS_MIN;
    const release = await rate.acquire(waitMsMax, { caller: context.caller.userId, isBackground: context.isBulk });
    try {
      const httpRequest = {
        method: 'POST',
        url: endpoint + path,
        headers: headersOf(context, path, body, own),
        body,
        isNewConnection: !isRepeatable,
      } as const;
      const leftMs = deadlineMs - performance.now();
      const longestMs = isRepeatable ? Math.min(leftMs, attemptMsMax) : leftMs;
      return resultOfResponse(await sendRequest(httpRequest, longestMs), answer, hints, now());
    } catch (error) {
      if (error instanceof NetworkError) return resultOfNetworkError(error, hints);
      throw error;
    } finally {
      release();
    }
  }

  return {
    async call(context, request, progress = { isUncertain: false }) {
      const startedAtMs = context.startedAtMs ?? performance.now();
      const deadlineMs = Math.min(startedAtMs + timeoutMs, context.deadlineMs ?? Number.POSITIVE_INFINITY);
      const budgetMs = deadlineMs - startedAtMs;
      const isLimited = context.deadlineMs !== undefined;
      // A repeatable attempt that hangs leaves time for another one, or, within a deadline, for other calls.
      const attemptMsMax = isLimited ? timeoutMs / 4 : budgetMs / 2;
      const hints = {
        uncertain: request.isRepeatable ? undefined : MAY_HAVE_BEEN_CREATED,
        access: credentialsSource && OWN_CREDENTIALS_REFUSED,
      };
      let own = await credentialsSource?.current();
      let lastFailed: FailedAttempt | undefined;
      let mayRetry = false;
      /** Whether any attempt of this call may have been applied. */
      let isUncertain = false;

      async function attempt(): Promise<UpstreamReply<z.output<typeof request.answer>>> {
        mayRetry = false;
        if (deadlineMs - performance.now() < ATTEMPT_MS_MIN) throw lastFailed?.error ?? new KmsError('APIGW.0201:504');
        const result = await send(context, request, { attemptMsMax, deadlineMs, own, hints }).catch(
          (error: unknown) => {
            // An error of an unknown kind: the request may have been sent already.
            if (!(error instanceof KmsError)) progress.isUncertain = true;
            // "Nothing was sent" is true of the first attempt only.
            throw lastFailed?.error ?? error;
          },
        );
        if (context.trace && result.requestId) context.trace.upstreamRequestId = result.requestId;
        if (result.type === 'done') return result;
        if (result.type === 'refused') {
          const { error } = result;
          own = own && error.status === 401 ? await credentialsSource?.replacementFor(own) : undefined;
          if (own) return attempt();
          throw isUncertain && request.alreadyDoneCode && error.publicCode !== request.alreadyDoneCode
            ? undecided(error)
            : error;
        }
        lastFailed = result;
        const isLate = result.error.status === 504;
        mayRetry = result.isRetryable && (request.isRepeatable || !result.mayHaveBeenApplied) && !(isLimited && isLate);
        isUncertain ||= result.mayHaveBeenApplied;
        progress.isUncertain ||= result.mayHaveBeenApplied;
        throw result.error;
      }

      return retry(
        {
          budgetMs,
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

/**
 * The error of a change of which one attempt may have been applied, when a later attempt was refused for another reason
 * or the state could not be read.
 */
export function undecided(cause: unknown): KmsError {
  return new KmsError('APIGW.0201:502', { detail: MAY_HAVE_BEEN_APPLIED, cause });
}

/** The request id as a UUID, the same for every attempt: it links the upstream's log with the log of this service. */
function sequenceOf({ requestId }: RequestContext): string {
  return requestId.replace(/^(.{8})-?(.{4})-?(.{4})-?(.{4})-?(.{12})$/, '$1-$2-$3-$4-$5');
}
