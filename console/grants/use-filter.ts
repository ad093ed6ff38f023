import { useSearchParams } from 'wouter';
import { OPERATIONS } from '../../lib/domain/model.ts';
import type { Operation } from '../api/types.ts';

export type FilterName = 'key' | 'grantee' | 'operation' | 'grant';

/** The filter of a list of grants. It is in the query of the address, so links and Back keep it. */
export function useFilter() {
  const [params, setParams] = useSearchParams();
  const operation = OPERATIONS.find((name) => name === params.get('operation'));
  return {
    key: params.get('key') ?? '',
    grantee: params.get('grantee') ?? '',
    grant: params.get('grant') ?? '',
    operations: (operation ? [operation] : []) as Operation[],
    isSet: ['key', 'grantee', 'operation', 'grant'].some((name) => params.get(name)),
    /** Identifies the filter. */
    text: params.toString(),
    set(name: FilterName, value: string) {
      setParams((current) => {
        const next = new URLSearchParams(current);
        if (value === '') next.delete(name);
        else next.set(name, value);
        return next;
      });
    },
    clear: () => setParams({}),
  };
}

export type Filter = ReturnType<typeof useFilter>;
