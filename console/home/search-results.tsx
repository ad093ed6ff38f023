import { type ReactNode, useEffect } from 'react';
import { Link, useLocation } from 'wouter';
import { shortId } from '../api/grants.ts';
import type { Match } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { useRequests } from '../app/session.tsx';
import { useApi } from '../app/use-api.ts';
import { useNames } from '../app/use-names.ts';
import { KeyLink, PrincipalLink } from '../parts/links.tsx';
import { Section } from '../parts/section.tsx';
import { JobStateBadge, KeyStateBadge } from '../parts/state-badges.tsx';
import { ErrorNote, Loading } from '../parts/states.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { homeWords } from '../words/home.ts';

/** Where a match leads. A grant that is gone has receipts only. */
function pathOf(match: Match): string {
  switch (match.type) {
    case 'principal':
      return `/principals/${match.principal_id}`;
    case 'key':
      return `/keys/${match.key_id}`;
    case 'grant':
      if (!match.exists) return `/receipts?grant=${match.grant_id}`;
      return `/keys/${match.key_id}?grantee=${match.grantee_principal ?? ''}&grant=${match.grant_id}`;
    case 'job':
      return `/jobs/${match.job_id}`;
  }
}

/** The matches of a search. A single one is opened at once. */
export function SearchResults({ query }: { query: string }) {
  const words = useWords(homeWords);
  const { search } = useRequests();
  const { data, error, refetch, isFetchedAfterMount } = useApi(search({ query }));
  const [, navigate] = useLocation();
  const matches = data?.matches ?? [];
  const only = isFetchedAfterMount && matches.length === 1 && matches[0] ? pathOf(matches[0]) : undefined;
  useEffect(() => {
    if (only !== undefined) navigate(only, { replace: true });
  }, [only, navigate]);
  const columns = useColumns(matches);
  return (
    <Section title={words.results}>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && (
        <DataTable
          caption={words.results}
          isCaptionHidden
          columns={columns}
          rows={matches}
          keyOf={pathOf}
          empty={<p role="status">{words.noResults(query)}</p>}
        />
      )}
    </Section>
  );
}

function useColumns(matches: readonly Match[]): Column<Match>[] {
  const words = useWords(homeWords);
  const { number } = useFormat();
  const names = useNames(matches.map((match) => (match.type === 'principal' ? match.principal_id : grantee(match))));
  const found = (match: Match): ReactNode => {
    if (match.type === 'principal') return <PrincipalLink id={match.principal_id} names={names} />;
    if (match.type === 'key') return <KeyLink id={match.key_id} alias={match.key_alias} />;
    return <Link href={pathOf(match)}>{shortId(match.type === 'grant' ? match.grant_id : match.job_id)}</Link>;
  };
  const detail = (match: Match): ReactNode => {
    if (match.type === 'key') return <KeyStateBadge state={match.key_state} />;
    if (match.type === 'job') return <JobStateBadge state={match.state} />;
    if (match.type === 'principal') {
      const holds = words.holds(number(match.grants));
      return match.identity === undefined ? holds : `${words.identity(match.identity)} · ${holds}`;
    }
    if (!match.exists) return words.gone;
    return (
      <>
        {words.heldBy} <PrincipalLink id={match.grantee_principal} names={names} />
      </>
    );
  };
  return [
    { id: 'kind', header: words.kind, cell: ({ type }) => words[type] },
    { id: 'found', header: words.found, cell: found, isHeading: true },
    { id: 'detail', header: words.detail, cell: detail },
  ];
}

const grantee = (match: Match) => (match.type === 'grant' ? match.grantee_principal : undefined);
