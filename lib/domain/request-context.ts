import type { Channel } from './events.ts';
import type { Grant } from './model.ts';

/** The caller, project and channel of a request, for access rules and events. */
export interface RequestContext {
  caller: Caller;
  projectId: string;
  channel: Channel;
  requestId: string;
  sequence?: string | undefined;
  /** The value of the Idempotency-Key header. */
  idempotencyKey?: string | undefined;
  /** The API's name. */
  action: string;
  /** The body as received: part of the idempotency key. */
  body: Uint8Array;
  /** The caller's X-Auth-Token, for an upstream that checks it itself. */
  token?: string | undefined;
  /** When the request arrived, by performance.now(); its time limit starts then. */
  startedAtMs?: number | undefined;
  /** When the request arrived, in ms since 1970 by the clock of the service. */
  arrivedAtMs?: number | undefined;
  /**
   * By performance.now(): calls to the upstream end by then, if the time limit is not earlier. A call that hangs gets a
   * part of the time, so that the others have enough.
   */
  deadlineMs?: number | undefined;
  /**
   * Marks one of many changes that belong to one bulk request. Its calls to an upstream wait in the background queue of
   * the rate limit. It has no idempotency record of its own: the bulk request has one as a whole.
   */
  isBulk?: boolean | undefined;
  /** For the events of a bulk revoke: how many grants that the principal issued remain. */
  passedOn?: number | undefined;
  /**
   * For a request that lists the same grants several times: collects the grants as recorded in events, by id, so that
   * each is read once. Undefined for a grant without an event. It has as many entries as the lists have grants.
   */
  recordedGrants?: Map<string, Grant | undefined> | undefined;
  /** The reason that the caller gave, for the event. */
  reason?: string | undefined;
  /** Collects what the log line of the request needs. */
  trace?: RequestTrace | undefined;
}

/** Facts found while a request is handled, for its log line. */
export interface RequestTrace {
  /** X-Request-Id of the last response of the upstream. */
  upstreamRequestId?: string | undefined;
  /** Who logs in: the id of a user, or `unknown:` with a keyed hash of what was sent as the name or id. */
  user?: string | undefined;
  /** The source of a webhook, and the job that the webhook started. */
  source?: string | undefined;
  jobId?: string | undefined;
}

/** The authenticated caller. */
export interface Caller {
  userId: string;
  domainId: string;
  /** The project that the credentials are valid for; undefined when there is none, or when it is not the URL's. */
  projectId?: string | undefined;
  /** Roles in that project. */
  roles: readonly string[];
  /** The signature of a signed request: it identifies a captured request that is sent again. */
  signature?: string | undefined;
}
