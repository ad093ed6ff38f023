/** Lists of public keys at a URL: fetched when a key is not known, and cached. */
import { getText } from '../../clients/get.ts';
import { fetchedValues } from './fetched-values.ts';

const LIMITS = { maxAgeMs: 60 * 60 * 1000, staleAgeMs: 24 * 60 * 60 * 1000, urlsMax: 100 };
const REQUEST = {
  headers: { accept: 'application/json', 'user-agent': 'kms-grants' },
  timeoutMs: 5_000,
  bytesMax: 256 * 1024,
};

/** The list cannot be fetched, so nobody knows whether it has the key. */
export class KeyListError extends Error {
  override readonly name = 'KeyListError';

  constructor(cause: unknown) {
    super('the key list cannot be fetched', { cause });
  }
}

export interface FoundKey<K> {
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
  const listAt = fetchedValues(async (url) => parse(await getText(url, REQUEST)), { ...LIMITS, intervalMs });
  return async <K>(
    url: string,
    nowMs: number,
    findIn: (list: T) => K | undefined | Promise<K | undefined>,
  ): Promise<FoundKey<K>> => {
    let found: K | undefined;
    const hasKey = async (list: T) => {
      found = await findIn(list);
      return found !== undefined;
    };
    try {
      const { isThrottled } = await listAt(url, nowMs, hasKey);
      return { found, isThrottled };
    } catch (error) {
      throw new KeyListError(error);
    }
  };
}
