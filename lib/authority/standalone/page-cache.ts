import type { GrantPage, Key, PageRequest } from '../../domain/model.ts';

type Filter = { grantee?: string | undefined };

interface CachedPage {
  revision: number;
  page: GrantPage;
}

/** Counted for each entry besides its text, so that many empty pages with names chosen by clients are bounded too. */
const ENTRY_CHARS = 256;

const sizeOf = (name: string, page: GrantPage) => page.json.length + name.length + ENTRY_CHARS;

/**
 * A cache of pages of grants. A page is used only if the key, just read from the store, still has the revision at which
 * the page was read, so no reply is stale. It saves reading and joining a hundred rows that did not change.
 * @param charsMax bound on the cached text; the least recently used pages are dropped first
 */
export function pageCache(charsMax: number) {
  const cached = new Map<string, CachedPage>();
  let chars = 0;

  const nameOf = (key: Key, { grantee = '' }: Filter, { limit, after = '', offset = 0 }: PageRequest) =>
    `${key.keyId} ${grantee} ${limit} ${after} ${offset}`;

  function drop(name: string): void {
    const found = cached.get(name);
    if (found) chars -= sizeOf(name, found.page);
    cached.delete(name);
  }

  return {
    get(key: Key, filter: Filter, request: PageRequest): GrantPage | undefined {
      const name = nameOf(key, filter, request);
      const found = cached.get(name);
      if (found?.revision !== key.revision) return undefined;
      cached.delete(name);
      cached.set(name, found);
      return found.page;
    },

    put(key: Key, filter: Filter, request: PageRequest, page: GrantPage): GrantPage {
      const name = nameOf(key, filter, request);
      drop(name);
      cached.set(name, { revision: key.revision, page });
      chars += sizeOf(name, page);
      for (const oldest of cached.keys()) {
        if (chars <= charsMax) break;
        drop(oldest);
      }
      return page;
    },
  };
}
