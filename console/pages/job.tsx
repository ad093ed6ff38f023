import { isFinal, shownState } from '../api/jobs.ts';
import type { Job } from '../api/types.ts';
import { Page } from '../app/page.tsx';
import { useFormat, useWords } from '../app/preferences.tsx';
import { useKeys } from '../app/use-keys.ts';
import { useNames } from '../app/use-names.ts';
import { JobActions } from '../jobs/actions.tsx';
import { Failures } from '../jobs/failures.tsx';
import { LiveText } from '../jobs/live-text.tsx';
import { JobProgress } from '../jobs/progress.tsx';
import { Proof } from '../jobs/proof.tsx';
import { Tasks } from '../jobs/tasks.tsx';
import { useJob } from '../jobs/use-job.ts';
import { Id } from '../parts/copy-button.tsx';
import { JobStateBadge } from '../parts/state-badges.tsx';
import { ErrorNote, Loading, Note } from '../parts/states.tsx';
import { jobsWords } from '../words/jobs.ts';
import { jobStateWords } from '../words/states.ts';

/** What a job was asked, how far it is, what it could not do, and its receipts. */
export function JobPage({ id }: { id: string }) {
  const words = useWords(jobsWords);
  const { job, isUnreachable, error } = useJob(id);
  return (
    <Page
      title={words.job}
      aside={
        <>
          {job && <JobStateBadge state={shownState(job)} />}
          <Id id={id} what={words.jobId} />
        </>
      }
    >
      <div role="status">
        {isUnreachable && (
          <Note tone="caution">
            {words.unreachable} {job && words.stale}
          </Note>
        )}
      </div>
      {error && <ErrorNote error={error} />}
      {!job && !error && !isUnreachable && <Loading />}
      {job && <JobView job={job} />}
    </Page>
  );
}

function JobView({ job }: { job: Job }) {
  const words = useWords(jobsWords);
  const stateWords = useWords(jobStateWords);
  const { number } = useFormat();
  const keys = useKeys();
  const names = useNames([job.actor, ...job.tasks.map((task) => task.grantee_principal)]);
  const spoken = words.said(stateWords[shownState(job)], number(job.revoked), number(job.remaining));
  return (
    <>
      <LiveText text={spoken} isUrgent={isFinal(job)} />
      <JobProgress job={job} />
      <JobActions job={job} />
      <Failures job={job} keys={keys} />
      <Tasks job={job} names={names} keys={keys} />
      <Proof job={job} names={names} keys={keys} />
    </>
  );
}
