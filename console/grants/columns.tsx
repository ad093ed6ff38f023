import { useMemo } from 'react';
import { giveUpRightOf, isOwn, nameOfGrant } from '../api/grants.ts';
import type { Caller, Grant } from '../api/types.ts';
import { useWords } from '../app/preferences.tsx';
import { useCaller, useMay } from '../app/session.tsx';
import type { Keys } from '../app/use-keys.ts';
import type { Names } from '../app/use-names.ts';
import { Badge } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { GrantLink, KeyLink, PrincipalLink } from '../parts/links.tsx';
import parts from '../parts/parts.module.css';
import type { Column } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { revokeApiFor } from '../revoke/plan.ts';
import { grantWords } from '../words/grants.ts';
import { Operations, PassedTo } from './cells.tsx';
import styles from './grants.module.css';

/** Without any of them there is nothing to do to a grant. */
const ACTIONS = ['kms:grant:revoke', 'kms:grant:revoke-any', 'kms:grant:retire'] as const;

export interface ColumnSettings {
  /** The page is about a person, so each row names its key; or about a key, so each row names its holder. */
  subject: 'person' | 'key';
  names: Names;
  keys: Keys;
  /** Grants that the holder of a grant issued on its key. */
  passedOnBy(grant: Grant): readonly Grant[];
  /** Whether more may have been passed on than is loaded. */
  isPartial: boolean;
  onRevoke(grant: Grant): void;
  onGiveUp(grant: Grant): void;
}

/** The columns of a list of grants. They stay the same while their settings do, so that rows need no new rendering. */
export function useGrantColumns(settings: ColumnSettings): Column<Grant>[] {
  const { subject, names, keys, passedOnBy, isPartial, onRevoke, onGiveUp } = settings;
  const words = useWords(grantWords);
  const caller = useCaller();
  return useMemo(
    () => columnsOf({ subject, names, keys, passedOnBy, isPartial, onRevoke, onGiveUp }, words, caller),
    [subject, names, keys, passedOnBy, isPartial, onRevoke, onGiveUp, words, caller],
  );
}

type GrantWords = (typeof grantWords)['en'];

function columnsOf(settings: ColumnSettings, words: GrantWords, caller: Caller): Column<Grant>[] {
  const { subject, names, keys, passedOnBy, isPartial, onRevoke, onGiveUp } = settings;
  const mayAct = ACTIONS.some((permission) => caller.permissions.includes(permission));
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
    cell: (grant) => <RowActions grant={grant} keys={keys} onRevoke={onRevoke} onGiveUp={onGiveUp} />,
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
    ...(mayAct ? [actions] : []),
  ];
}

interface ActionProps extends Pick<ColumnSettings, 'keys' | 'onRevoke' | 'onGiveUp'> {
  grant: Grant;
}

/** The buttons of a row, for what the caller may do to its grant. */
function RowActions({ grant, keys, onRevoke, onGiveUp }: ActionProps) {
  const words = useWords(grantWords);
  const caller = useCaller();
  const may = useMay();
  const creator = keys.get(grant.key_id)?.created_by;
  const isCreator = creator === undefined ? undefined : creator === caller.user_id;
  const mayRevoke = revokeApiFor({ kind: 'grant', grant }, caller, isCreator) !== undefined;
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
