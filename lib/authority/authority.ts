import type {
  Grant,
  GrantPage,
  GrantRef,
  Key,
  KeyState,
  ListedKey,
  ListFailure,
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

interface ListedKeyPage {
  keys: ListedKey[];
  total: number;
  next?: string | undefined;
  /** Keys of an upstream that could not be read. */
  failed?: readonly ListFailure[] | undefined;
}

/** The result of a change of a key's state. */
type KeyStateChange = Pick<Key, 'keyId' | 'state'>;

/**
 * The port to the KMS that stores the keys and grants: `standalone/` or `upstream/`. Every method works in
 * `context.projectId`; a key of another project is treated as absent. A change that is repeated with the same
 * idempotency key returns the first result.
 *
 * Every method that takes a key id throws KMS.0207 when the project has no such key.
 */
export interface Authority {
  /** @throws KmsError KMS.0209, KMS.0210, KMS.0306, KMS.2404 */
  createGrant(context: RequestContext, input: CreateGrantInput): Promise<Pick<Grant, 'grant_id'>>;
  /** For the key's creator only. @throws KmsError KMS.0306, KMS.2501, KMS.2502 */
  revokeGrant(context: RequestContext, keyId: string, grantId: string): Promise<object>;
  /** For the issuer, the retiring principal and a grantee with `retire-grant`. @throws as revokeGrant */
  retireGrant(context: RequestContext, keyId: string, grantId: string): Promise<object>;
  listGrants(
    context: RequestContext,
    keyId: string,
    filter: { grantee?: string | undefined },
    page: PageRequest,
  ): Promise<GrantPage>;
  /** Lists exactly the grants that `retireGrant` accepts from this caller. */
  listRetirableGrants(context: RequestContext, page: PageRequest): Promise<GrantPage>;
  /** Lists the grants of a grantee, a user or a domain, across the keys of the project. */
  listPrincipalGrants(context: RequestContext, grantee: string, page: PageRequest): Promise<GrantPage>;
  /** The grants that a user issued, to anyone, on the keys of the project. */
  issuedGrants(context: RequestContext, userId: string): Promise<Grant[]>;
  /** Revokes a grant of any key, for administrators and webhooks. @throws KmsError KMS.2501 when it does not exist */
  revokeAny(context: RequestContext, grant: GrantRef): Promise<object>;
  /** Returns whether the grant exists now; false without its key. */
  hasGrant(context: RequestContext, grant: GrantRef): Promise<boolean>;

  /** @throws KmsError KMS.1104, KMS.1105 */
  createKey(context: RequestContext, input: CreateKeyInput): Promise<Pick<Key, 'keyId' | 'domainId'>>;
  describeKey(context: RequestContext, keyId: string): Promise<ListedKey>;
  listKeys(
    context: RequestContext,
    filter: { state?: KeyState | undefined; keySpec?: string | undefined },
    page: PageRequest,
  ): Promise<ListedKeyPage>;
  /** @throws KmsError KMS.1201 when the key is not disabled */
  enableKey(context: RequestContext, keyId: string): Promise<KeyStateChange>;
  /** @throws KmsError KMS.1301 when the key is not enabled */
  disableKey(context: RequestContext, keyId: string): Promise<KeyStateChange>;
  /** @param pendingDays 7 to 1096 @throws KmsError KMS.1402 */
  scheduleKeyDeletion(context: RequestContext, keyId: string, pendingDays: number): Promise<KeyStateChange>;
  /** Leaves the key disabled. @throws KmsError KMS.0210 after the deletion date, KMS.1501 when none is scheduled */
  cancelKeyDeletion(context: RequestContext, keyId: string): Promise<KeyStateChange>;
}

/** The principals whose grants the caller may use: the user and the user's domain. */
export function callerPrincipals({ caller }: RequestContext): [Principal, Principal] {
  return [`user:${caller.userId}`, `domain:${caller.domainId}`];
}

/** Whether the caller may retire the grant. */
export function mayRetire(context: RequestContext, grant: Grant): boolean {
  const retirers = retirersOf(grant);
  return callerPrincipals(context).some((principal) => retirers.has(principal));
}

export const MAY_CREATE =
  'Only the key creator, or a grantee holding create-grant and each operation it passes on, may create a grant.';
export const MAY_REVOKE = 'Only the key creator may revoke its grants.';
export const MAY_RETIRE =
  'Only the issuer, the retiring principal, or a grantee holding retire-grant may retire a grant.';
