import { createContext, type ReactNode, useContext, useMemo, useSyncExternalStore } from 'react';
import { type Requests, requestsFor } from '../api/requests.ts';
import { createSession } from '../api/session.ts';
import type { Caller, PermissionName } from '../api/types.ts';

export const session = createSession({ fetch: (url, init) => fetch(url, init), now: Date.now });

const CallerContext = createContext<Caller | undefined>(undefined);

export function useSessionState() {
  return useSyncExternalStore(session.subscribe, session.state);
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const state = useSessionState();
  return <CallerContext value={state.phase === 'signed-in' ? state.caller : undefined}>{children}</CallerContext>;
}

/** Who is signed in. Only for what is shown to people who are. */
export function useCaller(): Caller {
  const caller = useContext(CallerContext);
  if (!caller) throw new Error('nobody is signed in');
  return caller;
}

/** Returns whether the caller has a permission. */
export function useMay(): (permission: PermissionName) => boolean {
  const { permissions } = useCaller();
  return (permission) => permissions.includes(permission);
}

/** Returns the requests to the project of the caller. */
export function useRequests(): Requests {
  const { project_id } = useCaller();
  return useMemo(() => requestsFor(project_id), [project_id]);
}
