/**
 * The session of this page. The token is in the closure only: not in storage, in a cookie, in an address, or in the
 * state of a component.
 */
import { bodyOf, type CallOptions, type Fetch, send } from './client.ts';
import { ApiError } from './error.ts';
import type { ApiRequest } from './request.ts';
import { callerRequest } from './requests.ts';
import { LIFETIME_MS, type SessionClock, sessionClock } from './session-clock.ts';
import type { Caller } from './types.ts';

export interface Project {
  id: string;
  name: string;
}

/** `signed-out`: by the person. `refused`: the service no longer accepts the token. */
export type EndReason = 'signed-out' | 'lifetime' | 'idle' | 'refused';

export type SessionState =
  | { phase: 'signed-out'; reason?: EndReason }
  | { phase: 'choosing'; projects: Project[] }
  | { phase: 'signed-in'; caller: Caller };

export interface PasswordLogin {
  domain: string;
  user: string;
  password: string;
}

export type Session = ReturnType<typeof createSession>;

const TOKENS_PATH = '/v3/auth/tokens';

export function createSession({ fetch, now }: { fetch: Fetch; now: () => number }) {
  let state: SessionState = { phase: 'signed-out' };
  /** The token of the password, from which the working token was issued: revoking it revokes both. */
  let firstToken: string | undefined;
  let token: string | undefined;
  let clock: SessionClock | undefined;
  const listeners = new Set<() => void>();

  const become = (next: SessionState) => {
    state = next;
    for (const listener of listeners) listener();
  };
  const tokenOf = async (request: ApiRequest) => {
    const response = await send(fetch, request);
    return response.headers.get('x-subject-token') ?? '';
  };
  const withToken = (value: string) => ({ headers: { 'X-Auth-Token': value } });

  async function enter(workingToken: string): Promise<void> {
    const caller = await bodyOf<Caller>(await send(fetch, callerRequest(), withToken(workingToken)));
    token = workingToken;
    clock ??= sessionClock(now);
    become({ phase: 'signed-in', caller });
  }

  /** Ends the session here and at the service. The page may be about to go, so nothing waits for the answer. */
  function end(reason: EndReason): void {
    const [subject, wasSignedIn] = [firstToken, state.phase !== 'signed-out'];
    firstToken = undefined;
    token = undefined;
    clock = undefined;
    if (subject !== undefined) {
      const headers = { 'X-Auth-Token': subject, 'X-Subject-Token': subject };
      send(fetch, { method: 'DELETE', path: TOKENS_PATH }, { headers, keepalive: true }).catch(() => undefined);
    }
    if (wasSignedIn) become({ phase: 'signed-out', reason });
  }

  async function chooseProject(projectId: string): Promise<void> {
    const identity = { methods: ['token'], token: { id: firstToken } };
    const body = { auth: { identity, scope: { project: { id: projectId } } } };
    await enter(await tokenOf({ method: 'POST', path: `${TOKENS_PATH}?nocatalog`, body }));
  }

  async function enterWithPassword({ domain, user, password }: PasswordLogin): Promise<void> {
    const identity = {
      methods: ['password'],
      password: { user: { name: user, password, domain: { name: domain } } },
    };
    const body = { auth: { identity, scope: 'unscoped', lifetime_seconds: LIFETIME_MS / 1000 } };
    const first = await tokenOf({ method: 'POST', path: `${TOKENS_PATH}?nocatalog`, body });
    firstToken = first;
    clock = sessionClock(now);
    const list = await send(fetch, { method: 'GET', path: '/v3/auth/projects' }, withToken(first));
    const { projects } = await bodyOf<{ projects: Project[] }>(list);
    const [only] = projects;
    if (projects.length === 1 && only) await chooseProject(only.id);
    else become({ phase: 'choosing', projects });
  }

  return {
    state: () => state,
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    /** Signs in. With several projects, the state is then `choosing`. If it fails, no token stays valid. */
    async signIn(login: PasswordLogin): Promise<void> {
      await enterWithPassword(login).catch((error: unknown) => {
        end('signed-out');
        throw error;
      });
    },

    chooseProject,

    /** Signs in with a token of another identity service. It is not revoked at the end, for it is not ours. */
    signInWithToken: (pasted: string) => enter(pasted),

    end,

    /** Ends the session if its time is over. */
    check(): void {
      const reason = clock?.endedBy();
      if (reason) end(reason);
    },

    /** Returns a function that tells whether the session of now still lasts: work in steps must not outlive it. */
    mark() {
      const marked = state;
      return () => state === marked;
    },

    touch: () => clock?.touch(),
    endsSoonBy: () => clock?.endsSoonBy(),

    /**
     * Sends the request with the token.
     * @throws ApiError; a 401 ends the session
     */
    async call<Reply>(request: ApiRequest<Reply>, options: CallOptions = {}): Promise<Reply> {
      this.check();
      const sent = token;
      if (sent === undefined) throw new ApiError({ status: 401, code: '', text: 'Signed out.', requestId: '' });
      try {
        const headers = { ...options.headers, 'X-Auth-Token': sent };
        return await bodyOf<Reply>(await send(fetch, request, { ...options, headers }));
      } catch (error) {
        if (error instanceof ApiError && error.status === 401 && sent === token) end('refused');
        throw error;
      }
    },
  };
}

/** Whether the service has user names and passwords. Without them, its tokens come from another identity service. */
export async function hasPasswords(fetch: Fetch): Promise<boolean> {
  const response = await send(fetch, { method: 'GET', path: '/' });
  const { versions } = await bodyOf<{ versions: { values: { id: string }[] } }>(response);
  return versions.values.some(({ id }) => id.startsWith('v3'));
}
