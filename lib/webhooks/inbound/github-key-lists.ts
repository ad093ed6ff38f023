/** The lists of public keys that GitHub publishes: fetched for a key that is not cached. */
import type { KeyObject } from 'node:crypto';
import * as z from 'zod/mini';
import { get } from '../../clients/get.ts';
import { parsePublicKey } from '../../signing/github.ts';
import { SignatureError } from '../../signing/signed-request.ts';
import { parseJson } from '../../util/json.ts';

const TIMEOUT_MS = 5_000;
/** At most one request for a list in this time: GitHub allows 60 unauthenticated requests an hour. */
const REQUEST_INTERVAL_MS = 60_000;
/** A cached list that is older is fetched again, so that a key that GitHub withdraws becomes invalid. */
const MAX_AGE_MS = 60 * 60 * 1000;
const KEYS_MAX = 100;
const LIST_BYTES_MAX = 256 * 1024;
const LISTS_MAX = 100;

const KEY_LIST = z.object({
  public_keys: z.array(z.object({ key_identifier: z.string(), key: z.string() })).check(z.maxLength(KEYS_MAX)),
});

interface CachedList {
  keys: ReadonlyMap<string, KeyObject>;
  requestedAtMs: number;
  receivedAtMs: number;
  request: Promise<void> | undefined;
}

/** Whether a configured secret is the URL of a key list instead of a key. Plain http is for tests on this machine. */
export function isKeyListUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && url.hostname === '127.0.0.1');
}

/**
 * Returns a function that looks up a key by its identifier in the list at a URL. It returns undefined when the list has
 * no such key, and throws SignatureError when the list cannot be fetched and the key is not cached.
 */
export function cachedKeyLists() {
  const lists = new Map<string, CachedList>();

  function cachedList(url: string): CachedList {
    const never = Number.NEGATIVE_INFINITY;
    const list = lists.get(url) ?? { keys: new Map(), requestedAtMs: never, receivedAtMs: never, request: undefined };
    // Settings change while the process runs; this drops the lists that they no longer name.
    if (!lists.has(url) && lists.size >= LISTS_MAX) lists.clear();
    lists.set(url, list);
    return list;
  }

  /** Leaves the cached keys as they are when the request fails. */
  async function refresh(url: string, list: CachedList, nowMs: number): Promise<void> {
    list.requestedAtMs = nowMs;
    list.keys = await fetchKeys(url);
    list.receivedAtMs = nowMs;
  }

  return async (url: string, identifier: string, nowMs: number): Promise<KeyObject | undefined> => {
    const list = cachedList(url);
    const isCached = list.keys.has(identifier) && isWithin(MAX_AGE_MS, list.receivedAtMs, nowMs);
    if (isCached) return list.keys.get(identifier);
    if (!list.request && !isWithin(REQUEST_INTERVAL_MS, list.requestedAtMs, nowMs)) {
      list.request = refresh(url, list, nowMs).finally(() => {
        list.request = undefined;
      });
    }
    try {
      await list.request;
    } catch (error) {
      if (!list.keys.has(identifier)) throw new SignatureError('the key list cannot be fetched', { cause: error });
    }
    return list.keys.get(identifier);
  };
}

/** Compares in both directions, so that a clock that was set back does not stop the requests. */
const isWithin = (ms: number, atMs: number, nowMs: number) => Math.abs(nowMs - atMs) < ms;

/** @throws Error when there is no response, or one of another form */
async function fetchKeys(url: string): Promise<Map<string, KeyObject>> {
  const headers = { accept: 'application/json', 'user-agent': 'kms-grants' };
  const { status, text } = await get(url, { headers, timeoutMs: TIMEOUT_MS, bytesMax: LIST_BYTES_MAX });
  if (status !== 200) throw new Error(`status ${status}`);
  const { success, data } = z.safeParse(KEY_LIST, parseJson(text));
  if (!success) throw new Error('not a list of public keys');
  const keys = data.public_keys.map(({ key_identifier, key }) => [key_identifier, parsePublicKey(key)] as const);
  return new Map(keys.filter((entry): entry is readonly [string, KeyObject] => entry[1] !== undefined));
}
