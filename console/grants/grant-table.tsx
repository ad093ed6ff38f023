import { nameOfGrant } from '../api/grants.ts';
import { PAGE_ROWS } from '../api/requests.ts';
import type { RevocationSelection } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { useCaller } from '../app/session.tsx';
import { aliasIn } from '../app/use-keys.ts';
import { Pager } from '../parts/pager.tsx';
import { ErrorNote, Loading, Note } from '../parts/states.tsx';
import { DataTable } from '../parts/table.tsx';
import { revokeApiFor } from '../revoke/plan.ts';
import { grantWords } from '../words/grants.ts';
import { type ColumnSettings, useGrantColumns } from './columns.tsx';
import type { GrantList } from './use-grants.ts';
import type { GrantSelection } from './use-selection.ts';

export interface GrantTableProps extends ColumnSettings {
  caption: string;
  list: GrantList;
  /** What the list is filtered by, as the bulk revocation takes it. */
  filter: RevocationSelection;
  selection: GrantSelection;
  empty: string;
}

/** Grants, as pages of persons and keys show them. */
export function GrantTable({ caption, list, filter, selection, empty, ...ofColumns }: GrantTableProps) {
  const words = useWords(grantWords);
  const { list: listed } = useFormat();
  const caller = useCaller();
  const columns = useGrantColumns(ofColumns);
  // Only a job takes single grants by their ids.
  const maySelect = revokeApiFor({ kind: 'selected', selection: filter, count: 0 }, caller) !== undefined;
  if (list.isPending) return <Loading />;
  if (list.error && list.loaded.length === 0) return <ErrorNote error={list.error} onRetry={list.again} />;
  const unread = [...new Set(list.failed.map(({ key_id }) => key_id ?? '*'))];
  return (
    <>
      {list.error && <ErrorNote error={list.error} onRetry={list.again} />}
      {unread.length > 0 && (
        <Note tone="caution">{words.unread(listed(unread.map((id) => aliasIn(ofColumns.keys, id))))}</Note>
      )}
      <DataTable
        caption={caption}
        isCaptionHidden
        columns={columns}
        rows={list.shown}
        keyOf={({ grant_id }) => grant_id}
        selection={maySelect ? { ...selection, nameOf: nameOfGrant } : undefined}
        empty={empty}
      />
      <Pager
        loaded={list.loaded.length}
        total={list.total}
        matching={filter.operations ? list.shown.length : undefined}
        hasMore={list.hasMore}
        isLoading={list.isLoadingMore}
        pageRows={PAGE_ROWS}
        onMore={list.more}
      />
    </>
  );
}
