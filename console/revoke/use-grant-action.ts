import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../api/error.ts';
import type { ApiRequest } from '../api/request.ts';
import { announceChange } from '../app/changes.ts';
import { session } from '../app/session.tsx';

/**
 * Sends the request of a dialog about one grant. A grant that is already gone is no error.
 * @param onGone gets whether somebody else was faster
 */
export function useGrantAction(request: ApiRequest, onGone: (wasGoneBefore: boolean) => void) {
  const queryClient = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  async function go(): Promise<void> {
    setBusy(true);
    setError(undefined);
    try {
      await session.call(request);
      onGone(false);
    } catch (cause) {
      if (cause instanceof ApiError && cause.code === 'KMS.2501') onGone(true);
      else setError(cause as Error);
    }
    setBusy(false);
    await announceChange(queryClient);
  }
  return { go, isBusy, error };
}
