import { useFormat, useWords } from '../app/preferences.tsx';
import { useCaller } from '../app/session.tsx';
import { Button } from '../parts/button.tsx';
import { type FilterTarget, revokeApiFor } from '../revoke/plan.ts';
import { grantWords } from '../words/grants.ts';
import styles from './grants.module.css';
import { totalOf } from './total.ts';
import type { GrantList } from './use-grants.ts';

interface Props {
  list: GrantList;
  everything: FilterTarget;
  onRevoke(target: FilterTarget): void;
}

/** The button that revokes the whole list, or the permission that the caller lacks for it. */
export function RevokeAll({ list, everything, onRevoke }: Props) {
  const words = useWords(grantWords);
  const { number } = useFormat();
  const caller = useCaller();
  if (list.shown.length === 0) return null;
  if (revokeApiFor(everything, caller) !== undefined) {
    const total = totalOf(list, everything.selection);
    return (
      <Button onClick={() => onRevoke(everything)}>
        {words.revokeAll(total === undefined ? undefined : number(total))}
      </Button>
    );
  }
  // Where the service has no jobs, no role can revoke a whole key at once.
  if (!caller.jobs && everything.selection.grantee_principal === undefined) return null;
  return <span className={styles.missing}>{words.missing('kms:grant:revoke-any')}</span>;
}
