import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { ApiError } from '../api/error.ts';
import { isFinal } from '../api/jobs.ts';
import { cacheKeyOf } from '../api/request.ts';
import { jobRequest } from '../api/requests.ts';
import { announceChange } from '../app/changes.ts';
import { session } from '../app/session.tsx';

const POLL_MS = 2_000;

/** The service or what is before it is away for now. The reply says nothing about the job. */
const isAway = (error: Error | null) => error instanceof ApiError && [0, 502, 503, 504].includes(error.status);

/** Reads a job until it ends, also over a restart of the service. Its end is told to the other lists and tabs. */
export function useJob(jobId: string) {
  const request = jobRequest(jobId);
  const queryClient = useQueryClient();
  const { data, error } = useQuery({
    queryKey: cacheKeyOf(request),
    queryFn: ({ signal }) => session.call(request, { signal }),
    retry: false,
    networkMode: 'always',
    refetchInterval: ({ state }) => {
      if (state.error && !isAway(state.error)) return false;
      return state.data && isFinal(state.data) && !state.error ? false : POLL_MS;
    },
  });
  const hasRun = useRef(false);
  const hasEnded = data !== undefined && isFinal(data);
  useEffect(() => {
    if (hasEnded && hasRun.current) void announceChange(queryClient);
    hasRun.current = data !== undefined && !hasEnded;
  }, [hasEnded, data, queryClient]);
  return { job: data, isUnreachable: isAway(error), error: isAway(error) ? null : error };
}
