/** What a change of a user revokes. */
import type { Task } from '../domain/job.ts';
import type { ProvisionedUser } from '../domain/provisioned.ts';
import { identitiesIn, splitByIdentities } from '../webhooks/inbound/event-fields.ts';

/** What a source is trusted to say about a person, by the settings of the source. */
export interface Trust {
  /** The attribute `granteePrincipal` names the principal. */
  principalAttribute: boolean;
  /** E-mail addresses, also a user name that is one, identify the person. */
  email: boolean;
}

/** The types of the events, which the settings of the source may replace. */
export interface EventTypes {
  deactivated: string;
  deleted: string;
}

/** A user before and after a change; undefined where the user does not exist. */
export interface UserChange {
  before: ProvisionedUser | undefined;
  after: ProvisionedUser | undefined;
}

/**
 * Returns the tasks of a change: some if it deactivates or deletes a user, otherwise none. To be created inactive, or to
 * stay inactive, takes nothing away; a deleted user may have got another principal since the deactivation.
 * The person counts as it was and as it becomes, so that nobody is overlooked who is renamed in the same request.
 */
export function tasksOf(
  { before, after }: UserChange,
  { trust, events }: { trust: Trust; events: EventTypes },
): Task[] {
  if (!before || (after && (after.active || !before.active))) return [];
  const type = after ? events.deactivated : events.deleted;
  const reason = after ? 'scim: the user is no longer active' : 'scim: the user was deleted';
  const users = [before, ...(after ? [after] : [])];
  const grantees = new Set(users.flatMap((user) => principalOf(user, trust) ?? []));
  const unnamed = users
    .filter((user) => principalOf(user, trust) === undefined)
    .map((user) => identitiesOf(user, trust));
  const task = { action: 'revoke-principal', type, reason } as const;
  const identities = [...new Set(unnamed.flatMap((person) => person.identities))];
  const caseInsensitiveIdentities = [...new Set(unnamed.flatMap((person) => person.caseInsensitiveIdentities))];
  return [
    ...[...grantees].map((grantee) => ({ ...task, grantee })),
    ...(identities.length > 0 ? splitByIdentities({ ...task, identities, caseInsensitiveIdentities }) : []),
  ];
}

/** Returns the principal of the user, if an administrator or a trusted source states it. */
function principalOf({ assignedPrincipal, granteePrincipal }: ProvisionedUser, trust: Trust): string | undefined {
  return assignedPrincipal ?? (trust.principalAttribute ? granteePrincipal : undefined);
}

/**
 * Returns what mappings may name. An address counts only where the source is trusted for it: users may enter any
 * address, also that of another person.
 */
export function identitiesOf(
  { id, externalId, userName, emails = [] }: Pick<ProvisionedUser, 'id'> & Partial<ProvisionedUser>,
  trust: Pick<Trust, 'email'>,
): { identities: string[]; caseInsensitiveIdentities: string[] } {
  const name = userName?.includes('@') && !trust.email ? undefined : userName;
  const addresses = trust.email ? emails.map(({ value }) => value?.toLowerCase()) : [];
  return {
    identities: identitiesIn([id, externalId, name, name?.toLowerCase(), ...addresses]),
    // `caseExact` is false for userName and true for externalId. Source: RFC 7643, sections 3.1 and 8.7.1.
    caseInsensitiveIdentities: identitiesIn([name, name?.toLowerCase()].filter((one) => !one?.includes('@'))),
  };
}
