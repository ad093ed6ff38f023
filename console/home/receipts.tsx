import { Link } from 'wouter';
import type { GrantEvent } from '../api/types.ts';
import { useWords } from '../app/preferences.tsx';
import { useRequests } from '../app/session.tsx';
import { REFRESH_MS, useApi } from '../app/use-api.ts';
import { useNames } from '../app/use-names.ts';
import { GrantLink, PrincipalLink } from '../parts/links.tsx';
import { Section } from '../parts/section.tsx';
import { ErrorNote, Loading } from '../parts/states.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { homeWords } from '../words/home.ts';

const ROWS = 10;

export function ReceiptsSection() {
  const words = useWords(homeWords);
  const { listGrantEvents } = useRequests();
  const { data, error, refetch } = useApi(listGrantEvents({ limit: ROWS }), { refreshMs: REFRESH_MS });
  const events = data?.events ?? [];
  const names = useNames(events.map(({ actor }) => actor));
  const columns: Column<GrantEvent>[] = [
    { id: 'time', header: words.time, cell: ({ event_time }) => <Time ms={event_time} /> },
    {
      id: 'action',
      header: words.action,
      isHeading: true,
      cell: ({ event_id, action }) => <Link href={`/receipts/${event_id}`}>{action}</Link>,
    },
    {
      id: 'grant',
      header: words.grantHeader,
      cell: ({ grant, grant_id }) =>
        grant_id && <GrantLink grant={{ grant_id, ...(grant?.name && { name: grant.name }) }} />,
    },
    { id: 'actor', header: words.actor, cell: ({ actor }) => <PrincipalLink id={actor} names={names} /> },
  ];
  return (
    <Section title={words.newest} aside={<Link href="/receipts">{words.allReceipts}</Link>}>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && (
        <DataTable
          caption={words.newest}
          isCaptionHidden
          columns={columns}
          rows={events}
          keyOf={({ event_id }) => event_id}
          empty={words.noReceipts}
        />
      )}
    </Section>
  );
}
