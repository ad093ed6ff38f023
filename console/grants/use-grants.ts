import { useEffect } from 'react';
import { allowsOneOf } from '../api/grants.ts';
import type { ApiRequest } from '../api/request.ts';
import type { Grant, GrantPage, ListFailure, Operation } from '../api/types.ts';
import { REFRESH_MS, useApiPages } from '../app/use-api.ts';

/** A filter by operation is applied here, so pages are read until there is something to show. */
const FILTERED_ROWS_MIN = 50;
const PAGES_READ_MAX = 25;

export interface GrantList {
  /** Of the loaded grants, those that fit the filter by operation. */
  shown: readonly Grant[];
  loaded: readonly Grant[];
  total: number | undefined;
  failed: readonly ListFailure[];
  error: Error | null;
  isPending: boolean;
  hasMore: boolean;
  isLoadingMore: boolean;
  more(): Promise<unknown>;
  again(): void;
}

/**
 * Reads a list of grants page by page.
 * @param operations shows grants that allow one of them
 * @param wantedId of a grant: reads on until it is there
 */
export function useGrants(
  requestFor: (marker: string) => ApiRequest<GrantPage>,
  operations: readonly Operation[],
  wantedId = '',
): GrantList {
  const list = useApiPages(requestFor, { refreshMs: REFRESH_MS });
  const pages = list.data?.pages ?? [];
  const loaded = pages.flatMap(({ grants }) => grants);
  const shown = loaded.filter((grant) => allowsOneOf(grant, operations));
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const lacksRows = operations.length > 0 && shown.length < FILTERED_ROWS_MIN;
  const lacksWanted = wantedId !== '' && !loaded.some(({ grant_id }) => grant_id === wantedId);
  const needsMore =
    (lacksRows || lacksWanted) && pages.length < PAGES_READ_MAX && hasNextPage && !isFetchingNextPage && !list.error;
  useEffect(() => {
    if (needsMore) void fetchNextPage();
  }, [needsMore, fetchNextPage]);
  return {
    shown,
    loaded,
    total: pages.at(-1)?.total,
    failed: pages.flatMap(({ failed = [] }) => failed),
    error: list.error,
    isPending: list.isPending,
    hasMore: hasNextPage,
    isLoadingMore: isFetchingNextPage,
    more: () => fetchNextPage(),
    again: () => void list.refetch(),
  };
}
