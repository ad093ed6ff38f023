import { Link } from 'wouter';
import { shortId } from '../api/grants.ts';
import type { Job } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import type { Keys } from '../app/use-keys.ts';
import type { Names } from '../app/use-names.ts';
import { KeyLink, PrincipalLink } from '../parts/links.tsx';
import styles from '../parts/parts.module.css';
import { jobsWords } from '../words/jobs.ts';

type Task = Job['tasks'][number];

interface Props {
  task: Task;
  names: Names;
  keys: Keys;
}

/** What a task revokes, and of whom or what. */
export function TaskText({ task, names, keys }: Props) {
  const words = useWords(jobsWords);
  const { list } = useFormat();
  const { grantee_principal, identities, key_id, grant_id, operations } = task;
  const isPerson = grantee_principal !== undefined || (identities?.length ?? 0) > 0;
  const verb = grant_id ? words.revokeGrant : isPerson ? words.revokeAllOf : key_id ? words.revokeKey : words.event;
  return (
    <span className={styles.who}>
      <span>{verb}</span>
      {grantee_principal !== undefined && <PrincipalLink id={grantee_principal} names={names} />}
      {grantee_principal === undefined && identities && identities.length > 0 && <span>{list(identities)}</span>}
      {grant_id !== undefined && (
        <Link href={`/receipts?grant=${grant_id}`} className={styles.id} title={grant_id}>
          {shortId(grant_id)}
        </Link>
      )}
      {key_id !== undefined && <KeyLink id={key_id} alias={keys.get(key_id)?.key_alias} />}
      {operations !== undefined && <span className={styles.muted}>{words.operations(list(operations))}</span>}
      {verb === words.event && <code>{task.type}</code>}
    </span>
  );
}
