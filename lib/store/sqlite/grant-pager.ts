import type { SQLInputValue } from 'node:sqlite';
import type { GrantPage, PageRequest } from '../../domain/model.ts';
import type { Database } from './database.ts';

type Pager = (where: Record<string, SQLInputValue>, page: PageRequest, total: () => number) => GrantPage;

/**
 * Prepares a query that returns one page of grants.
 * @param select a SELECT of `wire` and `grant_id` that ends in a condition on `:after`
 */
export function grantPager(db: Database, select: string): Pager {
  const statement = db.prepare(`${select} ORDER BY grant_id LIMIT :limit OFFSET :offset`);
  statement.setReturnArrays(true);
  return (where, { limit, after = '', offset = 0 }, total) => {
    // One extra row shows whether there is a next page.
    const rows = statement.all({ ...where, after, limit: limit + 1, offset }) as unknown as [string, string][];
    const page = rows.slice(0, limit);
    return {
      json: `[${page.map(([wire]) => wire).join(',')}]`,
      total: total(),
      next: rows.length > limit ? page.at(-1)?.[1] : undefined,
    };
  };
}
