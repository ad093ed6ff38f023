import { QueryClient } from '@tanstack/react-query';
import { ApiError } from '../api/error.ts';

/** Whether another attempt may help: the service did not answer, or is busy. */
const isTransient = (error: Error) => error instanceof ApiError && (error.status === 0 || error.status === 503);

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        refetchOnWindowFocus: 'always',
        retry: (failures, error) => failures < 2 && isTransient(error),
      },
      mutations: { retry: false },
    },
  });
}
