import type { Grant, RevocationSelection } from '../api/types.ts';

interface List {
  /** Without a filter by operation. */
  total: number | undefined;
  shown: readonly Grant[];
  hasMore: boolean;
}

/**
 * Returns how many grants the list has with its filter, also those that are not loaded.
 * @returns undefined while that is unknown: the browser applies a filter by operation, to the loaded grants only
 */
export function totalOf(
  { total, shown, hasMore }: List,
  { operations, grant_ids }: RevocationSelection,
): number | undefined {
  if ((operations ?? grant_ids) === undefined) return total;
  return hasMore ? undefined : shown.length;
}
