/** Who is acting: the mapped principal of a person, with its rights as they are now. */
import type { RequestContext } from '../domain/request-context.ts';
import type { ChatDependencies } from './dependencies.ts';
import type { Sender } from './platform.ts';
import type { Actor } from './requests.ts';
import type { ChatSource } from './source.ts';

/** A person whom an administrator mapped to a principal. */
export interface Person extends Actor {
  /** One for each project of the source in which the principal has a role now: who acts, where, with which roles. */
  contexts: readonly RequestContext[];
}

/**
 * - unmapped: no mapping of the source has exactly this identity.
 * - several-principals: it is mapped to more than one, so it is not clear who acts.
 * - no-user: the principal is not an enabled user of the directory.
 */
export type NobodyReason = 'unmapped' | 'several-principals' | 'no-user';

export type PersonLookup = { result: 'found'; person: Person } | { result: NobodyReason };

/** The parts of the contexts that come from the request, not from the person. */
export type ChatCall = Pick<RequestContext, 'requestId' | 'action' | 'startedAtMs' | 'arrivedAtMs' | 'trace'>;

/** Returns the identity that an administrator maps to a principal. */
export const identityOf = ({ kind }: ChatSource, { workspace, userId }: Sender): string =>
  `${kind}:${workspace}:${userId}`;

/**
 * Finds the principal of an identity and its rights. Nothing is cached: a removed mapping, role or user has no rights
 * from the next command or press on.
 */
export async function findPerson(
  { store: { mappings, directory } }: Pick<ChatDependencies, 'store'>,
  source: ChatSource,
  identity: string,
  call: ChatCall,
): Promise<PersonLookup> {
  // The store also returns identities that differ in case, and mappings for all sources do not count: here a mapping
  // lets somebody act, not only lose access.
  const found = await mappings.find(source.name, identity);
  const principals = new Set(
    found.filter((mapping) => mapping.source === source.name && mapping.identity === identity).map((m) => m.grantee),
  );
  const [principal] = principals;
  if (principal === undefined) return { result: 'unmapped' };
  if (principals.size > 1) return { result: 'several-principals' };
  const [user, ...rolesByProject] = await Promise.all([
    directory.user(principal),
    ...source.projectIds.map((projectId) => directory.rolesOf(principal, projectId)),
  ]);
  if (!user?.enabled) return { result: 'no-user' };
  const { userId, domainId } = user;
  const contexts = source.projectIds.flatMap((projectId, index): RequestContext[] => {
    const roles = rolesByProject[index] ?? [];
    const caller = { userId, domainId, projectId, roles };
    return roles.length > 0 ? [{ ...call, caller, projectId, channel: source.kind, body: NO_BODY }] : [];
  });
  return { result: 'found', person: { identity, principal, contexts } };
}

const NO_BODY = new Uint8Array();

/** @returns undefined for a person who is not mapped to exactly one enabled principal */
export async function personOf(
  dependencies: Pick<ChatDependencies, 'store'>,
  source: ChatSource,
  identity: string,
  requestId: string,
): Promise<Person | undefined> {
  const lookup = await findPerson(dependencies, source, identity, { requestId, action: 'chat' });
  return lookup.result === 'found' ? lookup.person : undefined;
}
