/** The lists of public keys that GitHub publishes. */
import type { KeyObject } from 'node:crypto';
import * as z from 'zod/mini';
import { parsePublicKey } from '../../signing/github.ts';
import { SignatureError } from '../../signing/signed-request.ts';
import { parseJson } from '../../util/json.ts';
import { cachedKeyLists, KeyListError } from './key-lists.ts';

/** GitHub allows 60 unauthenticated requests an hour. */
const REQUEST_INTERVAL_MS = 60_000;
const KEYS_MAX = 100;

const KEY_LIST = z.object({
  public_keys: z.array(z.object({ key_identifier: z.string(), key: z.string() })).check(z.maxLength(KEYS_MAX)),
});

/**
 * Returns a function that looks up a key by its identifier in the list at a URL. It returns undefined when the list has
 * no such key, and throws SignatureError when the list cannot be fetched and the key is not cached.
 */
export function gitHubKeyLists() {
  const lookUp = cachedKeyLists(parseKeys, { intervalMs: REQUEST_INTERVAL_MS });
  return async (url: string, identifier: string, nowMs: number): Promise<KeyObject | undefined> => {
    try {
      return (await lookUp(url, nowMs, (keys) => keys.get(identifier))).found;
    } catch (error) {
      if (!(error instanceof KeyListError)) throw error;
      throw new SignatureError(error.message, { cause: error });
    }
  };
}

/** @throws Error for a text of another form */
function parseKeys(text: string): ReadonlyMap<string, KeyObject> {
  const { success, data } = z.safeParse(KEY_LIST, parseJson(text));
  if (!success) throw new Error('not a list of public keys');
  const keys = data.public_keys.map(({ key_identifier, key }) => [key_identifier, parsePublicKey(key)] as const);
  return new Map(keys.filter((entry): entry is readonly [string, KeyObject] => entry[1] !== undefined));
}
