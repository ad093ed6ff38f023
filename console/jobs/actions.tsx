import { useState } from 'react';
import { canRetry, canStop } from '../api/jobs.ts';
import { newSequence } from '../api/sequence.ts';
import type { Job } from '../api/types.ts';
import { useWords } from '../app/preferences.tsx';
import { useRequests } from '../app/session.tsx';
import { type Action, ActionDialog } from '../parts/action-dialog.tsx';
import { Button } from '../parts/button.tsx';
import { Section } from '../parts/section.tsx';
import { Needs } from '../parts/states.tsx';
import { jobsWords } from '../words/jobs.ts';
import styles from './jobs.module.css';

/** Try again, and stop. */
export function JobActions({ job }: { job: Job }) {
  const words = useWords(jobsWords);
  const { retryJob, stopJob } = useRequests();
  const [action, setAction] = useState<Action>();
  const { job_id } = job;
  const retry = () =>
    setAction({
      title: words.retryTitle,
      text: <p>{words.retryText}</p>,
      verb: words.retry,
      request: retryJob({ job_id, sequence: newSequence() }),
      done: words.retried,
      isHarmless: true,
    });
  const stop = () =>
    setAction({
      title: words.stopTitle,
      text: <p>{words.stopText}</p>,
      verb: words.stop,
      request: stopJob({ job_id, sequence: newSequence() }),
      done: words.stopped,
    });
  if (!canRetry(job) && !canStop(job)) return null;
  return (
    <Section title={words.actions}>
      <div className={styles.buttons}>
        <Needs permission="kms:grant:revoke-any">
          {canRetry(job) && <Button onClick={retry}>{words.retry}</Button>}
          {canStop(job) && <Button onClick={stop}>{words.stop}</Button>}
        </Needs>
      </div>
      <ActionDialog action={action} onClose={() => setAction(undefined)} />
    </Section>
  );
}
