import type { GrantPage, Key, PageRequest } from '../../domain/model.ts';

type Filter = { grantee?: string | undefined };

interface CachedPage {
  revision: number;
  page: GrantPage;
}

/** What an entry takes besides its text. Empty pages count too: their names are the client's to choose. */
const ENTRY_CHARS = 256;

const sizeOf = (name: string, page: GrantPage) => page.json.length + name.length + ENTRY_CHARS;

/**
 * Pages already read. A page is used only when the key, just read from the store, still has the revision that the page
 * was read at, so nothing stale is ever answered; it saves reading and joining a hundred rows that did not change.
 * @param charsMax bound on the text kept; the pages unused for longest go first
 */
export function pageCache(charsMax: number) {
  const kept = new Map<string, CachedPage>();
  let chars = 0;

  const nameOf = (key: Key, { grantee = '' }: Filter, { limit, after = '', offset = 0 }: PageRequest) =>
    `${key.keyId} ${grantee} ${limit} ${after} ${offset}`;

  function drop(name: string): void {
    const found = kept.get(name);
    if (found) chars -= sizeOf(name, found.page);
    kept.delete(name);
  }

  return {
    get(key: Key, filter: Filter, request: PageRequest): GrantPage | undefined {
      const name = nameOf(key, filter, request);
      const found = kept.get(name);
      if (found?.revision !== key.revision) return undefined;
      kept.delete(name);
      kept.set(name, found);
      return found.page;
    },

    keep(key: Key, filter: Filter, request: PageRequest, page: GrantPage): GrantPage {
      const name = nameOf(key, filter, request);
      drop(name);
      kept.set(name, { revision: key.revision, page });
      chars += sizeOf(name, page);
      for (const oldest of kept.keys()) {
        if (chars <= charsMax) break;
        drop(oldest);
      }
      return page;
    },
  };
}
