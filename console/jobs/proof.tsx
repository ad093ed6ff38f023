import { Link } from 'wouter';
import { shortId } from '../api/grants.ts';
import { receiptsPath } from '../api/receipts.ts';
import type { Job } from '../api/types.ts';
import { useWords } from '../app/preferences.tsx';
import { aliasIn, type Keys } from '../app/use-keys.ts';
import { type Names, nameIn } from '../app/use-names.ts';
import { Section } from '../parts/section.tsx';
import { jobsWords } from '../words/jobs.ts';
import styles from './jobs.module.css';

const LINKS_MAX = 20;

/** Where the receipts of the job are. */
export function Proof({ job, names, keys }: { job: Job; names: Names; keys: Keys }) {
  const words = useWords(jobsWords);
  const links = new Map<string, string>();
  for (const { grantee_principal, key_id, grant_id } of job.tasks) {
    if (grant_id) links.set(receiptsPath({ grant_id }), words.receiptsOfGrant(shortId(grant_id)));
    else if (grantee_principal)
      links.set(receiptsPath({ grantee_principal }), words.receiptsOfPerson(nameIn(names, grantee_principal)));
    else if (key_id) links.set(receiptsPath({ key_id }), words.receiptsOfKey(aliasIn(keys, key_id)));
  }
  return (
    <Section title={words.proof}>
      <p>{words.proofText}</p>
      <ul className={styles.list}>
        {[...links].slice(0, LINKS_MAX).map(([path, text]) => (
          <li key={path}>
            <Link href={path}>{text}</Link>
          </li>
        ))}
        <li>
          <Link href="/receipts">{words.allReceipts}</Link>
        </li>
      </ul>
    </Section>
  );
}
