/** Provisioned users, as the admin command and the APIs of an administrator handle them. */
import type { ProvisionedUser } from '../domain/provisioned.ts';
import { KmsError } from '../errors.ts';
import type { ScimStore } from '../store/store.ts';
import type { Source } from '../webhooks/inbound/source.ts';
import { principalOf } from './deactivation.ts';

/** How often a change is tried when a request of the identity provider changes the same user, which is rare. */
const ATTEMPTS_MAX = 5;

/**
 * Assigns the principal whose grants belong to the user, in place of what the identity provider states.
 * @param principal undefined to assign none
 * @returns undefined if there is no such user
 */
export function assignPrincipal(
  scim: ScimStore,
  user: { source: string; id: string },
  principal: string | undefined,
  nowMs: number,
): Promise<ProvisionedUser | undefined> {
  return changeUser(scim, user, async ({ assignedPrincipal, ...before }) => {
    const after = { ...before, ...(principal !== undefined && { assignedPrincipal: principal }), modifiedAtMs: nowMs };
    return (await scim.save(after)) === 'done' ? { ...after, version: after.version + 1 } : undefined;
  });
}

/** Removes the user and what is stored about the person. It revokes nothing. @returns undefined if there is none */
export function removeUser(
  scim: ScimStore,
  user: { source: string; id: string },
): Promise<ProvisionedUser | undefined> {
  return changeUser(scim, user, async (before) => ((await scim.remove(before)) === 'done' ? before : undefined));
}

/** @param change returns undefined if the user has changed meanwhile @throws KmsError KMS.0104 */
async function changeUser(
  scim: ScimStore,
  { source, id }: { source: string; id: string },
  change: (before: ProvisionedUser) => Promise<ProvisionedUser | undefined>,
): Promise<ProvisionedUser | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const before = await scim.find(source, 'User', id);
    if (!before) return undefined;
    const after = await change(before);
    if (after) return after;
  }
  throw new KmsError('KMS.0104', { detail: 'Other requests change the user at the same time.', retryAfterSeconds: 1 });
}

/**
 * A user as an administrator sees it.
 * @param source undefined if HOOKS has no such source
 */
export function serializeUser(user: ProvisionedUser, source: Source | undefined) {
  const { id, userName, externalId, active, displayName, granteePrincipal, assignedPrincipal } = user;
  const principal = source ? principalOf(user, source) : assignedPrincipal;
  return {
    source: user.source,
    user_id: id,
    user_name: userName,
    external_id: externalId,
    display_name: displayName,
    active,
    /** Whose grants a deactivation revokes without a mapping. */
    grantee_principal: principal,
    stated_principal: granteePrincipal,
    assigned_principal: assignedPrincipal,
    created_at: String(user.createdAtMs),
    modified_at: String(user.modifiedAtMs),
  };
}
