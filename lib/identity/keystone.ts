import * as z from 'zod/mini';
import { backoffMs, retry, retryAfterSeconds } from '../clients/backoff.ts';
import { type HttpResponse, sendRequest } from '../clients/http.ts';
import { NetworkError } from '../clients/network-error.ts';
import { VISIBLE_ASCII } from '../domain/characters.ts';
import { IAM_ID_PATTERN, TOKEN_CHARACTERS_MAX } from '../domain/ids.ts';
import type { Caller } from '../domain/request-context.ts';
import { KmsError } from '../errors.ts';
import { sha256Hex } from '../signing/bytes.ts';
import { concurrencyLimit } from '../util/concurrency-limit.ts';
import { parseJson } from '../util/json.ts';
import type { Authenticator } from './authenticator.ts';

interface KeystoneSettings {
  /** Such as `https://iam.eu-de.otc.t-systems.com`. */
  endpoint: string;
  /** How long a valid token is cached. A revoked token may be accepted for that long. */
  cacheSeconds: number;
  /** ms since 1970 */
  now: () => number;
}

/** For all attempts of one lookup. */
const LOOKUP_MS = 5_000;
const LOOKUP_ATTEMPTS_MAX = 2;
/** Limits of concurrent lookups, so that token guessing does not overload the IAM. */
const LOOKUPS = {
  max: 64,
  knownOnly: 16,
  perAddressMax: 16,
  waitingMax: 512,
  waitMs: 2_000,
  code: 'APIGW.0308',
} as const;
/** A thousand cached tokens take about 1 MB. */
const CACHED_TOKENS_MAX = 10_000;
const TOKEN = new RegExp(`^[${VISIBLE_ASCII}]{1,${TOKEN_CHARACTERS_MAX}}$`);

const id = z.string().check(z.regex(IAM_ID_PATTERN));
/** Source: IAM API reference, "Verifying a Token"; Identity API v3, "Validate and show information for token". */
const TOKEN_RESPONSE = z.object({
  token: z.object({
    /** With a time zone; without one Date.parse would assume the local zone. */
    expires_at: z.string().check(z.regex(/(Z|[+-]\d\d:?\d\d)$/)),
    user: z.object({ id, domain: z.object({ id }) }),
    project: z.optional(z.object({ id })),
    roles: z._default(z.array(z.object({ name: z.string() })), []),
  }),
});

const REFUSAL_STATUSES = new Set([400, 401, 403, 404]);
/** The error forms of an IAM. A page of a proxy with the same status has neither. */
const REFUSAL = z.union([z.object({ error: z.looseObject({}) }), z.object({ error_code: z.string() })]);

interface CachedToken {
  caller: Caller;
  validatedAtMs: number;
  expiresAtMs: number;
}

/**
 * Identifies callers by an IAM, with X-Auth-Token only. Verifying an AK/SK signature needs the secret key, which never
 * leaves the IAM.
 */
export function keystoneAuthenticator({ endpoint, cacheSeconds, now }: KeystoneSettings): Authenticator {
  /** Tokens that were valid at their last lookup. After their cache time, they are known callers of `LOOKUPS`. */
  const cache = new Map<string, CachedToken>();
  const pending = new Map<string, Promise<Caller>>();
  const lookups = concurrencyLimit(LOOKUPS);

  /** A negative age means that the clock was set back. */
  function isValid({ validatedAtMs, expiresAtMs }: CachedToken): boolean {
    const ageMs = now() - validatedAtMs;
    return ageMs >= 0 && ageMs < cacheSeconds * 1000 && expiresAtMs > now();
  }

  async function lookUp(token: string, tokenHash: string): Promise<Caller> {
    const validatedAtMs = now();
    const { caller, expiresAtMs } = readToken(await validateToken(endpoint, token));
    if (!(expiresAtMs > now())) throw refused('The token has expired; get a new one.');
    cache.delete(tokenHash);
    cache.set(tokenHash, { caller, validatedAtMs, expiresAtMs });
    const [oldest] = cache.keys();
    if (cache.size > CACHED_TOKENS_MAX && oldest !== undefined) cache.delete(oldest);
    return caller;
  }

  return {
    async authenticate({ headers }, _projectId, clientAddress = '') {
      const { authorization, 'x-auth-token': token } = headers;
      if (authorization !== undefined) throw refused('This service cannot verify AK/SK signatures. Send X-Auth-Token.');
      if (!token) throw refused('Send X-Auth-Token.');
      if (!TOKEN.test(token)) throw refused('The token is not valid.');
      const tokenHash = sha256Hex(token);
      const cached = cache.get(tokenHash);
      if (cached && isValid(cached)) return cached.caller;
      const concurrent = pending.get(tokenHash);
      if (concurrent) return concurrent;
      const lookup = lookups
        .run(clientAddress, cached !== undefined, () => lookUp(token, tokenHash))
        .catch((error: unknown) => {
          if (error instanceof KmsError && error.code === 'APIGW.0301') cache.delete(tokenHash);
          throw error;
        })
        .finally(() => pending.delete(tokenHash));
      pending.set(tokenHash, lookup);
      return lookup;
    },
  };
}

/**
 * Sends "validate token" to the IAM and returns its response.
 * @throws KmsError APIGW.0301 when the IAM refuses the token, APIGW.0308 when it throttles, APIGW.0201:502 or :504
 * without a usable response
 */
async function validateToken(endpoint: string, token: string): Promise<HttpResponse> {
  const headers = {
    'x-auth-token': token,
    'x-subject-token': token,
    accept: 'application/json',
    // The URL is the same for every token, so a cache could return another token's response.
    'cache-control': 'no-store',
  };
  const request = { method: 'GET', url: `${endpoint}/v3/auth/tokens?nocatalog`, headers } as const;
  let mayRetry = false;

  async function attempt(timeoutMs: number): Promise<HttpResponse> {
    mayRetry = true;
    const response = await sendRequest(request, timeoutMs).catch(throwNetworkError);
    const { status, text } = response;
    const isRefused = REFUSAL_STATUSES.has(status) && isRefusal(text);
    // A Keystone that has just started may return 403 until it has loaded its policies.
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
  const { success, data } = z.safeParse(TOKEN_RESPONSE, parseJson(text));
  const expiresAtMs = Date.parse(data?.token.expires_at ?? '');
  if (!success || Number.isNaN(expiresAtMs)) throw unusable('a token in an unknown form');
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

const IAM_UNAVAILABLE = 'The IAM that validates tokens is unavailable; try again later.';

function unusable(what: string): KmsError {
  return new KmsError('APIGW.0201:502', { detail: IAM_UNAVAILABLE, cause: new Error(`the IAM sent ${what}`) });
}

function refused(detail: string): KmsError {
  return new KmsError('APIGW.0301', { detail });
}
