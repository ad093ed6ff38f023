import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { ApiError } from '../api/error.ts';
import type { ApiRequest } from '../api/request.ts';
import { newSequence } from '../api/sequence.ts';
import type { BulkRevocation, RevocationSelection } from '../api/types.ts';
import { announceChange } from '../app/changes.ts';
import { session, useRequests } from '../app/session.tsx';

/** Of the replies of revoke-principal-grants so far: the sum of `revoked`, and the rest of the last reply. */
export interface Progress extends Pick<BulkRevocation, 'remaining' | 'failed'> {
  revoked: number;
}

interface Plan {
  selection: RevocationSelection;
  reason: string;
  digest: string;
  sequence: string;
  /** After a refusal: whether the grants have changed since the preview. */
  hasChanged(): Promise<boolean>;
  onJob(job: { job_id: string; total: number }): void;
}

/** Carries a previewed revocation out, as a job, or by revoke-principal-grants until nothing remains. */
export function useCarryOut({ selection, reason, digest, sequence, hasChanged, onJob }: Plan, isJob: boolean) {
  const requests = useRequests();
  const queryClient = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const [progress, setProgress] = useState<Progress>();
  const isStopped = useRef(false);
  const grantee_principal = selection.grantee_principal ?? '';
  const jobRequest = requests.createRevocationJob({ ...selection, digest, reason, sequence });
  const bulkRequest = requests.revokePrincipalGrants({ ...selection, grantee_principal, digest, reason, sequence });

  async function revokeRepeatedly(): Promise<void> {
    isStopped.current = false;
    // A call may take half a minute. Meanwhile somebody else may sign in, who must not become the actor of the rest.
    const isSameSession = session.mark();
    let revoked = progress?.revoked ?? 0;
    // The digest is of the preview, so only the first call can have it.
    let request = progress ? nextRequest() : bulkRequest;
    for (;;) {
      const reply = await session.call(request);
      revoked += reply.revoked;
      setProgress({ revoked, remaining: reply.remaining, failed: reply.failed });
      if (reply.remaining === 0 || reply.revoked === 0 || isStopped.current || !isSameSession()) return;
      request = nextRequest();
    }
  }

  const nextRequest = (): ApiRequest<BulkRevocation> =>
    requests.revokePrincipalGrants({ ...selection, grantee_principal, reason, sequence: newSequence() });

  async function go(): Promise<void> {
    setBusy(true);
    setError(undefined);
    try {
      if (isJob) onJob(await session.call(jobRequest));
      else await revokeRepeatedly();
    } catch (cause) {
      const mayHaveChanged = cause instanceof ApiError && cause.code === 'KMS.0308' && !progress;
      if (!mayHaveChanged || !(await hasChanged().catch(() => false))) setError(cause as Error);
    }
    setBusy(false);
    await announceChange(queryClient);
  }

  const stop = () => {
    isStopped.current = true;
  };
  return { request: (isJob ? jobRequest : bulkRequest) as ApiRequest, go, stop, isBusy, error, progress };
}
