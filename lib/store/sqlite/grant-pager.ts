import type { SQLInputValue } from 'node:sqlite';
import type { GrantPage, PageRequest } from '../../domain/model.ts';
import type { Database } from './database.ts';

type Pager = (where: Record<string, SQLInputValue>, page: PageRequest, total: () => number) => GrantPage;

/**
 * Prepares the paged form of a query.
 * @param rows a SELECT of `wire` and `grant_id` that ends in a condition on `:after`
 */
export function grantPager(db: Database, rows: string): Pager {
  const statement = db.prepare(`${rows} ORDER BY grant_id LIMIT :limit OFFSET :offset`);
  statement.setReturnArrays(true);
  return (where, { limit, after = '', offset = 0 }, total) => {
    // One row more than asked for tells whether there is a next page.
    const found = statement.all({ ...where, after, limit: limit + 1, offset }) as unknown as [string, string][];
    const page = found.slice(0, limit);
    return {
      json: `[${page.map(([wire]) => wire).join(',')}]`,
      total: total(),
      next: found.length > limit ? page.at(-1)?.[1] : undefined,
    };
  };
}
