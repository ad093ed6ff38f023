/** Which tasks a change of a user starts. */
import type { Task } from '../domain/job.ts';
import type { ProvisionedUser } from '../domain/provisioned.ts';
import type { ScimSettings } from '../webhooks/inbound/adapters/scim.ts';
import { identitiesIn, lowerCase } from '../webhooks/inbound/event-fields.ts';
import { type Person, personTask, splitByIdentities } from '../webhooks/inbound/event-tasks.ts';
import type { Source } from '../webhooks/inbound/source.ts';

/** A user before and after a change. `after` is undefined if the change deletes the user. */
interface UserChange {
  before: ProvisionedUser;
  after: ProvisionedUser | undefined;
}

/**
 * Returns the tasks of a change: some if it deactivates or deletes a user, otherwise none. A user who was inactive
 * before and stays so causes none. A deleted user always does, because the principal may have changed since the
 * deactivation. The tasks name the person by the attributes before and after the change: one request may rename and
 * deactivate a user.
 */
export function tasksOf({ before, after }: UserChange, source: Source<ScimSettings>): Task[] {
  if (after && (after.active || !before.active)) return [];
  const users = [before, ...(after ? [after] : [])];
  const grantees = new Set(users.flatMap((user) => principalOf(user, source) ?? []));
  const unnamed = users.filter((user) => principalOf(user, source) === undefined);
  const people: Person[] = [...grantees].map((grantee) => ({ grantee }));
  if (unnamed.length > 0) people.push(joined(unnamed.map((user) => identitiesOf(user, source))));
  return people.flatMap((person) => personTasks(source, person, after ? 'user.deactivated' : 'user.deleted'));
}

/** @param event a name from the table of the kind */
export function personTasks(
  source: Source<ScimSettings>,
  person: Person,
  event: 'user.deactivated' | 'user.deleted',
): Task[] {
  const task = personTask(source, event, person, `scim ${event}`);
  return task.action === 'revoke-principal' ? splitByIdentities(task) : [task];
}

/** Returns the principal of the user, if an administrator or a trusted source states it. */
export function principalOf(
  { assignedPrincipal, granteePrincipal }: ProvisionedUser,
  { settings }: Pick<Source<ScimSettings>, 'settings'>,
): string | undefined {
  return assignedPrincipal ?? (settings.principal_attribute ? granteePrincipal : undefined);
}

interface Identities {
  identities: readonly string[];
  caseInsensitiveIdentities: readonly string[];
}

/**
 * Returns what mappings may name. An address counts only where the source is trusted for it: users may enter any
 * address, also that of another person.
 */
export function identitiesOf(
  { id, externalId, userName, emails = [] }: Pick<ProvisionedUser, 'id'> & Partial<ProvisionedUser>,
  { settings }: Pick<Source<ScimSettings>, 'settings'>,
): Identities {
  const name = userName?.includes('@') && !settings.trust_email ? undefined : userName;
  const addresses = settings.trust_email ? emails.map(({ value }) => lowerCase(value)) : [];
  return {
    identities: identitiesIn([id, externalId, name, name?.toLowerCase(), ...addresses]),
    // `caseExact` is false for userName and true for externalId. Source: RFC 7643, sections 3.1 and 8.7.1.
    caseInsensitiveIdentities: identitiesIn([name, name?.toLowerCase()].filter((one) => !one?.includes('@'))),
  };
}

const joined = (people: readonly Identities[]): Identities => ({
  identities: [...new Set(people.flatMap(({ identities }) => identities))],
  caseInsensitiveIdentities: [...new Set(people.flatMap((person) => person.caseInsensitiveIdentities))],
});
