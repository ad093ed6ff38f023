import { useState } from 'react';
import { giveUpRightOf, isOwn, nameOfGrant } from '../api/grants.ts';
import { PAGE_ROWS } from '../api/requests.ts';
import type { Grant, RevocationSelection } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { useCaller, useMay } from '../app/session.tsx';
import { aliasIn, type Keys } from '../app/use-keys.ts';
import type { Names } from '../app/use-names.ts';
import { Badge } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { GrantLink, KeyLink, PrincipalLink } from '../parts/links.tsx';
import { Pager } from '../parts/pager.tsx';
import parts from '../parts/parts.module.css';
import { ErrorNote, Loading, Note } from '../parts/states.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { GiveUpDialog } from '../revoke/give-up-dialog.tsx';
import { doorFor, type RevokeTarget } from '../revoke/plan.ts';
import { RevokeDialog } from '../revoke/revoke-dialog.tsx';
import { grantWords } from '../words/grants.ts';
import { Operations, PassedTo } from './cells.tsx';
import styles from './grants.module.css';
import { SelectionBar } from './selection-bar.tsx';
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
  const { caption, list, subject, selection: filter, name, keys, empty } = props;
  const words = useWords(grantWords);
  const { list: listed } = useFormat();
  const caller = useCaller();
  const selection = useSelection(list.shown, JSON.stringify(filter));
  const [revoking, setRevoking] = useState<RevokeTarget>();
  const [givingUp, setGivingUp] = useState<Grant>();
  const columns = useColumns(props, {
    onRevoke: (grant) => setRevoking({ kind: 'grant', grant }),
    onGiveUp: setGivingUp,
  });
  // Only a job takes single grants by their ids.
  const maySelect = doorFor({ kind: 'selected', selection: filter, count: 0 }, caller) !== undefined;
  if (list.isPending) return <Loading />;
  if (list.error && list.loaded.length === 0) return <ErrorNote error={list.error} onRetry={list.again} />;
  const unread = [...new Set(list.failed.map(({ key_id }) => key_id ?? '*'))];
  return (
    <>
      {list.error && <ErrorNote error={list.error} onRetry={list.again} />}
      {unread.length > 0 && <Note tone="caution">{words.unread(listed(unread.map((id) => aliasIn(keys, id))))}</Note>}
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

interface Handlers {
  onRevoke(grant: Grant): void;
  onGiveUp(grant: Grant): void;
}

function useColumns(props: Props, handlers: Handlers): Column<Grant>[] {
  const { subject, names, keys, passedOnBy, isPartial } = props;
  const words = useWords(grantWords);
  const caller = useCaller();
  const may = useMay();
  const holder: Column<Grant> = {
    id: 'holder',
    header: words.holder,
    isHeading: true,
    cell: (grant) => <PrincipalLink id={grant.grantee_principal} names={names} query={`?key=${grant.key_id}`} />,
  };
  const key: Column<Grant> = {
    id: 'key',
    header: words.key,
    cell: ({ key_id }) => <KeyLink id={key_id} alias={keys.get(key_id)?.key_alias} />,
  };
  const grantColumn: Column<Grant> = {
    id: 'grant',
    header: words.grant,
    isHeading: subject === 'person',
    cell: (grant) => (
      <>
        <GrantLink grant={grant} />{' '}
        {subject === 'person' && isOwn(grant, caller) && (
          <Badge tone="accent" icon="person">
            {words.own}
          </Badge>
        )}
      </>
    ),
  };
  const actions: Column<Grant> = {
    id: 'actions',
    header: words.actions,
    cell: (grant) => <RowActions grant={grant} keys={keys} {...handlers} />,
  };
  return [
    ...(subject === 'person' ? [grantColumn, key] : [holder, grantColumn]),
    {
      id: 'operations',
      header: words.operations,
      cell: ({ operations }) => <Operations operations={operations} />,
    },
    {
      id: 'issuer',
      header: words.issuer,
      cell: ({ issuing_principal }) => <PrincipalLink id={issuing_principal} names={names} />,
    },
    {
      id: 'passed-to',
      header: words.passedTo,
      // Only a grant with create-grant can be passed on.
      cell: (grant) => (
        <PassedTo
          grants={grant.operations.includes('create-grant') ? passedOnBy(grant) : []}
          names={names}
          isPartial={isPartial}
        />
      ),
    },
    { id: 'created', header: words.created, cell: ({ creation_date }) => <Time ms={creation_date} /> },
    ...(may('kms:grant:revoke') || may('kms:grant:revoke-any') || may('kms:grant:retire') ? [actions] : []),
  ];
}

/** What the caller may do to one grant. Without any right there is nothing. */
function RowActions({ grant, keys, onRevoke, onGiveUp }: Handlers & { grant: Grant; keys: Keys }) {
  const words = useWords(grantWords);
  const caller = useCaller();
  const may = useMay();
  const creator = keys.get(grant.key_id)?.created_by;
  const isCreator = creator === undefined ? undefined : creator === caller.user_id;
  const mayRevoke = doorFor({ kind: 'grant', grant }, caller, isCreator) !== undefined;
  const mayGiveUp = may('kms:grant:retire') && giveUpRightOf(grant, caller) !== undefined;
  return (
    <span className={styles.rowActions}>
      {mayRevoke && (
        <Button kind="small" onClick={() => onRevoke(grant)}>
          {words.revoke}
          <span className={parts.hidden}> {nameOfGrant(grant)}</span>
        </Button>
      )}
      {mayGiveUp && (
        <Button kind="small" onClick={() => onGiveUp(grant)}>
          {words.giveUp}
          <span className={parts.hidden}> {nameOfGrant(grant)}</span>
        </Button>
      )}
    </span>
  );
}
