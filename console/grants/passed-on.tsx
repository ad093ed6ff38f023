import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import { PAGE_ROWS } from '../api/requests.ts';
import type { Grant, GrantPage } from '../api/types.ts';
import { useWords } from '../app/preferences.tsx';
import type { Keys } from '../app/use-keys.ts';
import { type Names, nameIn } from '../app/use-names.ts';
import { GrantLink, KeyLink, PrincipalLink } from '../parts/links.tsx';
import { Pager } from '../parts/pager.tsx';
import parts from '../parts/parts.module.css';
import { PassedOnGraph } from '../parts/passed-on-graph.tsx';
import { Section } from '../parts/section.tsx';
import { ErrorNote, Loading } from '../parts/states.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { grantWords } from '../words/grants.ts';
import { Operations } from './cells.tsx';
import styles from './grants.module.css';

interface Props {
  principalId: string;
  issued: UseInfiniteQueryResult<InfiniteData<GrantPage, string>>;
  grants: readonly Grant[];
  held: readonly Grant[];
  names: Names;
  keys: Keys;
}

/** The grants that a person issued, as a graph and as a table. */
export function PassedOn({ principalId, issued, grants, held, names, keys }: Props) {
  const words = useWords(grantWords);
  const columns: Column<Grant>[] = [
    {
      id: 'holder',
      header: words.holder,
      isHeading: true,
      cell: ({ grantee_principal }) => <PrincipalLink id={grantee_principal} names={names} />,
    },
    { id: 'grant', header: words.grant, cell: (grant) => <GrantLink grant={grant} /> },
    {
      id: 'key',
      header: words.key,
      cell: ({ key_id }) => <KeyLink id={key_id} alias={keys.get(key_id)?.key_alias} />,
    },
    { id: 'operations', header: words.operations, cell: ({ operations }) => <Operations operations={operations} /> },
    { id: 'created', header: words.created, cell: ({ creation_date }) => <Time ms={creation_date} /> },
  ];
  return (
    <Section title={words.passedOn} aside={<span className={parts.muted}>{words.passedOnExplain}</span>}>
      {issued.error && <ErrorNote error={issued.error} onRetry={() => void issued.refetch()} />}
      {issued.isPending && <Loading />}
      {issued.data && (
        <>
          {grants.length > 0 && (
            <div className={styles.graph}>
              <PassedOnGraph grants={[...held, ...grants]} focus={principalId} nameOf={(id) => nameIn(names, id)} />
            </div>
          )}
          <DataTable
            caption={words.passedOn}
            isCaptionHidden
            columns={columns}
            rows={grants}
            keyOf={({ grant_id }) => grant_id}
            empty={words.passedOnNone}
          />
          {grants.length > 0 && (
            <Pager
              loaded={grants.length}
              total={issued.data.pages.at(-1)?.total}
              hasMore={issued.hasNextPage}
              isLoading={issued.isFetchingNextPage}
              pageRows={PAGE_ROWS}
              onMore={() => issued.fetchNextPage()}
            />
          )}
        </>
      )}
    </Section>
  );
}
