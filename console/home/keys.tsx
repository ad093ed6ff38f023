import type { KeyUsage } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { useRequests } from '../app/session.tsx';
import { REFRESH_MS, useApiPages } from '../app/use-api.ts';
import styles from '../pages/home.module.css';
import { KeyLink } from '../parts/links.tsx';
import { Pager } from '../parts/pager.tsx';
import { Section } from '../parts/section.tsx';
import { KeyStateBadge } from '../parts/state-badges.tsx';
import { ErrorNote, Loading } from '../parts/states.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { homeWords } from '../words/home.ts';

const KEYS_PER_PAGE = 20;

/** The keys of the project, with how many grants each has of those it may have. */
export function KeysSection() {
  const words = useWords(homeWords);
  const { listKeyUsage } = useRequests();
  const list = useApiPages((marker) => listKeyUsage({ limit: KEYS_PER_PAGE, ...(marker && { marker }) }), {
    refreshMs: REFRESH_MS,
  });
  const pages = list.data?.pages ?? [];
  const keys = pages.flatMap((page) => page.keys);
  const quota = pages[0]?.grants_per_key;
  const columns: Column<KeyUsage>[] = [
    {
      id: 'alias',
      header: words.alias,
      isHeading: true,
      cell: ({ key_id, key_alias }) => <KeyLink id={key_id} alias={key_alias} />,
    },
    { id: 'state', header: words.state, cell: ({ key_state }) => <KeyStateBadge state={key_state} /> },
    { id: 'grants', header: words.grants, isNumber: true, cell: ({ grants }) => <Quota used={grants} quota={quota} /> },
  ];
  return (
    <Section title={words.keys}>
      {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Loading />}
      {list.data && (
        <>
          <DataTable
            caption={words.keys}
            isCaptionHidden
            columns={columns}
            rows={keys}
            keyOf={({ key_id }) => key_id}
            empty={words.noKeys}
          />
          <Pager
            loaded={keys.length}
            total={pages[0]?.total}
            hasMore={list.hasNextPage}
            isLoading={list.isFetchingNextPage}
            pageRows={KEYS_PER_PAGE}
            onMore={() => list.fetchNextPage()}
          />
        </>
      )}
    </Section>
  );
}

/** Grants in use, and how many a key may have, as numbers and as a bar. */
function Quota({ used, quota }: { used: number | undefined; quota: number | undefined }) {
  const words = useWords(homeWords);
  const { number } = useFormat();
  if (used === undefined) return words.uncounted;
  if (quota === undefined) return number(used);
  const text = words.quota(number(used), number(quota));
  return (
    <span className={styles.quota}>
      <meter min={0} max={quota} high={quota * 0.8} optimum={0} value={used} aria-label={text} />
      {text}
    </span>
  );
}
