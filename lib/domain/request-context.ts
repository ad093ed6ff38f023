import type { Channel } from './events.ts';

/** Who acts, on which project, and how the request came: what a rule may look at and what an event records. */
export interface RequestContext {
  caller: Caller;
  projectId: string;
  channel: Channel;
  requestId: string;
  sequence?: string | undefined;
  /** The API's name. */
  action: string;
  /** As received: what tells a repeat from another request. */
  body: Uint8Array;
  /** The caller's X-Auth-Token, for a KMS behind this service that is to judge it. */
  token?: string | undefined;
  /** When the request came, by performance.now(): its time limit counts from here. */
  startedAtMs?: number | undefined;
  /** Whether it is one of many of one request: those that somebody waits for go first, and the request is remembered as a whole. */
  isBulk?: boolean | undefined;
  /** Why, for the event. */
  reason?: string | undefined;
  /** Filled in on the way, for the log. */
  trace?: RequestTrace | undefined;
}

/** What a request met on its way. */
export interface RequestTrace {
  /** X-Request-Id of the last answer of the KMS behind this service. */
  upstreamRequestId?: string | undefined;
  /** The source that a hook names, and the job that it has started. */
  source?: string | undefined;
  jobId?: string | undefined;
}

/** Who is calling, as far as the credentials prove. */
export interface Caller {
  userId: string;
  domainId: string;
  /** The project that the credentials are good for; undefined when for none (or not for the one in the URL). */
  projectId?: string | undefined;
  /** Roles in that project. */
  roles: readonly string[];
  /** The signature that proved it, where the request was signed: it makes a captured request recognisable. */
  signature?: string | undefined;
}
