import type { Grant, GrantPage, PageRequest } from '../../domain/model.ts';
import { KmsError } from '../../errors.ts';

/** A page in the upstream's form. */
interface UpstreamPage {
  grants: Grant[];
  total: number;
  next_marker?: string | null | undefined;
  truncated: string;
}

/** The largest page that the documented API allows. Source: list-grants, `limit`. */
const LIMIT = 1000;
/** The documented quotas, 100 grants on each of 100 keys, fill ten pages. */
const PAGES_MAX = 20;

/** The fields that request a page from the upstream. */
export const pageRequestFields = ({ limit, after, offset }: PageRequest) => ({
  limit: String(limit),
  marker: after ?? (offset === undefined ? undefined : String(offset)),
});

/** The marker of the next page; undefined on the last page. */
export const nextMarkerOf = ({ truncated, next_marker }: Pick<UpstreamPage, 'truncated' | 'next_marker'>) =>
  truncated === 'true' ? (next_marker ?? undefined) : undefined;

export const grantPageOf = (page: UpstreamPage): GrantPage => ({
  json: JSON.stringify(page.grants),
  total: page.total,
  next: nextMarkerOf(page),
});

/** Reads all pages of a list. @throws KmsError APIGW.0201:502 for a list that does not end */
export async function allPages<P extends Pick<UpstreamPage, 'truncated' | 'next_marker'>, T>(
  page: (fields: object) => Promise<P>,
  rowsOf: (page: P) => readonly T[],
): Promise<T[]> {
  const rows: T[] = [];
  let marker: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const current = await page({ limit: String(LIMIT), marker });
    rows.push(...rowsOf(current));
    marker = nextMarkerOf(current);
    if (marker === undefined) return rows;
  }
  throw new KmsError('APIGW.0201:502', { cause: new Error('a list of the upstream does not end') });
}

/**
 * A page of a list that was filtered here. Where the list is sorted by id, markers are ids, so that a grant revoked
 * between two pages skips nothing. Otherwise markers are offsets, as documented.
 */
export function pageOfFiltered(grants: readonly Grant[], { limit, after, offset = 0 }: PageRequest): GrantPage {
  const isSortedById = grants.every(
    ({ grant_id }, index) => index === 0 || (grants[index - 1]?.grant_id ?? '') < grant_id,
  );
  const from = after === undefined ? offset : indexAfter(grants, after, isSortedById);
  const rows = grants.slice(from, from + limit);
  const end = from + rows.length;
  const marker = isSortedById ? rows.at(-1)?.grant_id : String(end);
  return { json: JSON.stringify(rows), total: grants.length, next: end < grants.length ? marker : undefined };
}

/** @throws KmsError KMS.1602 for an id that is not in an unsorted list */
function indexAfter(grants: readonly Grant[], grantId: string, isSortedById: boolean): number {
  if (isSortedById) return grants.filter(({ grant_id }) => grant_id <= grantId).length;
  const index = grants.findIndex(({ grant_id }) => grant_id === grantId);
  if (index < 0)
    throw new KmsError('KMS.1602', {
      detail: 'The grant whose id is the marker no longer exists. List again from the start.',
    });
  return index + 1;
}
