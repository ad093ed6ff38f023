/** Links to principals, keys and the receipts of grants, with what is known of them. */
import { Link } from 'wouter';
import { nameOfGrant, shortId } from '../api/grants.ts';
import type { Grant } from '../api/types.ts';
import { useWords } from '../app/preferences.tsx';
import { useCaller } from '../app/session.tsx';
import { isPrincipalId, type Names } from '../app/use-names.ts';
import { linkWords } from '../words/links.ts';
import { Badge } from './badge.tsx';
import styles from './parts.module.css';

/** @param id of a principal, or who else made a change, such as `hook:okta` */
export function PrincipalLink({ id, names, query = '' }: { id: string | undefined; names: Names; query?: string }) {
  const words = useWords(linkWords);
  const caller = useCaller();
  if (id === undefined) return <span className={styles.muted}>–</span>;
  if (!isPrincipalId(id)) return <span>{id}</span>;
  const known = names.get(id);
  return (
    <span className={styles.who}>
      <Link href={`/principals/${id}${query}`} className={known?.name ? undefined : styles.id} title={id}>
        {known?.name ?? shortId(id)}
      </Link>
      {id === caller.user_id && (
        <Badge tone="accent" icon="person">
          {words.you}
        </Badge>
      )}
      {known?.type === 'domain' && <span className={styles.muted}>{words.domain}</span>}
      {known?.type === 'unknown' && (
        <Badge tone="caution" icon="warning">
          {words.unknown}
        </Badge>
      )}
      {known?.enabled === false && (
        <Badge tone="caution" icon="stop">
          {words.disabled}
        </Badge>
      )}
    </span>
  );
}

export function KeyLink({ id, alias, query = '' }: { id: string; alias?: string | undefined; query?: string }) {
  return (
    <Link href={`/keys/${id}${query}`} className={alias ? undefined : styles.id} title={id}>
      {alias || shortId(id)}
    </Link>
  );
}

/** The grant's name and the end of its id; leads to its receipts. */
export function GrantLink({ grant }: { grant: Pick<Grant, 'grant_id' | 'name'> }) {
  return (
    <span className={styles.who}>
      <Link href={`/receipts?grant=${grant.grant_id}`} className={grant.name ? undefined : styles.id}>
        {nameOfGrant(grant)}
      </Link>
      {grant.name && (
        <code className={styles.muted} title={grant.grant_id}>
          {shortId(grant.grant_id)}
        </code>
      )}
    </span>
  );
}
