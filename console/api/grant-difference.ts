import type { Grant, Preview } from './types.ts';

export interface GrantDifference {
  added: Grant[];
  removed: Grant[];
  /** By how much the total has changed. */
  change: number;
  /** Whether a preview had more grants than it listed, so that more may differ than is shown. */
  isPartial: boolean;
}

type Listed = Pick<Preview, 'grants' | 'total' | 'grants_truncated'>;

/** Returns what a second preview has that the first had not, and the reverse. */
export function differenceOf(before: Listed, after: Listed): GrantDifference {
  const idsOf = ({ grants }: Listed) => new Set(grants.map(({ grant_id }) => grant_id));
  const [old, current] = [idsOf(before), idsOf(after)];
  return {
    added: after.grants.filter(({ grant_id }) => !old.has(grant_id)),
    removed: before.grants.filter(({ grant_id }) => !current.has(grant_id)),
    change: after.total - before.total,
    isPartial: before.grants_truncated === 'true' || after.grants_truncated === 'true',
  };
}
