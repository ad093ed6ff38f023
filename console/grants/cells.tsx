import type { Grant } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { type Names, nameIn } from '../app/use-names.ts';
import { PrincipalLink } from '../parts/links.tsx';
import parts from '../parts/parts.module.css';
import { grantWords } from '../words/grants.ts';
import styles from './grants.module.css';

/** What a grant allows. With create-grant, its holder can pass the grant on. */
export function Operations({ operations }: { operations: readonly string[] }) {
  return (
    <span className={styles.operations}>
      {operations.map((operation) => (
        <code key={operation} className={operation === 'create-grant' ? styles.delegates : undefined}>
          {operation}
        </code>
      ))}
    </span>
  );
}

const NAMES_MAX = 2;

/** The holders of grants that somebody issued on the same key. @param isPartial whether not all grants are loaded */
export function PassedTo({ grants, names, isPartial }: { grants: readonly Grant[]; names: Names; isPartial: boolean }) {
  const words = useWords(grantWords);
  const { number } = useFormat();
  const ids = [...new Set(grants.map(({ grantee_principal }) => grantee_principal))];
  if (ids.length === 0) return <span className={parts.muted}>–</span>;
  const more = ids.length - NAMES_MAX;
  return (
    <span className={parts.who} title={ids.map((id) => nameIn(names, id)).join(', ')}>
      {ids.slice(0, NAMES_MAX).map((id) => (
        <PrincipalLink key={id} id={id} names={names} />
      ))}
      {more > 0 && words.andMore(`${number(more)}${isPartial ? '+' : ''}`)}
    </span>
  );
}
