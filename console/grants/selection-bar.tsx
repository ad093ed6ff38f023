import type { RevocationSelection } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { Button } from '../parts/button.tsx';
import { Note } from '../parts/states.tsx';
import { type FilterTarget, type RevokeTarget, SELECTED_MAX } from '../revoke/plan.ts';
import { commonWords } from '../words/common.ts';
import { grantWords } from '../words/grants.ts';
import styles from './grants.module.css';
import { totalOf } from './total.ts';
import type { GrantList } from './use-grants.ts';
import type { GrantSelection } from './use-selection.ts';

interface Props {
  list: GrantList;
  selection: GrantSelection;
  everything: FilterTarget;
  /** Whether the filter leaves a part of what the page is about. */
  isFiltered: boolean;
  onRevoke(target: RevokeTarget): void;
}

/** What is selected, and what can be done to it. */
export function SelectionBar({ list, selection, everything, isFiltered, onRevoke }: Props) {
  const words = useWords(grantWords);
  const common = useWords(commonWords);
  const { number } = useFormat();
  const { isFilter, ids } = selection;
  if (ids.size === 0 && !isFilter) return null;
  const filter = everything.selection;
  const count = totalOf(list, filter);
  const total = count === undefined ? '…' : number(count);
  const selected: RevokeTarget = isFilter
    ? everything
    : { kind: 'selected', selection: { ...scopeOf(filter), grant_ids: [...ids] }, count: ids.size };
  const isTooMany = ids.size > SELECTED_MAX && !isFilter;
  return (
    <div className={styles.bar}>
      <strong role="status">{isFilter ? words.filterSelected(total) : common.selected(number(ids.size))}</strong>
      {isTooMany && <Note tone="caution">{words.tooMany(number(SELECTED_MAX))}</Note>}
      {!isFilter && (
        <Button onClick={selection.selectFilter}>
          {isFiltered ? words.selectFilter(total) : words.selectAll(total)}
        </Button>
      )}
      <Button onClick={selection.clear}>{words.clearSelection}</Button>
      <Button kind="primary" isDisabled={isTooMany} onClick={() => onRevoke(selected)}>
        {words.revokeSelected}
      </Button>
    </div>
  );
}

/** The person or key alone: grants chosen by id are those, whatever the filter by operation. */
const scopeOf = ({ grantee_principal, key_id }: RevocationSelection): RevocationSelection => ({
  ...(grantee_principal !== undefined && { grantee_principal }),
  ...(key_id !== undefined && { key_id }),
});
