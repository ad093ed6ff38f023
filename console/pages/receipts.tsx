import { Link, useSearchParams } from 'wouter';
import { filterOf } from '../api/receipts.ts';
import type { GrantEvent } from '../api/types.ts';
import { Page } from '../app/page.tsx';
import { useWords } from '../app/preferences.tsx';
import { useRequests } from '../app/session.tsx';
import { REFRESH_MS, useApiPages } from '../app/use-api.ts';
import { useKeys } from '../app/use-keys.ts';
import { useNames } from '../app/use-names.ts';
import { GrantLink, KeyLink, PrincipalLink } from '../parts/links.tsx';
import { Pager } from '../parts/pager.tsx';
import parts from '../parts/parts.module.css';
import { ErrorNote, Loading } from '../parts/states.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { Export } from '../receipts/export.tsx';
import { FilterForm } from '../receipts/filter-form.tsx';
import { Outcome } from '../receipts/outcome.tsx';
import { commonWords } from '../words/common.ts';
import { channelWords } from '../words/jobs.ts';
import { receiptWords } from '../words/receipts.ts';

const ROWS = 100;

/** What was changed, newest first. Another filter is another list, so it starts at its first page. */
export function ReceiptsPage() {
  const words = useWords(receiptWords);
  const { receipts: title } = useWords(commonWords);
  const [params] = useSearchParams();
  const filter = filterOf(params);
  const filterKey = JSON.stringify(filter);
  const { listGrantEvents } = useRequests();
  const list = useApiPages((marker) => listGrantEvents({ ...filter, limit: ROWS, ...(marker && { marker }) }), {
    refreshMs: REFRESH_MS,
  });
  const events = (list.data?.pages ?? []).flatMap((page) => page.events);
  const columns = useColumns(events);
  return (
    <Page title={title}>
      <FilterForm key={`filter ${filterKey}`} filter={filter} />
      <Export key={`export ${filterKey}`} filter={filter} />
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Loading />}
      {list.data && (
        <>
          <DataTable
            caption={title}
            isCaptionHidden
            columns={columns}
            rows={events}
            keyOf={({ event_id }) => event_id}
            empty={list.hasNextPage ? words.emptySoFar : words.empty}
          />
          <Pager
            loaded={events.length}
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

function useColumns(events: readonly GrantEvent[]): Column<GrantEvent>[] {
  const words = useWords(receiptWords);
  const channels: Record<string, string> = useWords(channelWords);
  const keys = useKeys();
  const names = useNames(events.flatMap(({ actor, grant }) => [actor, grant?.grantee_principal]));
  return [
    { id: 'time', header: words.time, cell: ({ event_time }) => <Time ms={event_time} /> },
    {
      id: 'what',
      header: words.what,
      isHeading: true,
      cell: (event) => (
        <span className={parts.who}>
          <Link href={`/receipts/${event.event_id}`}>{event.action}</Link>
          {(event.error_code !== undefined || event.observed) && <Outcome event={event} />}
        </span>
      ),
    },
    {
      id: 'grant',
      header: words.grantColumn,
      cell: ({ grant, grant_id }) =>
        grant_id && <GrantLink grant={{ grant_id, ...(grant?.name && { name: grant.name }) }} />,
    },
    {
      id: 'grantee',
      header: words.grantee,
      cell: ({ grant }) => grant && <PrincipalLink id={grant.grantee_principal} names={names} />,
    },
    {
      id: 'key',
      header: words.keyColumn,
      cell: ({ key_id }) => <KeyLink id={key_id} alias={keys.get(key_id)?.key_alias} />,
    },
    {
      id: 'who',
      header: words.who,
      cell: ({ actor, channel }) => (
        <span className={parts.who}>
          <PrincipalLink id={actor} names={names} />
          <small className={parts.muted}>{channels[channel] ?? channel}</small>
        </span>
      ),
    },
  ];
}
