import { useInfiniteQuery } from '@tanstack/react-query';
import { nextPathOf } from '../api/admin.ts';
import { session } from '../app/session.tsx';

/** Reads a list in Keystone's form page by page; `links` of a page has the path of the next one. */
export function useKeystonePages<Reply extends { links: { next: string | null } }>(path: string) {
  return useInfiniteQuery({
    queryKey: ['keystone', path],
    queryFn: ({ pageParam, signal }) => session.call<Reply>({ method: 'GET', path: pageParam }, { signal }),
    initialPageParam: path,
    getNextPageParam: (page: Reply) => nextPathOf(page),
  });
}
