import { Link, useSearchParams } from 'wouter';
import { shortId } from '../api/grants.ts';
import { ALL_STATES, progressOf, shownState, statesOf } from '../api/jobs.ts';
import type { Job } from '../api/types.ts';
import { Page } from '../app/page.tsx';
import { useFormat, useWords } from '../app/preferences.tsx';
import { useRequests } from '../app/session.tsx';
import { REFRESH_MS, useApiPages } from '../app/use-api.ts';
import { useKeys } from '../app/use-keys.ts';
import { useNames } from '../app/use-names.ts';
import styles from '../jobs/jobs.module.css';
import { TaskText } from '../jobs/task-text.tsx';
import { Choice } from '../parts/choice.tsx';
import { PrincipalLink } from '../parts/links.tsx';
import { Pager } from '../parts/pager.tsx';
import { JobStateBadge } from '../parts/state-badges.tsx';
import { ErrorNote, Loading } from '../parts/states.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { commonWords } from '../words/common.ts';
import { jobsWords } from '../words/jobs.ts';
import { jobStateWords } from '../words/states.ts';

const ROWS = 50;

/** The jobs of the project, newest first. */
export function JobsPage() {
  const words = useWords(jobsWords);
  const stateWords = useWords(jobStateWords);
  const { jobs: title } = useWords(commonWords);
  const [params, setParams] = useSearchParams();
  const { listJobs } = useRequests();
  const states = statesOf(params.get('state'));
  const choice = states === undefined ? 'all' : states.length === 1 ? String(states[0]) : '';
  const list = useApiPages(
    (marker) => listJobs({ ...(states && { states }), limit: ROWS, ...(marker && { marker }) }),
    { refreshMs: REFRESH_MS },
  );
  const jobs = (list.data?.pages ?? []).flatMap((page) => page.jobs);
  const columns = useColumns(jobs);
  return (
    <Page title={title}>
      <div className={styles.filter}>
        <Choice
          label={words.show}
          value={choice}
          options={[
            ['', words.notDone],
            ['all', words.all],
            ...ALL_STATES.map((state) => [state, stateWords[state]] as const),
          ]}
          onChange={(state) => setParams(state === '' ? {} : { state })}
        />
      </div>
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Loading />}
      {list.data && (
        <>
          <DataTable
            caption={title}
            isCaptionHidden
            columns={columns}
            rows={jobs}
            keyOf={({ job_id }) => job_id}
            empty={list.hasNextPage ? words.emptySoFar : words.empty}
          />
          <Pager
            loaded={jobs.length}
            hasMore={list.hasNextPage}
            isLoading={list.isFetchingNextPage}
            pageRows={ROWS}
            onMore={() => list.fetchNextPage()}
          />
        </>
      )}
    </Page>
  );
}

function useColumns(jobs: readonly Job[]): Column<Job>[] {
  const words = useWords(jobsWords);
  const keys = useKeys();
  const names = useNames(jobs.flatMap(({ actor, tasks }) => [actor, ...tasks.map((task) => task.grantee_principal)]));
  return [
    {
      id: 'job',
      header: words.job,
      isHeading: true,
      cell: ({ job_id }) => <Link href={`/jobs/${job_id}`}>{shortId(job_id)}</Link>,
    },
    { id: 'state', header: words.state, cell: (job) => <JobStateBadge state={shownState(job)} /> },
    { id: 'progress', header: words.progress, cell: (job) => <Progress job={job} /> },
    {
      id: 'what',
      header: words.what,
      cell: ({ tasks: [task, ...rest] }) =>
        task && (
          <>
            <TaskText task={task} names={names} keys={keys} />
            {rest.length > 0 && ` +${rest.length}`}
          </>
        ),
    },
    {
      id: 'who',
      header: words.who,
      cell: ({ actor, source }) => (actor ? <PrincipalLink id={actor} names={names} /> : source),
    },
    { id: 'started', header: words.started, cell: ({ received_at }) => <Time ms={received_at} /> },
  ];
}

function Progress({ job }: { job: Job }) {
  const words = useWords(jobsWords);
  const { number } = useFormat();
  const progress = progressOf(job, job.total);
  return (
    <span className={styles.bar}>
      {progress && <progress {...progress} aria-label={words.progress} />}
      <span>
        {words.revokedSoFar(number(job.revoked))}
        {job.remaining > 0 && `, ${words.remain(number(job.remaining))}`}
      </span>
    </span>
  );
}
