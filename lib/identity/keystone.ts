import * as z from 'zod/mini';
import { backoffMs, retry, retryAfterSeconds } from '../clients/backoff.ts';
import { type HttpResponse, sendRequest } from '../clients/http.ts';
import { NetworkError } from '../clients/network-error.ts';
import { IAM_ID_PATTERN } from '../domain/ids.ts';
import type { Caller } from '../domain/request-context.ts';
import { KmsError } from '../errors.ts';
import { sha256Hex } from '../signing/bytes.ts';
import { concurrencyLimit } from '../util/concurrency-limit.ts';
import { parseJson } from '../util/json.ts';
import type { Authenticator } from './authenticator.ts';

export interface KeystoneSettings {
  /** Such as `https://iam.eu-de.otc.t-systems.com`. */
  endpoint: string;
  /** How long a token that was good is taken for good without asking again; it bounds how late a revoked one is out. */
  cacheSeconds: number;
  /** ms since 1970 */
  now: () => number;
}

/** For all tries of one lookup. */
const LOOKUP_MS = 5_000;
const LOOKUP_ATTEMPTS_MAX = 2;
/** Lookups under way at once, in all and from one address: a flood of guesses must not become one of ours at the IAM. */
const LOOKUPS_MAX = 64;
const LOOKUPS_PER_SOURCE_MAX = 16;
/** Tokens remembered; a thousand take a megabyte. */
const KEPT_MAX = 10_000;
/** Source: KMS API reference, `X-Auth-Token`; what our gateway lets through is less. */
const TOKEN = /^[\x21-\x7e]{1,32768}$/;

const id = z.string().check(z.regex(IAM_ID_PATTERN));
/** Source: IAM API reference, "Verifying a Token"; Identity API v3, "Validate and show information for token". */
const ANSWER = z.object({
  token: z.object({
    /** With its zone: without one it would be read as ours. */
    expires_at: z.string().check(z.regex(/(Z|[+-]\d\d:?\d\d)$/)),
    user: z.object({ id, domain: z.object({ id }) }),
    project: z.optional(z.object({ id })),
    roles: z._default(z.array(z.object({ name: z.string() })), []),
  }),
});

const REFUSAL_STATUSES = new Set([400, 401, 403, 404]);
/** A refusal in any form that an IAM has; another page with that status is not from one. */
const REFUSAL = z.union([z.object({ error: z.looseObject({}) }), z.object({ error_code: z.string() })]);

interface Known {
  caller: Caller;
  askedAtMs: number;
  expiresAtMs: number;
}

/** A real IAM as the judge of who is calling: X-Auth-Token only, for the secret of an access key never leaves the IAM. */
export function keystoneAuthenticator({ endpoint, cacheSeconds, now }: KeystoneSettings): Authenticator {
  const known = new Map<string, Known>();
  const underWay = new Map<string, Promise<Caller>>();
  const lookups = concurrencyLimit(LOOKUPS_MAX, LOOKUPS_PER_SOURCE_MAX, 'APIGW.0308');

  /** A clock that was set back makes nothing last longer. */
  function isGood({ askedAtMs, expiresAtMs }: Known): boolean {
    const ageMs = now() - askedAtMs;
    return ageMs >= 0 && ageMs < cacheSeconds * 1000 && expiresAtMs > now();
  }

  async function lookUp(token: string, tokenHash: string): Promise<Caller> {
    const askedAtMs = now();
    const { caller, expiresAtMs } = readToken(await validateToken(endpoint, token));
    if (!(expiresAtMs > now())) throw refused('The token has expired; get a new one.');
    known.set(tokenHash, { caller, askedAtMs, expiresAtMs });
    const [oldest] = known.keys();
    if (known.size > KEPT_MAX && oldest !== undefined) known.delete(oldest);
    return caller;
  }

  return {
    async authenticate({ headers }, _projectId, source = '') {
      const { authorization, 'x-auth-token': token } = headers;
      if (authorization !== undefined) throw refused('AK/SK signatures cannot be checked here. Send X-Auth-Token.');
      if (!token) throw refused('Send X-Auth-Token.');
      if (!TOKEN.test(token)) throw refused('The token is not valid.');
      const tokenHash = sha256Hex(token);
      const kept = known.get(tokenHash);
      if (kept && isGood(kept)) return kept.caller;
      known.delete(tokenHash);
      const others = underWay.get(tokenHash);
      if (others) return others;
      const release = lookups.acquire(source);
      const lookup = lookUp(token, tokenHash).finally(() => {
        underWay.delete(tokenHash);
        release();
      });
      underWay.set(tokenHash, lookup);
      return lookup;
    },
  };
}

