import { useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';
import { cacheKeyOf } from '../api/request.ts';
import type { PrincipalDescription } from '../api/types.ts';
import { session, useRequests } from './session.tsx';

/** How many principals one request describes. */
const BATCH = 100;
const STALE_MS = 60_000;

export type Names = ReadonlyMap<string, PrincipalDescription>;

/** Whether it is the id of a principal, and not `hook:<source>` or nothing. */
export const isPrincipalId = (id: string | undefined): id is string =>
  id !== undefined && /^[a-zA-Z0-9]{1,64}$/.test(id);

/** Describes principals. The list of a page only grows at its end, so batches that are full are not read again. */
export function useNames(principalIds: readonly (string | undefined)[]): Names {
  const { describePrincipals } = useRequests();
  const ids = [...new Set(principalIds.filter(isPrincipalId))];
  const batches = Array.from({ length: Math.ceil(ids.length / BATCH) }, (_, index) =>
    ids.slice(index * BATCH, (index + 1) * BATCH),
  );
  const replies = useQueries({
    queries: batches.map((principals) => {
      const request = describePrincipals({ principals });
      return {
        queryKey: cacheKeyOf(request),
        queryFn: ({ signal }: { signal: AbortSignal }) => session.call(request, { signal }),
        staleTime: STALE_MS,
      };
    }),
    combine: (results) => results.map(({ data }) => data),
  });
  return useMemo(
    () => new Map(replies.flatMap((reply) => (reply?.principals ?? []).map((one) => [one.principal_id, one] as const))),
    [replies],
  );
}

/** Returns the name of a principal, or its id where it has none. */
export const nameIn = (names: Names, id: string): string => names.get(id)?.name ?? id;
