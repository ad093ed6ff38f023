import type { Caller } from '../identity/identity.ts';
import type { AnyKey } from '../key-details.ts';
import { retirersOf } from '../store/principals.ts';
import type {
  Door,
  Grant,
  GrantPage,
  GrantRef,
  Key,
  KeyState,
  Operation,
  PageRequest,
  Principal,
  PrincipalType,
} from '../store/store.ts';

/** Who acts, on which project, and how the request came: what a rule may look at and what an event records. */
export interface Act {
  caller: Caller;
  projectId: string;
  door: Door;
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
  trace?: Trace | undefined;
}

/** What a request met on its way. */
export interface Trace {
  /** X-Request-Id of the last answer of the KMS behind this service. */
  upstreamRequestId?: string | undefined;
  /** The source that a hook names, and the job that it has started. */
  source?: string | undefined;
  jobId?: string | undefined;
}

export interface GrantAsk {
  keyId: string;
  grantee: string;
  granteeType: PrincipalType;
  operations: readonly Operation[];
  name?: string | undefined;
  retiringPrincipal?: string | undefined;
}

export interface KeyAsk {
  alias: string;
  description: string;
  keySpec: string;
  keyUsage: string;
}

export interface AnyKeyPage {
  keys: AnyKey[];
  total: number;
  next?: string | undefined;
}

/** What a change of a key's state is answered with. */
export type KeyMoved = Pick<Key, 'keyId' | 'state'>;

/**
 * The port: is right about keys and grants. Everything is about `act.projectId`; a key of another project answers as
 * one that does not exist. A change that is repeated with the same once key gets the first answer.
 *
 * Every method that takes a key id throws KMS.0207 when there is no such key in the project.
 */
export interface Authority {
  /** @throws KmsError KMS.0209, KMS.0210, KMS.0306, KMS.2404 */
  createGrant(act: Act, ask: GrantAsk): Promise<Pick<Grant, 'grant_id'>>;
  /** Only the key's creator may. @throws KmsError KMS.0306, KMS.2501, KMS.2502 */
  revokeGrant(act: Act, keyId: string, grantId: string): Promise<object>;
  /** The issuer, the retiring principal, and a grantee with `retire-grant` may. @throws as revokeGrant */
  retireGrant(act: Act, keyId: string, grantId: string): Promise<object>;
  listGrants(act: Act, keyId: string, filter: { grantee?: string | undefined }, page: PageRequest): Promise<GrantPage>;
  /** Exactly the grants that retireGrant would accept from this caller. */
  listRetirableGrants(act: Act, page: PageRequest): Promise<GrantPage>;
  /** What a principal holds, user or domain, across the keys of the project. */
  listPrincipalGrants(act: Act, grantee: string, page: PageRequest): Promise<GrantPage>;
  /** An administrator's act: whoever made the key. @throws KmsError KMS.2501 when it is gone */
  revokeAny(act: Act, grant: GrantRef): Promise<object>;

  /** @throws KmsError KMS.1104, KMS.1105 */
  createKey(act: Act, ask: KeyAsk): Promise<Pick<Key, 'keyId' | 'domainId'>>;
  describeKey(act: Act, keyId: string): Promise<AnyKey>;
  listKeys(
    act: Act,
    filter: { state?: KeyState | undefined; keySpec?: string | undefined },
    page: PageRequest,
  ): Promise<AnyKeyPage>;
  /** @throws KmsError KMS.1201 from any other state than disabled */
  enableKey(act: Act, keyId: string): Promise<KeyMoved>;
  /** @throws KmsError KMS.1301 from any other state than enabled */
  disableKey(act: Act, keyId: string): Promise<KeyMoved>;
  /** @param pendingDays 7 to 1096 @throws KmsError KMS.1402 */
  scheduleKeyDeletion(act: Act, keyId: string, pendingDays: number): Promise<KeyMoved>;
  /** The key comes back disabled. @throws KmsError KMS.0210 once its time has come, KMS.1501 */
  cancelKeyDeletion(act: Act, keyId: string): Promise<KeyMoved>;
}

/** The caller as a holder of grants: the user, and the user's domain. */
export function principalsOf({ caller }: Act): [Principal, Principal] {
  return [`user:${caller.userId}`, `domain:${caller.domainId}`];
}

/** Whether the caller is one who may retire the grant. */
export function mayRetire(act: Act, grant: Grant): boolean {
  const retirers = retirersOf(grant);
  return principalsOf(act).some((principal) => retirers.has(principal));
}

export const MAY_CREATE =
  'Only the key creator, or a grantee holding create-grant and each operation it passes on, may create a grant.';
export const MAY_REVOKE = 'Only the key creator may revoke its grants.';
export const MAY_RETIRE =
  'Only the issuer, the retiring principal, or a grantee holding retire-grant may retire a grant.';
