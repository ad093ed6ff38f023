import {
  type InfiniteData,
  keepPreviousData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
  useInfiniteQuery,
  useQuery,
} from '@tanstack/react-query';
import { type ApiRequest, cacheKeyOf } from '../api/request.ts';
import type { Page } from '../api/types.ts';
import { session } from './session.tsx';

/** How often lists that matter are read again while the page is visible. */
export const REFRESH_MS = 5_000;
/** A list of more loaded pages is read again only on a change or on focus. */
const REFRESHED_PAGES_MAX = 5;

interface Options {
  enabled?: boolean;
  /** How often it is read again while the page is visible. */
  refreshMs?: number | false;
  /** Keeps showing the reply to the previous request while that to the next one is on its way. */
  keepsPrevious?: boolean;
  staleMs?: number;
}

/** Reads the reply to a request that changes nothing. */
export function useApi<Reply>(request: ApiRequest<Reply>, options: Options = {}): UseQueryResult<Reply> {
  const { enabled = true, refreshMs = false, keepsPrevious = false, staleMs } = options;
  return useQuery<Reply>({
    queryKey: cacheKeyOf(request),
    queryFn: ({ signal }) => session.call(request, { signal }),
    enabled,
    refetchInterval: refreshMs,
    ...(staleMs !== undefined && { staleTime: staleMs }),
    ...(keepsPrevious && { placeholderData: keepPreviousData as never }),
  });
}

/**
 * Reads a list page by page, in the order of the service.
 * @param requestFor returns the request for the page that starts at the marker; "" is the first one
 */
export function useApiPages<Reply extends Page>(
  requestFor: (marker: string) => ApiRequest<Reply>,
  { enabled = true, refreshMs = false }: Options = {},
): UseInfiniteQueryResult<InfiniteData<Reply, string>> {
  return useInfiniteQuery({
    queryKey: ['pages', ...cacheKeyOf(requestFor(''))],
    queryFn: ({ pageParam, signal }) => session.call(requestFor(pageParam), { signal }),
    initialPageParam: '',
    getNextPageParam: ({ truncated, next_marker }) => (truncated === 'true' ? next_marker : undefined),
    enabled,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= REFRESHED_PAGES_MAX ? refreshMs : false),
  });
}
