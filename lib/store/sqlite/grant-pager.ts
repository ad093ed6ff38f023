import type { SQLInputValue } from 'node:sqlite';
import type { GrantPage, PageRequest } from '../store.ts';
import type { Database } from './database.ts';

type Pager = (where: Record<string, SQLInputValue>, page: PageRequest, total: () => number) => GrantPage;

/**
 * Prepares the paged form of a query.
 * @param rows a SELECT of `grant_id` and `wire` that ends in a condition on `:after`
 */
export function grantPager(db: Database, rows: string): Pager {
  const page = db.prepare(
    `SELECT group_concat(wire, ',' ORDER BY grant_id) AS wires, max(grant_id) AS last, count(*) AS n
     FROM (${rows} ORDER BY grant_id LIMIT :limit OFFSET :offset)`,
  );
  const beyond = db.prepare(`SELECT 1 FROM (${rows} LIMIT 1)`);
  beyond.setAllowUnknownNamedParameters(true);
  return (where, { limit, after = '', offset = 0 }, total) => {
    const found = page.get({ ...where, after, limit, offset }) as { wires: string | null; last: string; n: number };
    const hasMore = found.n === limit && beyond.get({ ...where, after: found.last, limit: 1, offset: 0 }) !== undefined;
    return { json: `[${found.wires ?? ''}]`, total: total(), next: hasMore ? found.last : undefined };
  };
}
