/** The lists of public keys that GitHub publishes: asked for when a key is not known, and kept. */
import type { KeyObject } from 'node:crypto';
import * as z from 'zod/mini';
import { sendRequest } from '../../clients/http.ts';
import { parsePublicKey } from '../../signing/github.ts';
import { SignatureError } from '../../signing/signed-request.ts';
import { parseJson } from '../../util/json.ts';

const ANSWER_MS = 5_000;
/** Not more often, whoever asks: GitHub allows 60 questions an hour to those it does not know. */
const ASK_EVERY_MS = 60_000;
/** Asked for again when older: a key that GitHub has taken back is no longer good then. */
const KEEP_MS = 60 * 60 * 1000;
const KEYS_MAX = 100;
const LISTS_MAX = 100;

const LIST = z.object({
  public_keys: z.array(z.object({ key_identifier: z.string(), key: z.string() })).check(z.maxLength(KEYS_MAX)),
});

interface KeyList {
  keys: ReadonlyMap<string, KeyObject>;
  askedAtMs: number;
  readAtMs: number;
  asking: Promise<void> | undefined;
}

/** Whether a secret of the settings is where a list is, and not a key. In the clear on this machine only. */
export function isKeyListUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && url.hostname === '127.0.0.1');
}

/**
 * @returns the key that a list has under an identifier, undefined when it has none;
 *   throws SignatureError where the list could not be had and what is kept does not have it
 */
export function cachedKeyLists() {
  const lists = new Map<string, KeyList>();

  function listAt(url: string): KeyList {
    const never = Number.NEGATIVE_INFINITY;
    const list = lists.get(url) ?? { keys: new Map(), askedAtMs: never, readAtMs: never, asking: undefined };
    // Settings change; addresses of long ago need not stay.
    if (!lists.has(url) && lists.size >= LISTS_MAX) lists.clear();
    lists.set(url, list);
    return list;
  }

  /** Is a failure when there is no answer: the keys that were there stay. */
  async function ask(url: string, list: KeyList, nowMs: number): Promise<void> {
    list.askedAtMs = nowMs;
    list.keys = await keysAt(url);
    list.readAtMs = nowMs;
  }

  return async (url: string, identifier: string, nowMs: number): Promise<KeyObject | undefined> => {
    const list = listAt(url);
    const isKnown = list.keys.has(identifier) && isWithin(KEEP_MS, list.readAtMs, nowMs);
    if (!isKnown && !list.asking && !isWithin(ASK_EVERY_MS, list.askedAtMs, nowMs)) {
      list.asking = ask(url, list, nowMs).finally(() => {
        list.asking = undefined;
      });
    }
    try {
      // Who comes while the list is on its way waits for it.
      if (!isKnown) await list.asking;
    } catch (error) {
      if (!list.keys.has(identifier)) throw new SignatureError('the list of keys could not be had', { cause: error });
    }
    return list.keys.get(identifier);
  };
}

/** On either side: a clock that was put back must not stop the asking. */
const isWithin = (ms: number, atMs: number, nowMs: number) => Math.abs(nowMs - atMs) < ms;

/** @throws where there is no answer, or none of that form */
async function keysAt(url: string): Promise<Map<string, KeyObject>> {
  const headers = { accept: 'application/json', 'user-agent': 'kms-grants' };
  const { status, text } = await sendRequest({ method: 'GET', url, headers }, ANSWER_MS);
  if (status !== 200) throw new Error(`status ${status}`);
  const { success, data } = z.safeParse(LIST, parseJson(text));
  if (!success) throw new Error('not a list of public keys');
  const keys = data.public_keys.map(({ key_identifier, key }) => [key_identifier, parsePublicKey(key)] as const);
  return new Map(keys.filter((entry): entry is readonly [string, KeyObject] => entry[1] !== undefined));
}
