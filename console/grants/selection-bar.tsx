import type { RevocationSelection } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { useCaller } from '../app/session.tsx';
import { Button } from '../parts/button.tsx';
import { Note } from '../parts/states.tsx';
import { doorFor, type RevokeTarget, SELECTED_MAX } from '../revoke/plan.ts';
import { commonWords } from '../words/common.ts';
import { grantWords } from '../words/grants.ts';
import styles from './grants.module.css';
import type { GrantList } from './use-grants.ts';
import type { GrantSelection } from './use-selection.ts';

interface Props {
  list: GrantList;
  selection: GrantSelection;
  filter: RevocationSelection;
  /** Whether the filter leaves a part of what the page is about. */
  isFiltered: boolean;
  name: string;
  onRevoke(target: RevokeTarget): void;
}

/** Above the list, so that it is in sight however long the list is: the whole list, or what the caller lacks for it. */
export function RevokeAll({ list, filter, name, onRevoke }: Pick<Props, 'list' | 'filter' | 'name' | 'onRevoke'>) {
  const words = useWords(grantWords);
  const caller = useCaller();
  const total = useTotal(list, filter);
  if (total === undefined) return null;
  const everything: RevokeTarget = { kind: 'filter', selection: filter, name };
  if (doorFor(everything, caller) === undefined) return <Missing filter={filter} />;
  return (
    <p className={styles.all}>
      <Button onClick={() => onRevoke(everything)}>{words.revokeAll(total)}</Button>
    </p>
  );
}

/** What is selected, and what can be done to it. */
export function SelectionBar({ list, selection, filter, isFiltered, name, onRevoke }: Props) {
  const words = useWords(grantWords);
  const common = useWords(commonWords);
  const { number } = useFormat();
  const total = useTotal(list, filter);
  const everything: RevokeTarget = { kind: 'filter', selection: filter, name };
  const { size } = selection.ids;
  if (total === undefined || (size === 0 && !selection.isFilter)) return null;
  const selected: RevokeTarget = selection.isFilter
    ? everything
    : { kind: 'selected', selection: { ...scopeOf(filter), grant_ids: [...selection.ids] }, count: size };
  return (
    <div className={styles.bar}>
      <strong role="status">{selection.isFilter ? words.filterSelected(total) : common.selected(number(size))}</strong>
      {size > SELECTED_MAX && !selection.isFilter && <Note tone="caution">{words.tooMany(number(SELECTED_MAX))}</Note>}
      {!selection.isFilter && (
        <Button onClick={selection.selectFilter}>
          {isFiltered ? words.selectFilter(total) : words.selectAll(total)}
        </Button>
      )}
      <Button onClick={selection.clear}>{words.clearSelection}</Button>
      <Button kind="primary" isDisabled={size > SELECTED_MAX && !selection.isFilter} onClick={() => onRevoke(selected)}>
        {words.revokeSelected}
      </Button>
    </div>
  );
}

/** How many grants fit the filter, for reading; undefined if none is shown. */
function useTotal(list: GrantList, filter: RevocationSelection): string | undefined {
  const { number } = useFormat();
  if (list.total === undefined || list.shown.length === 0) return undefined;
  const isCut = (filter.operations ?? filter.grant_ids) !== undefined;
  // How many fit a filter by operation is known when all are loaded; the preview tells it in any case.
  return !isCut || !list.hasMore ? number(isCut ? list.shown.length : list.total) : '…';
}

/** The person or key alone: grants chosen by id are those, whatever the filter by operation. */
const scopeOf = ({ grantee_principal, key_id }: RevocationSelection): RevocationSelection => ({
  ...(grantee_principal !== undefined && { grantee_principal }),
  ...(key_id !== undefined && { key_id }),
});

/** Names what the caller lacks. Where the service has no jobs, nobody can revoke a whole key at once. */
function Missing({ filter }: { filter: RevocationSelection }) {
  const words = useWords(grantWords);
  const caller = useCaller();
  if (!caller.jobs && filter.grantee_principal === undefined) return null;
  return <p className={styles.missing}>{words.missing('kms:grant:revoke-any')}</p>;
}
