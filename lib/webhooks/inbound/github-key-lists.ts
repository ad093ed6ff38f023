/** The lists of public keys that GitHub publishes: fetched for a key that is not cached. */
import type { KeyObject } from 'node:crypto';
import * as z from 'zod/mini';
import { get } from '../../clients/get.ts';
import { parsePublicKey } from '../../signing/github.ts';
import { SignatureError } from '../../signing/signed-request.ts';
import { parseJson } from '../../util/json.ts';
import { fetchedValues } from './fetched-values.ts';

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
  const listAt = fetchedValues<ReadonlyMap<string, KeyObject>>(fetchKeys, {
    maxAgeMs: MAX_AGE_MS,
    intervalMs: REQUEST_INTERVAL_MS,
    urlsMax: LISTS_MAX,
  });
  return async (url: string, identifier: string, nowMs: number): Promise<KeyObject | undefined> => {
    try {
      return (await listAt(url, nowMs, (keys) => keys.has(identifier)))?.get(identifier);
    } catch (error) {
      throw new SignatureError('the key list cannot be fetched', { cause: error });
    }
  };
}

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
