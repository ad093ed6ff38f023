/**
 * The deliveries of a webhook, as GitHub's API lists and repeats them.
 * Source: GitHub Docs, REST API, "Organization webhooks" and "Repository webhooks", `…/hooks/{hook_id}/deliveries`.
 */
import * as z from 'zod/mini';
import { type HttpResponse, sendRequest } from '../../lib/clients/http.ts';

export interface GitHubHook {
  /** `https://api.github.com`, or the API of GitHub Enterprise. */
  apiUrl: string;
  /** The path of the webhook, such as `/orgs/acme/hooks/109948940`. */
  path: string;
  token: string;
  nowMs: number;
}

/** An attempt to deliver an event. */
export interface Delivery {
  /** The id of the delivery attempt, as decimal text: it may be greater than 2^53, where numbers lose digits. */
  id: string;
  /** Of the event: `X-GitHub-Delivery`. */
  guid: string;
  event: string;
  action?: string | null | undefined;
  delivered_at: string;
  /** A text such as `OK` or `Invalid HTTP Response: 503`. */
  status: string;
}

/** GitHub refused a call. The message says what to do. */
export class GitHubError extends Error {
  override readonly name = 'GitHubError';
  /** Whether GitHub takes no further calls for now. */
  readonly isRateLimit: boolean;

  constructor(message: string, isRateLimit = false) {
    super(message);
    this.isRateLimit = isRateLimit;
  }
}

const TIMEOUT_MS = 30_000;
const PAGE_SIZE = 100;
/** GitHub keeps the deliveries of three days. */
const PAGES_MAX = 1_000;

const parsePage = (value: unknown) =>
  z.safeParse(
    z.array(
      z.object({
        id: z.string().check(z.regex(/^\d{1,20}$/)),
        guid: z.string(),
        event: z.string(),
        action: z.optional(z.nullable(z.string())),
        // A text that is no time would end the list of deliveries too early.
        delivered_at: z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text)))),
        status: z.string(),
      }),
    ),
    value,
  );

/**
 * Returns the attempts of a webhook, newest first.
 * @param sinceMs ms since 1970: older ones are left out
 * @throws GitHubError, NetworkError
 */
export async function listDeliveries(hook: GitHubHook, sinceMs = 0): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const query = new URLSearchParams({ per_page: String(PAGE_SIZE), ...(cursor !== undefined && { cursor }) });
    const response = await call(hook, 'GET', `${hook.path}/deliveries?${query}`, 200);
    const { data, success } = parsePage(parseWithExactIds(response.text));
    if (!success) throw new GitHubError('GitHub answered with something else than a list of deliveries.');
    const recent = data.filter(({ delivered_at }) => Date.parse(delivered_at) >= sinceMs);
    deliveries.push(...recent);
    cursor = nextCursor(response.headers.get('link'));
    if (cursor === undefined || recent.length < data.length) return deliveries;
  }
  throw new GitHubError(
    `The webhook has more than ${PAGES_MAX * PAGE_SIZE} deliveries: give a later time with --since.`,
  );
}

/**
 * Asks GitHub to deliver once more. GitHub does so shortly after it has answered.
 * @throws GitHubError, NetworkError
 */
export async function redeliver(hook: GitHubHook, { id }: Delivery): Promise<void> {
  await call(hook, 'POST', `${hook.path}/deliveries/${id}/attempts`, 202);
}

async function call(hook: GitHubHook, method: 'GET' | 'POST', path: string, expected: number): Promise<HttpResponse> {
  const headers = {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${hook.token}`,
    'user-agent': 'kms-grants',
    'x-github-api-version': '2022-11-28',
  };
  const response = await sendRequest({ method, url: hook.apiUrl + path, headers }, TIMEOUT_MS);
  if (response.status !== expected) throw refusalOf(response, hook.nowMs);
  return response;
}

/** Source: GitHub Docs, REST API, "Rate limits for the REST API", "Exceeding the rate limit"; "Troubleshooting". */
function refusalOf({ status, headers }: HttpResponse, nowMs: number): GitHubError {
  const afterSeconds = headers.get('retry-after') ?? '';
  const isUsedUp = headers.get('x-ratelimit-remaining') === '0';
  if (status === 429 || (status === 403 && (isUsedUp || afterSeconds !== ''))) {
    const resetSeconds = Number(headers.get('x-ratelimit-reset') ?? Number.NaN);
    const endMs = /^\d{1,6}$/.test(afterSeconds) ? nowMs + Number(afterSeconds) * 1000 : resetSeconds * 1000;
    const when = Number.isFinite(endMs) ? `after ${new Date(endMs).toISOString()}` : 'in a minute';
    return new GitHubError(`GitHub's rate limit is reached. Run the command again ${when}.`, true);
  }
  if (status >= 300 && status < 400) {
    return new GitHubError(`GitHub answered ${status}: the organisation or repository has a new name. Give that one.`);
  }
  if (status === 401) return new GitHubError('GitHub refused the token (401). Give one that has not expired.');
  if (status === 403 || status === 404) {
    return new GitHubError(
      `GitHub has no such webhook, or the token may not use it (${status}). Check --org or --repo, --hook, and the ` +
        "token's permission: Webhooks, read and write.",
    );
  }
  return new GitHubError(`GitHub answered ${status}. Run the command again later.`);
}

/** Parses JSON; each `id` becomes the text of its number. Undefined for a text that is not JSON. */
function parseWithExactIds(text: string): unknown {
  // The type of the third argument is not in TypeScript's library yet. Source: ECMAScript 2026, JSON.parse.
  const exactId = (key: string, value: unknown, context?: { source?: string }) =>
    key === 'id' && typeof value === 'number' ? context?.source : value;
  try {
    return JSON.parse(text, exactId as (key: string, value: unknown) => unknown);
  } catch {
    return undefined;
  }
}

/** Only the cursor is taken from the link, so that the token is sent to no other address. */
function nextCursor(link: string | null): string | undefined {
  const next = (link ?? '').split(',').find((part) => part.includes('rel="next"'));
  const [, url] = /<([^<>]{1,2048})>/.exec(next ?? '') ?? [];
  return (url && URL.parse(url)?.searchParams.get('cursor')) || undefined;
}
