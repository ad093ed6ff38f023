import { useCallback, useState } from 'react';
import { nameOfGrant } from '../api/grants.ts';
import { PAGE_ROWS } from '../api/requests.ts';
import type { Grant, RevocationSelection } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { useCaller } from '../app/session.tsx';
import { aliasIn, type Keys } from '../app/use-keys.ts';
import type { Names } from '../app/use-names.ts';
import { Pager } from '../parts/pager.tsx';
import { ErrorNote, Loading, Note } from '../parts/states.tsx';
import { DataTable } from '../parts/table.tsx';
import { GiveUpDialog } from '../revoke/give-up-dialog.tsx';
import { doorFor, type RevokeTarget } from '../revoke/plan.ts';
import { RevokeDialog } from '../revoke/revoke-dialog.tsx';
import { grantWords } from '../words/grants.ts';
import { useGrantColumns } from './columns.tsx';
import { RevokeAll, SelectionBar } from './selection-bar.tsx';
import type { GrantList } from './use-grants.ts';
import { useSelection } from './use-selection.ts';

interface Props {
  caption: string;
  list: GrantList;
  /** The page is about a person, so each row names its key; or about a key, so each row names its holder. */
  subject: 'person' | 'key';
  /** What the list is filtered by, as the bulk revocation takes it. */
  selection: RevocationSelection;
  /** Of the person or key of the page. */
  name: string;
  names: Names;
  keys: Keys;
  /** Grants that the holder of a grant issued on its key. */
  passedOnBy(grant: Grant): readonly Grant[];
  /** Whether more may have been passed on than is loaded. */
  isPartial: boolean;
  isFiltered: boolean;
  empty: string;
}

/** Grants, as pages of persons and keys show them, with what the caller may do to them. */
export function GrantTable(props: Props) {
  const { caption, list, subject, selection: filter, name, names, keys, passedOnBy, isPartial, empty } = props;
  const words = useWords(grantWords);
  const { list: listed } = useFormat();
  const caller = useCaller();
  const selection = useSelection(list.shown, JSON.stringify(filter));
  const [revoking, setRevoking] = useState<RevokeTarget>();
  const [givingUp, setGivingUp] = useState<Grant>();
  const onRevoke = useCallback((grant: Grant) => setRevoking({ kind: 'grant', grant }), []);
  const columns = useGrantColumns({ subject, names, keys, passedOnBy, isPartial, onRevoke, onGiveUp: setGivingUp });
  // Only a job takes single grants by their ids.
  const maySelect = doorFor({ kind: 'selected', selection: filter, count: 0 }, caller) !== undefined;
  if (list.isPending) return <Loading />;
  if (list.error && list.loaded.length === 0) return <ErrorNote error={list.error} onRetry={list.again} />;
  const unread = [...new Set(list.failed.map(({ key_id }) => key_id ?? '*'))];
  return (
    <>
      {list.error && <ErrorNote error={list.error} onRetry={list.again} />}
      {unread.length > 0 && <Note tone="caution">{words.unread(listed(unread.map((id) => aliasIn(keys, id))))}</Note>}
      <RevokeAll list={list} filter={filter} name={name} onRevoke={setRevoking} />
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
      <SelectionBar
        list={list}
        selection={selection}
        filter={filter}
        isFiltered={props.isFiltered}
        name={name}
        onRevoke={setRevoking}
      />
      {revoking && (
        <RevokeDialog target={revoking} keys={keys} subject={subject} onClose={() => setRevoking(undefined)} />
      )}
      {givingUp && <GiveUpDialog grant={givingUp} keys={keys} onClose={() => setGivingUp(undefined)} />}
    </>
  );
}
