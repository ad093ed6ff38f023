/** Lists of public keys at a URL: fetched when a key is not known, and cached with bounds on number, size and age. */
import { get } from '../../clients/get.ts';

const TIMEOUT_MS = 5_000;
/** A cached list that is older is fetched again, so that a withdrawn key becomes invalid. */
const MAX_AGE_MS = 60 * 60 * 1000;
/** A list that cannot be fetched again is used until it is this old. */
const STALE_AGE_MS = 24 * 60 * 60 * 1000;
const LISTS_MAX = 100;
const LIST_BYTES_MAX = 256 * 1024;

/** The list cannot be fetched, so nobody knows whether it has the key. */
export class KeyListError extends Error {
  override readonly name = 'KeyListError';

  constructor(cause: unknown) {
    super('the key list cannot be fetched', { cause });
  }
}

interface CachedList<T> {
  list: T | undefined;
  receivedAtMs: number;
  requestedAtMs: number;
  request: Promise<void> | undefined;
  /** Why the last request failed; undefined if it did not. */
  error: unknown;
}

export interface Lookup<K> {
  found: K | undefined;
  /** Whether nothing was found in a list that was not requested for this lookup, because the last request is recent. */
  isThrottled: boolean;
}

/** Whether a configured secret is the URL of a key list instead of a key. Plain http is for tests on this machine. */
export function isKeyListUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && url.hostname === '127.0.0.1');
}

/**
 * Returns a function that finds something in the list at a URL. If the cached list does not have it, the list is
 * fetched, at most once per interval. The function throws KeyListError if the list cannot be fetched and the cached one
 * does not have it.
 * @param parse returns the list that a response contains; throws for a response of another form
 */
export function cachedKeyLists<T>(parse: (text: string) => T, { intervalMs }: { intervalMs: number }) {
  const lists = new Map<string, CachedList<T>>();

  function cachedList(url: string): CachedList<T> {
    const never = Number.NEGATIVE_INFINITY;
    const cached = lists.get(url) ?? {
      list: undefined,
      receivedAtMs: never,
      requestedAtMs: never,
      request: undefined,
      error: undefined,
    };
    // Settings change while the process runs; this drops the lists that they no longer name.
    if (!lists.has(url) && lists.size >= LISTS_MAX) lists.clear();
    lists.set(url, cached);
    return cached;
  }

  /** Leaves the cached list as it is when the request fails. */
  async function refresh(url: string, cached: CachedList<T>, nowMs: number): Promise<void> {
    cached.requestedAtMs = nowMs;
    try {
      cached.list = parse(await fetchText(url));
      cached.receivedAtMs = nowMs;
      cached.error = undefined;
    } catch (error) {
      cached.error = error;
    }
  }

  /** @returns whether a request for the list is made, now or already */
  async function refreshOncePerInterval(url: string, cached: CachedList<T>, nowMs: number): Promise<boolean> {
    const isRecent = isWithin(intervalMs, cached.requestedAtMs, nowMs);
    if (!cached.request && isRecent) return false;
    cached.request ??= refresh(url, cached, nowMs).finally(() => {
      cached.request = undefined;
    });
    await cached.request;
    return true;
  }

  return async <K>(
    url: string,
    nowMs: number,
    findIn: (list: T) => K | undefined | Promise<K | undefined>,
  ): Promise<Lookup<K>> => {
    const cached = cachedList(url);
    const findWithin = async (ageMs: number) =>
      cached.list !== undefined && isWithin(ageMs, cached.receivedAtMs, nowMs) ? findIn(cached.list) : undefined;
    const cachedKey = await findWithin(MAX_AGE_MS);
    if (cachedKey !== undefined) return { found: cachedKey, isThrottled: false };
    const isRequested = await refreshOncePerInterval(url, cached, nowMs);
    const found = await findWithin(STALE_AGE_MS);
    if (found === undefined && cached.error !== undefined) throw new KeyListError(cached.error);
    return { found, isThrottled: found === undefined && !isRequested };
  };
}

/** Compares in both directions, so that a clock that was set back does not stop the requests. */
const isWithin = (ms: number, atMs: number, nowMs: number) => Math.abs(nowMs - atMs) < ms;

/** @throws Error when there is no response, or one that is too long */
async function fetchText(url: string): Promise<string> {
  const headers = { accept: 'application/json', 'user-agent': 'kms-grants' };
  const { status, text } = await get(url, { headers, timeoutMs: TIMEOUT_MS, bytesMax: LIST_BYTES_MAX });
  if (status !== 200) throw new Error(`status ${status}`);
  return text;
}
