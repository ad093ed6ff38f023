import { type ReactNode, useCallback, useState } from 'react';
import type { Grant } from '../api/types.ts';
import { Section } from '../parts/section.tsx';
import { GiveUpDialog } from '../revoke/give-up-dialog.tsx';
import type { RevokeTarget } from '../revoke/plan.ts';
import { RevokeDialog } from '../revoke/revoke-dialog.tsx';
import { GrantTable, type GrantTableProps } from './grant-table.tsx';
import { RevokeAll } from './revoke-all.tsx';
import { SelectionBar } from './selection-bar.tsx';
import { useSelection } from './use-selection.ts';

interface Props extends Omit<GrantTableProps, 'caption' | 'selection' | 'onRevoke' | 'onGiveUp'> {
  title: string;
  /** Whether the filter leaves a part of what the page is about. */
  isFiltered: boolean;
  /** Of the person or key of the page. */
  name: string;
  /** What stands between the heading and the table. */
  children: ReactNode;
}

/** The list of grants of a person or of a key, with what the caller may do to them. */
export function GrantSection({ title, isFiltered, name, children, ...table }: Props) {
  const { list, filter, keys, subject } = table;
  const selection = useSelection(list.shown, JSON.stringify(filter));
  const [revoking, setRevoking] = useState<RevokeTarget>();
  const [givingUp, setGivingUp] = useState<Grant>();
  const onRevokeOne = useCallback((grant: Grant) => setRevoking({ kind: 'grant', grant }), []);
  const everything: RevokeTarget = { kind: 'filter', selection: filter, name };
  return (
    <Section title={title} aside={<RevokeAll list={list} everything={everything} onRevoke={setRevoking} />}>
      {children}
      <GrantTable {...table} caption={title} selection={selection} onRevoke={onRevokeOne} onGiveUp={setGivingUp} />
      <SelectionBar
        list={list}
        selection={selection}
        everything={everything}
        isFiltered={isFiltered}
        onRevoke={setRevoking}
      />
      {revoking && (
        <RevokeDialog target={revoking} keys={keys} subject={subject} onClose={() => setRevoking(undefined)} />
      )}
      {givingUp && <GiveUpDialog grant={givingUp} keys={keys} onClose={() => setGivingUp(undefined)} />}
    </Section>
  );
}