/**
 * Sends "validate token" to the IAM and returns its response.
 * @throws KmsError APIGW.0301 when the IAM refuses the token, APIGW.0308 when it throttles, APIGW.0201:502 and :504 when
 * it gives no usable response
 */
async function validateToken(endpoint: string, token: string): Promise<HttpResponse> {
  const headers = {
    'x-auth-token': token,
    'x-subject-token': token,
    accept: 'application/json',
    // The URL is the same for every token, so a cache could answer with another token's response.
    'cache-control': 'no-store',
  };
  const request = { method: 'GET', url: `${endpoint}/v3/auth/tokens?nocatalog`, headers } as const;
  let mayRetry = false;

  async function attempt(timeoutMs: number): Promise<HttpResponse> {
    mayRetry = true;
    const response = await sendRequest(request, timeoutMs).catch(throwNetworkError);
    const { status, text } = response;
    const isRefused = REFUSAL_STATUSES.has(status) && isRefusal(text);
    // A Keystone that has just started may answer 403 until it has loaded its policies.
    mayRetry = status !== 200 && status !== 429 && (status === 403 || !isRefused);
    if (status === 429) {
      throw new KmsError('APIGW.0308', { retryAfterSeconds: retryAfterSeconds(response.headers, Date.now()) });
    }
    if (isRefused) throw refused('The token is not valid.');
    if (status !== 200) throw unusable(`status ${status}`);
    if ((response.headers.get('x-subject-token') ?? token) !== token) throw unusable('another token');
    return response;
  }

  const delayMs = (error: unknown, attempts: number) =>
    mayRetry && error instanceof KmsError && attempts < LOOKUP_ATTEMPTS_MAX ? backoffMs(attempts) : undefined;
  return retry({ budgetMs: LOOKUP_MS, delayMs }, attempt);
}

function throwNetworkError(error: unknown): never {
  if (!(error instanceof NetworkError)) throw error;
  const code = error.failure === 'late' ? 'APIGW.0201:504' : 'APIGW.0201:502';
  throw new KmsError(code, { detail: IAM_UNAVAILABLE, cause: error });
}

function readToken({ text }: HttpResponse): { caller: Caller; expiresAtMs: number } {
  const { success, data } = z.safeParse(ANSWER, parseJson(text));
  const expiresAtMs = Date.parse(data?.token.expires_at ?? '');
  if (!success || Number.isNaN(expiresAtMs)) throw unusable('a token of another form');
  const { user, project, roles } = data.token;
  const caller = {
    userId: user.id,
    domainId: user.domain.id,
    projectId: project?.id,
    roles: roles.map(({ name }) => name),
  };
  return { caller, expiresAtMs };
}

function isRefusal(text: string): boolean {
  return z.safeParse(REFUSAL, parseJson(text)).success;
}

const IAM_UNAVAILABLE = 'The IAM that checks tokens cannot be asked.';

function unusable(what: string): KmsError {
  return new KmsError('APIGW.0201:502', { detail: IAM_UNAVAILABLE, cause: new Error(`the IAM answered ${what}`) });
}

function refused(detail: string): KmsError {
  return new KmsError('APIGW.0301', { detail });
}
