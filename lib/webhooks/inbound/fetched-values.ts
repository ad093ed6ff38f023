/** Values that senders publish at URLs, such as lists of keys: fetched when they are needed, and cached. */

interface Limits {
  /** A value that is older is fetched again, so that what its publisher withdraws becomes invalid. */
  maxAgeMs: number;
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
}

/**
 * Returns a function that looks up the value at a URL. It returns undefined when the limits allow no request now, and
 * throws the error of the request when that fails, unless the cached value will do.
 * @param fetchValue throws when there is no value
 */
export function fetchedValues<T>(fetchValue: (url: string) => Promise<T>, limits: Limits) {
  const { maxAgeMs, intervalMs, urlsMax, newUrlsMax = Number.POSITIVE_INFINITY } = limits;
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
    if (entry.request || isWithin(intervalMs, entry.requestedAtMs, nowMs)) return false;
    if (entry.value !== undefined) return true;
    newRequestsAtMs = newRequestsAtMs.filter((atMs) => isWithin(intervalMs, atMs, nowMs));
    if (newRequestsAtMs.length >= newUrlsMax) return false;
    newRequestsAtMs.push(nowMs);
    return true;
  }

  /** Leaves the cached value as it is when the request fails. */
  async function refresh(url: string, entry: Entry<T>, nowMs: number): Promise<void> {
    entry.requestedAtMs = nowMs;
    entry.value = await fetchValue(url);
    entry.receivedAtMs = nowMs;
  }

  /** @param isEnough whether a value has what is needed now */
  return async (url: string, nowMs: number, isEnough: (value: T) => boolean = () => true): Promise<T | undefined> => {
    const entry = entryOf(url);
    const hasEnough = () => entry.value !== undefined && isEnough(entry.value);
    if (hasEnough() && isWithin(maxAgeMs, entry.receivedAtMs, nowMs)) return entry.value;
    if (mayRequest(entry, nowMs)) {
      entry.request = refresh(url, entry, nowMs).finally(() => {
        entry.request = undefined;
      });
    }
    try {
      await entry.request;
    } catch (error) {
      if (!hasEnough()) throw error;
    }
    return entry.value;
  };
}

/** Compares in both directions, so that a clock that was set back does not stop the requests. */
const isWithin = (ms: number, atMs: number, nowMs: number) => Math.abs(nowMs - atMs) < ms;
