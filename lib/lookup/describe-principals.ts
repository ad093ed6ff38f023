import { mapWithConcurrency } from '../util/concurrency.ts';
import { membersOf } from './members.ts';
import { type MappingDependencies, mappingsInProject } from './project-mappings.ts';

interface DescribedPrincipal {
  principal_id: string;
  type: 'user' | 'domain' | 'unknown';
  name?: string | undefined;
  enabled?: boolean | undefined;
  identities?: string[] | undefined;
}

const CONCURRENT_READS = 16;

/**
 * Tells who the principals are, in the same order. A principal that does not exist and one that has nothing to do with
 * the project are both unknown.
 */
export async function describePrincipals(
  dependencies: MappingDependencies,
  projectId: string,
  principalIds: readonly string[],
): Promise<DescribedPrincipal[]> {
  const { directory } = dependencies.store;
  const members = await membersOf(directory, projectId);
  const domain = members.domainId === undefined ? undefined : await directory.domain(members.domainId);
  const users = await mapWithConcurrency(principalIds, CONCURRENT_READS, members.byId);
  // The mappings have no index by grantee, so all are read, once.
  const mapped = users.some((user) => user !== undefined) ? await mappingsInProject(dependencies, projectId) : [];
  return principalIds.map((principalId, index) => {
    const user = users[index];
    if (user) {
      const identities = mapped.filter(({ grantee }) => grantee === principalId).map(({ identity }) => identity);
      return {
        principal_id: principalId,
        type: 'user',
        name: user.name,
        enabled: user.enabled,
        identities: [...new Set(identities)],
      };
    }
    if (domain?.domainId === principalId) return { principal_id: principalId, type: 'domain', name: domain.name };
    return { principal_id: principalId, type: 'unknown' };
  });
}
