/** The principals that a text names, as far as they have something to do with the project. */
import { isSameIdentity } from '../domain/external-identity.ts';
import { IAM_ID_PATTERN, PRINCIPAL_ID_PATTERN } from '../domain/ids.ts';
import type { Mapping } from '../domain/job.ts';
import type { Store } from '../store/store.ts';
import { mapWithConcurrency } from '../util/concurrency.ts';
import type { GrantReader } from './grant-reader.ts';
import { CLOSENESS, type RankedMatch } from './match.ts';
import { type Members, membersOf } from './members.ts';
import { type MappingDependencies, mappingsInProject } from './project-mappings.ts';

type SearchStore = Pick<Store, 'directory' | 'events' | 'mappings'>;

interface SearchDependencies extends MappingDependencies {
  store: SearchStore;
}

interface Candidate {
  principal: string;
  closeness: number;
  /** The mapped identity that is equal to the text. */
  identity?: string | undefined;
}

const CONCURRENT_READS = 8;

/**
 * Finds a principal by its id, by the name of a user of the project's domain, or by an identity that is mapped for a
 * source of the project. Someone who is no member of the project and never held a grant in it is not found.
 */
export async function findPrincipals(
  dependencies: SearchDependencies,
  reader: GrantReader,
  projectId: string,
  query: string,
): Promise<RankedMatch[]> {
  const { store } = dependencies;
  const members = await membersOf(store.directory, projectId);
  const mappings = await mappingsInProject(dependencies, projectId);
  const candidates = await candidatesFor(mappings, members, query);
  const found = await mapWithConcurrency(candidates, CONCURRENT_READS, async (candidate): Promise<RankedMatch[]> => {
    const { principal, closeness, identity } = candidate;
    const [member, grants] = await Promise.all([members.byId(principal), reader.countOf(principal)]);
    const isRelevant = member !== undefined || grants > 0 || (await hasHeldGrants(store, projectId, principal));
    if (!isRelevant) return [];
    return [{ closeness, match: { type: 'principal', principal_id: principal, name: member?.name, identity, grants } }];
  });
  return found.flat();
}

/** There is no limit: many mappings of one identity must not hide those to people of this project. */
async function candidatesFor(mappings: readonly Mapping[], members: Members, query: string): Promise<Candidate[]> {
  const candidates = new Map<string, Candidate>();
  // Only ids of users may have the characters that ids of principals exclude.
  const isId = PRINCIPAL_ID_PATTERN.test(query) || (IAM_ID_PATTERN.test(query) && (await members.byId(query)));
  if (isId) candidates.set(query, { principal: query, closeness: CLOSENESS.id });
  const named = await members.byName(query);
  if (named && !candidates.has(named.userId)) {
    candidates.set(named.userId, { principal: named.userId, closeness: CLOSENESS.name });
  }
  for (const { identity, grantee } of mappings.filter((mapping) => isSameIdentity(mapping.identity, query, false))) {
    const known = candidates.get(grantee) ?? { principal: grantee, closeness: CLOSENESS.name };
    candidates.set(grantee, { ...known, identity: known.identity ?? identity });
  }
  return [...candidates.values()];
}

async function hasHeldGrants({ events }: SearchStore, projectId: string, grantee: string): Promise<boolean> {
  return (await events.list(projectId, { grantee }, 1)).length > 0;
}
