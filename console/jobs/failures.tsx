import { Link } from 'wouter';
import { shortId } from '../api/grants.ts';
import type { Job } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import type { Keys } from '../app/use-keys.ts';
import { KeyLink } from '../parts/links.tsx';
import parts from '../parts/parts.module.css';
import { Section } from '../parts/section.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { errorMeanings, jobsWords } from '../words/jobs.ts';

type Failure = Job['leftovers'][number];

/** Each grant that could not be revoked, with the code, what it means, and where it is explained. */
export function Failures({ job, keys }: { job: Job; keys: Keys }) {
  const words = useWords(jobsWords);
  const meanings: Record<string, string> = useWords(errorMeanings);
  const { number } = useFormat();
  if (job.leftovers.length === 0) return null;
  const columns: Column<Failure>[] = [
    {
      id: 'grant',
      header: words.grant,
      isHeading: true,
      cell: ({ grant_id, key_id }) =>
        grant_id ? (
          <Link href={`/keys/${key_id}?grant=${grant_id}`} className={parts.id} title={grant_id}>
            {shortId(grant_id)}
          </Link>
        ) : (
          words.notListed
        ),
    },
    {
      id: 'key',
      header: words.key,
      cell: ({ key_id }) => key_id && <KeyLink id={key_id} alias={keys.get(key_id)?.key_alias} />,
    },
    {
      id: 'code',
      header: words.code,
      cell: ({ error_code }) => <a href={`/docs/errors/${error_code}`}>{error_code}</a>,
    },
    { id: 'meaning', header: words.meaning, cell: ({ error_code }) => meanings[error_code] ?? '' },
  ];
  return (
    <Section
      title={words.failed}
      aside={<span>{words.failedCount(number(job.leftovers.length), number(job.remaining))}</span>}
    >
      <DataTable
        caption={words.failed}
        isCaptionHidden
        columns={columns}
        rows={job.leftovers}
        keyOf={({ key_id, grant_id, error_code }) => `${key_id} ${grant_id} ${error_code}`}
      />
    </Section>
  );
}
