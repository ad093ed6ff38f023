import { useQuery } from '@tanstack/react-query';
import type { KeyUsage } from '../api/types.ts';
import { session, useRequests } from './session.tsx';

const PAGE_KEYS = 50;
/** Keys of further pages are shown by their id. */
const PAGES_MAX = 10;
const STALE_MS = 60_000;

export type Keys = ReadonlyMap<string, KeyUsage>;

const NO_KEYS: Keys = new Map();

/** The keys of the project by id, for lists that name keys. Empty until they are read. */
export function useKeys(): Keys {
  const { listKeyUsage } = useRequests();
  const { data } = useQuery({
    queryKey: ['keys', listKeyUsage({}).path],
    staleTime: STALE_MS,
    async queryFn({ signal }) {
      const keys = new Map<string, KeyUsage>();
      let marker = '';
      for (let page = 0; page < PAGES_MAX; page++) {
        const reply = await session.call(listKeyUsage({ limit: PAGE_KEYS, marker }), { signal });
        for (const key of reply.keys) keys.set(key.key_id, key);
        if (reply.truncated !== 'true') break;
        marker = reply.next_marker;
      }
      return keys;
    },
  });
  return data ?? NO_KEYS;
}

export const aliasIn = (keys: Keys, keyId: string): string => keys.get(keyId)?.key_alias || keyId;
