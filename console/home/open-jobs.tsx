import { Link } from 'wouter';
import { shortId } from '../api/grants.ts';
import { NOT_DONE } from '../api/jobs.ts';
import type { Job } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { useRequests } from '../app/session.tsx';
import { REFRESH_MS, useApi } from '../app/use-api.ts';
import { Section } from '../parts/section.tsx';
import { JobStateBadge } from '../parts/state-badges.tsx';
import { ErrorNote, Loading } from '../parts/states.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { homeWords } from '../words/home.ts';

const ROWS = 10;

export function OpenJobsSection() {
  const words = useWords(homeWords);
  const { number } = useFormat();
  const { listJobs } = useRequests();
  const { data, error, refetch } = useApi(listJobs({ states: [...NOT_DONE], limit: ROWS }), { refreshMs: REFRESH_MS });
  const columns: Column<Job>[] = [
    {
      id: 'job',
      header: words.jobHeader,
      isHeading: true,
      cell: ({ job_id }) => <Link href={`/jobs/${job_id}`}>{shortId(job_id)}</Link>,
    },
    { id: 'state', header: words.state, cell: ({ state }) => <JobStateBadge state={state} /> },
    {
      id: 'progress',
      header: words.jobProgress,
      cell: ({ revoked, remaining }) => words.progress(number(revoked), number(remaining)),
    },
    { id: 'started', header: words.jobStarted, cell: ({ received_at }) => <Time ms={received_at} /> },
  ];
  return (
    <Section title={words.openJobs} aside={<Link href="/jobs">{words.allJobs}</Link>}>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && (
        <DataTable
          caption={words.openJobs}
          isCaptionHidden
          columns={columns}
          rows={data.jobs}
          keyOf={({ job_id }) => job_id}
          empty={words.noJobs}
        />
      )}
    </Section>
  );
}
