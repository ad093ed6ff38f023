/** Reading lists to their end. */
import type { Grant, GrantPage, PageRequest } from '../../lib/domain/model.ts';

/** Reads the pages from the first to the last by following `next`. */
export async function readAllPages<Page extends { next?: string | undefined }>(
  list: (page: PageRequest) => Promise<Page>,
  limit: number,
): Promise<Page[]> {
  const pages: Page[] = [];
  let after: string | undefined;
  do {
    const page = await list(after === undefined ? { limit } : { limit, after });
    pages.push(page);
    after = page.next;
  } while (after !== undefined);
  return pages;
}

/** @returns the ids of the grants of a page, in its order */
export const idsOf = ({ json }: GrantPage): string[] => (JSON.parse(json) as Grant[]).map((grant) => grant.grant_id);
