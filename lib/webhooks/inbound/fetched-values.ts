/** Values that senders publish at URLs, such as lists of keys: fetched when they are needed, and cached. */

interface Limits {
  /** A value that is older is fetched again, so that what its publisher withdraws becomes invalid. */
  maxAgeMs: number;
  /** A value that cannot be fetched again is used until it is this old. */
  staleAgeMs: number;
  /** At most one request for a URL in this time. */
  intervalMs: number;
  /** How many URLs are cached. */
  urlsMax: number;
  /** How many URLs that have no value yet are requested in `intervalMs`. Default: any number. */
  newUrlsMax?: number;
}

interface Entry<T> {
  value: T | undefined;
  requestedAtMs: number;
  receivedAtMs: number;
  request: Promise<void> | undefined;
  /** Why the last request failed; undefined if it did not. */
  error: unknown;
}

interface Lookup<T> {
  /** Undefined if neither the cached value nor a new one has what the lookup needs. */
  value: T | undefined;
  /** Whether a request might find more, and the limits do not allow it now. */
  isThrottled: boolean;
}

/**
 * Returns a function that looks up the value at a URL. It throws the error of the last request if that failed and the
 * cached value will not do.
 * @param fetchValue throws when there is no value
 */
export function fetchedValues<T>(fetchValue: (url: string) => Promise<T>, limits: Limits) {
  const { maxAgeMs, staleAgeMs, intervalMs, urlsMax, newUrlsMax = Number.POSITIVE_INFINITY } = limits;
  const entries = new Map<string, Entry<T>>();
  /** When URLs without a value were requested, also those that are no longer cached. */
  let newRequestsAtMs: number[] = [];

  function entryOf(url: string): Entry<T> {
    const never = Number.NEGATIVE_INFINITY;
    const entry = entries.get(url) ?? {
      value: undefined,
      requestedAtMs: never,
      receivedAtMs: never,
      request: undefined,
      error: undefined,
    };
    if (!entries.has(url) && entries.size >= urlsMax) removeOne();
    entries.set(url, entry);
    return entry;
  }

  /** Removes the oldest URL without a value, so that wrong URLs do not displace right ones; else the oldest one. */
  function removeOne(): void {
    const [withoutValue] = [...entries].find(([, { value }]) => value === undefined) ?? [];
    const oldest = withoutValue ?? [...entries.keys()][0];
    if (oldest !== undefined) entries.delete(oldest);
  }

  function mayRequest(entry: Entry<T>, nowMs: number): boolean {
    if (isWithin(intervalMs, entry.requestedAtMs, nowMs)) return false;
    if (entry.value !== undefined) return true;
    newRequestsAtMs = newRequestsAtMs.filter((atMs) => isWithin(intervalMs, atMs, nowMs));
    if (newRequestsAtMs.length >= newUrlsMax) return false;
    newRequestsAtMs.push(nowMs);
    return true;
  }

  /** Requests the value. If the request fails, the cached value stays. */
  async function refresh(url: string, entry: Entry<T>, nowMs: number): Promise<void> {
    entry.requestedAtMs = nowMs;
    try {
      entry.value = await fetchValue(url);
      entry.receivedAtMs = nowMs;
      entry.error = undefined;
    } catch (error) {
      entry.error = error;
    }
  }

  /** @returns whether a request is made, now or already */
  async function requestOncePerInterval(url: string, entry: Entry<T>, nowMs: number): Promise<boolean> {
    if (!entry.request && !mayRequest(entry, nowMs)) return false;
    entry.request ??= refresh(url, entry, nowMs).finally(() => {
      entry.request = undefined;
    });
    await entry.request;
    return true;
  }

  /** @param isEnough whether a value has what is needed now */
  return async (
    url: string,
    nowMs: number,
    isEnough: (value: T) => boolean | Promise<boolean> = () => true,
  ): Promise<Lookup<T>> => {
    const entry = entryOf(url);
    const valueWithin = async (ageMs: number) => {
      const { value, receivedAtMs } = entry;
      return value !== undefined && isWithin(ageMs, receivedAtMs, nowMs) && (await isEnough(value)) ? value : undefined;
    };
    const cached = await valueWithin(maxAgeMs);
    if (cached !== undefined) return { value: cached, isThrottled: false };
    const isRequested = await requestOncePerInterval(url, entry, nowMs);
    const value = await valueWithin(staleAgeMs);
    if (value === undefined && entry.error !== undefined) throw entry.error;
    return { value, isThrottled: value === undefined && !isRequested };
  };
}

/** Whether two times are less than `ms` apart, in either order, so that a clock that was set back stops no requests. */
const isWithin = (ms: number, atMs: number, nowMs: number) => Math.abs(nowMs - atMs) < ms;
