import { useCallback, useEffect, useState } from 'react';
import type { ApiRequest } from '../api/request.ts';
import { newSequence } from '../api/sequence.ts';
import { session } from '../app/session.tsx';
import type { AnyPreview } from './preview-view.tsx';

interface Previewed {
  preview?: AnyPreview;
  /** Of the request that carries the preview out, so that sending it twice revokes once. */
  sequence: string;
  error?: Error;
  /** A later preview that differs, while the person has not yet accepted it. */
  newer?: AnyPreview;
}

/** Reads a preview once, and keeps it with its digest until the person asks for another one. */
export function usePreview(request: ApiRequest<AnyPreview>) {
  const [state, setState] = useState<Previewed>(() => ({ sequence: newSequence() }));
  // The request is what the dialog was opened with.
  const [asked] = useState(request);
  const load = useCallback(async () => {
    try {
      const preview = await session.call(asked);
      setState({ preview, sequence: newSequence() });
    } catch (error) {
      setState({ error: error as Error, sequence: newSequence() });
    }
  }, [asked]);
  useEffect(() => void load(), [load]);

  /** After a refusal: reads another preview, and tells whether it differs from the one shown. */
  async function hasChanged(): Promise<boolean> {
    const newer = await session.call(asked);
    if (newer.digest === state.preview?.digest) return false;
    setState({ ...state, newer });
    return true;
  }

  function acceptNewer() {
    if (state.newer) setState({ preview: state.newer, sequence: newSequence() });
  }

  return { ...state, request: asked, load, hasChanged, acceptNewer };
}
