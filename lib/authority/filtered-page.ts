import type { Grant, GrantPage, PageRequest } from '../domain/model.ts';
import { KmsError } from '../errors.ts';

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
