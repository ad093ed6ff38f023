import { Link } from 'wouter';
import { isFinal, progressOf, remainingOf, shownState } from '../api/jobs.ts';
import type { Job } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { useMay } from '../app/session.tsx';
import { jobStateHints, jobsWords } from '../words/jobs.ts';
import styles from './jobs.module.css';

/** The real numbers of a job. */
export function JobProgress({ job }: { job: Job }) {
  const words = useWords(jobsWords);
  const hints = useWords(jobStateHints);
  const { number } = useFormat();
  const progress = progressOf(job);
  const remaining = remainingOf(job);
  const state = shownState(job);
  const numbers = [
    [words.revoked, number(job.revoked), false],
    [words.remaining, remaining === undefined ? words.uncounted : number(remaining), remaining !== 0 && isFinal(job)],
    [words.unmapped, job.unmapped.length && number(job.unmapped.length), true],
    [words.unreadable, job.unreadable && number(job.unreadable), true],
    [words.needsPerson, job.needs_person && number(job.needs_person), true],
    [words.wouldRevoke, job.would_revoke && number(job.would_revoke), false],
    [words.attempts, job.tries && number(job.tries), false],
    [words.passedOn, job.passed_on && number(job.passed_on), true],
  ] as const;
  return (
    <div className={styles.progress} data-job-state={state}>
      {(progress || !isFinal(job)) && <progress {...progress} aria-label={words.progress} />}
      <dl className={styles.numbers}>
        {numbers.map(
          ([name, value, isBad]) =>
            value !== undefined &&
            value !== 0 && (
              <div key={name}>
                <dt>{name}</dt>
                <dd className={isBad ? styles.bad : undefined}>{value}</dd>
              </div>
            ),
        )}
      </dl>
      <p>{hints[state]}</p>
      {job.unmapped.length > 0 && <Unmapped identities={job.unmapped} />}
    </div>
  );
}

function Unmapped({ identities }: { identities: readonly string[] }) {
  const words = useWords(jobsWords);
  const may = useMay();
  return (
    <>
      <ul className={styles.list}>
        {identities.map((identity) => (
          <li key={identity}>{identity}</li>
        ))}
      </ul>
      <p>
        {words.mapHint} {may('iam:directory:manage') && <Link href="/admin/mappings">{words.mapLink}</Link>}
      </p>
    </>
  );
}
