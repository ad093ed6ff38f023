import type { Grant, GrantPage, PageRequest } from '../../domain/model.ts';
import { KmsError } from '../../errors.ts';

/** A page as the KMS behind this service tells it. */
export interface UpstreamPage {
  grants: Grant[];
  total: number;
  next_marker?: string | null | undefined;
  truncated: string;
}

/** Our largest page is theirs. Source: list-grants, `limit`. */
const LIMIT = 1000;
/** 100 grants on each of 100 keys, as documented, are ten pages. */
const PAGES_MAX = 20;

/** The page as it is asked for there. */
export const pageFields = ({ limit, after, offset }: PageRequest) => ({
  limit: String(limit),
  marker: after ?? (offset === undefined ? undefined : String(offset)),
});

/** Where the next page starts; undefined on the last one. */
export const nextMarkerOf = ({ truncated, next_marker }: Pick<UpstreamPage, 'truncated' | 'next_marker'>) =>
  truncated === 'true' ? (next_marker ?? undefined) : undefined;

export const grantPageOf = (page: UpstreamPage): GrantPage => ({
  json: JSON.stringify(page.grants),
  total: page.total,
  next: nextMarkerOf(page),
});

/**
 * All pages of a list, one after the other.
 * @param rowsOf what is listed on a page
 */
export async function allPages<P extends Pick<UpstreamPage, 'truncated' | 'next_marker'>, T>(
  page: (fields: object) => Promise<P>,
  rowsOf: (page: P) => readonly T[],
): Promise<T[]> {
  const rows: T[] = [];
  let marker: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const told = await page({ limit: String(LIMIT), marker });
    rows.push(...rowsOf(told));
    marker = nextMarkerOf(told);
    if (marker === undefined) return rows;
  }
  throw new KmsError('APIGW.0201:502', { cause: new Error('a list of the KMS behind this service does not end') });
}

/**
 * A page of what is left of a list that was filtered here. In a list that is in the order of its ids, markers are ids, and
 * grants that go meanwhile make no gap; in any other they are offsets, as documented.
 */
export function pageOfFiltered(grants: readonly Grant[], { limit, after, offset = 0 }: PageRequest): GrantPage {
  const isByIds = grants.every(({ grant_id }, place) => place === 0 || (grants[place - 1]?.grant_id ?? '') < grant_id);
  const from = after === undefined ? offset : placeAfter(grants, after, isByIds);
  const rows = grants.slice(from, from + limit);
  const end = from + rows.length;
  const marker = isByIds ? rows.at(-1)?.grant_id : String(end);
  return { json: JSON.stringify(rows), total: grants.length, next: end < grants.length ? marker : undefined };
}

/** @throws KmsError KMS.1602 for an id that cannot be found a place for */
function placeAfter(grants: readonly Grant[], grantId: string, isByIds: boolean): number {
  if (isByIds) return grants.filter(({ grant_id }) => grant_id <= grantId).length;
  const place = grants.findIndex(({ grant_id }) => grant_id === grantId);
  if (place < 0) throw new KmsError('KMS.1602', { detail: 'The grant that marker names is not there: start again.' });
  return place + 1;
}
