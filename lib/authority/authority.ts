import type {
  Grant,
  GrantPage,
  GrantRef,
  Key,
  KeyState,
  ListedKey,
  Operation,
  PageRequest,
  Principal,
  PrincipalType,
} from '../domain/model.ts';
import { retirersOf } from '../domain/principals.ts';
import type { RequestContext } from '../domain/request-context.ts';

export interface CreateGrantInput {
  keyId: string;
  grantee: string;
  granteeType: PrincipalType;
  operations: readonly Operation[];
  name?: string | undefined;
  retiringPrincipal?: string | undefined;
}

export interface CreateKeyInput {
  alias: string;
  description: string;
  keySpec: string;
  keyUsage: string;
}

export interface ListedKeyPage {
  keys: ListedKey[];
  total: number;
  next?: string | undefined;
}

/** What a change of a key's state is answered with. */
export type KeyStateChange = Pick<Key, 'keyId' | 'state'>;

/**
 * The port: is right about keys and grants. Everything is about `act.projectId`; a key of another project answers as
 * one that does not exist. A change that is repeated with the same once key gets the first answer.
 *
 * Every method that takes a key id throws KMS.0207 when there is no such key in the project.
 */
export interface Authority {
  /** @throws KmsError KMS.0209, KMS.0210, KMS.0306, KMS.2404 */
  createGrant(context: RequestContext, ask: CreateGrantInput): Promise<Pick<Grant, 'grant_id'>>;
  /** Only the key's creator may. @throws KmsError KMS.0306, KMS.2501, KMS.2502 */
  revokeGrant(context: RequestContext, keyId: string, grantId: string): Promise<object>;
  /** The issuer, the retiring principal, and a grantee with `retire-grant` may. @throws as revokeGrant */
  retireGrant(context: RequestContext, keyId: string, grantId: string): Promise<object>;
  listGrants(
    context: RequestContext,
    keyId: string,
    filter: { grantee?: string | undefined },
    page: PageRequest,
  ): Promise<GrantPage>;
  /** Exactly the grants that retireGrant would accept from this caller. */
  listRetirableGrants(context: RequestContext, page: PageRequest): Promise<GrantPage>;
  /** What a principal holds, user or domain, across the keys of the project. */
  listPrincipalGrants(context: RequestContext, grantee: string, page: PageRequest): Promise<GrantPage>;
  /** An administrator's act: whoever made the key. @throws KmsError KMS.2501 when it is gone */
  revokeAny(context: RequestContext, grant: GrantRef): Promise<object>;

  /** @throws KmsError KMS.1104, KMS.1105 */
  createKey(context: RequestContext, ask: CreateKeyInput): Promise<Pick<Key, 'keyId' | 'domainId'>>;
  describeKey(context: RequestContext, keyId: string): Promise<ListedKey>;
  listKeys(
    context: RequestContext,
    filter: { state?: KeyState | undefined; keySpec?: string | undefined },
    page: PageRequest,
  ): Promise<ListedKeyPage>;
  /** @throws KmsError KMS.1201 from any other state than disabled */
  enableKey(context: RequestContext, keyId: string): Promise<KeyStateChange>;
  /** @throws KmsError KMS.1301 from any other state than enabled */
  disableKey(context: RequestContext, keyId: string): Promise<KeyStateChange>;
  /** @param pendingDays 7 to 1096 @throws KmsError KMS.1402 */
  scheduleKeyDeletion(context: RequestContext, keyId: string, pendingDays: number): Promise<KeyStateChange>;
  /** The key comes back disabled. @throws KmsError KMS.0210 once its time has come, KMS.1501 */
  cancelKeyDeletion(context: RequestContext, keyId: string): Promise<KeyStateChange>;
}

/** The caller as a holder of grants: the user, and the user's domain. */
export function callerPrincipals({ caller }: RequestContext): [Principal, Principal] {
  return [`user:${caller.userId}`, `domain:${caller.domainId}`];
}

/** Whether the caller is one who may retire the grant. */
export function mayRetire(context: RequestContext, grant: Grant): boolean {
  const retirers = retirersOf(grant);
  return callerPrincipals(context).some((principal) => retirers.has(principal));
}

export const MAY_CREATE =
  'Only the key creator, or a grantee holding create-grant and each operation it passes on, may create a grant.';
export const MAY_REVOKE = 'Only the key creator may revoke its grants.';
export const MAY_RETIRE =
  'Only the issuer, the retiring principal, or a grantee holding retire-grant may retire a grant.';
