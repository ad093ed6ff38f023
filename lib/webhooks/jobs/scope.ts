/** The scope of a job: in which projects its tasks apply, to which principals and to which grants. */

import type { Authority } from '../../authority/authority.ts';
import { countPassedOn, findGrants, listAllGrants, type Selection } from '../../authority/bulk-revoke.ts';
import type { Job, Task } from '../../domain/job.ts';
import type { GrantRef, ListFailure } from '../../domain/model.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import type { Store } from '../../store/store.ts';
import { mapWithConcurrency } from '../../util/concurrency.ts';
import { resolveIdentity } from './identities.ts';

const CONCURRENT_LOOKUPS = 16;

type Directories = Pick<Store, 'mappings' | 'directory'>;

/** One task in one project. */
export interface ScopeItem {
  /** The item's position among all that are possible; a mapping that is added later does not change it. */
  index: number;
  /** The index of the task in `Job.tasks`. */
  taskIndex: number;
  task: Task;
  projectId: string;
  /** The principals of a `revoke-principal` task; otherwise empty. */
  grantees: readonly string[];
}

/** Returns the items of a job in order, and the identities of its tasks that have no mapping. */
export async function scopeOf(
  directories: Directories,
  { source, tasks, projectIds }: Job,
): Promise<{ items: ScopeItem[]; unmapped: string[] }> {
  const granteesOf = granteeFinder(directories, source);
  const granteesByTask = await mapWithConcurrency(tasks, CONCURRENT_LOOKUPS, granteesOf);
  const items: ScopeItem[] = [];
  const unmapped: string[] = [];
  for (const [taskIndex, task] of tasks.entries()) {
    if (task.action === 'ignore') continue;
    const grantees = granteesByTask[taskIndex] ?? [];
    if (task.action === 'revoke-principal' && grantees.length === 0) {
      unmapped.push(...(task.identities ?? []));
      continue;
    }
    const firstIndex = taskIndex * projectIds.length;
    const taskProjects = task.projectId === undefined ? projectIds : [task.projectId];
    for (const [offset, projectId] of taskProjects.entries()) {
      items.push({ index: firstIndex + offset, taskIndex, task, projectId, grantees });
    }
  }
  return { items, unmapped };
}

/** Returns a function that finds the principals of a task. It looks up each identity once. */
function granteeFinder(directories: Directories, source: string) {
  const lookups = new Map<string, Promise<string[]>>();

  function principalsOf(identity: string, ignoresCase: boolean): Promise<string[]> {
    const name = `${ignoresCase} ${identity}`;
    const lookup = lookups.get(name) ?? resolveIdentity(directories, source, identity, ignoresCase);
    lookups.set(name, lookup);
    return lookup;
  }

  /** Returns the named grantee, else the principals of the first identity that has a mapping. */
  return async (task: Task): Promise<string[]> => {
    if (task.action !== 'revoke-principal') return [];
    const { grantee, identities = [], caseInsensitiveIdentities = [] } = task;
    // An empty grantee must not become a filter that matches every grant.
    if (grantee !== undefined) return grantee === '' ? [] : [grantee];
    for (const identity of identities) {
      const principals = await principalsOf(identity, caseInsensitiveIdentities.includes(identity));
      if (principals.length > 0) return principals;
    }
    return [];
  };
}

/**
 * Returns a function that removes the principals of an item that an item before it has covered with the same filters:
 * many events of one delivery can be about one person.
 */
export function repeatFilter(): (item: ScopeItem) => ScopeItem {
  const covered = new Set<string>();
  return (item) => {
    const { task, projectId, grantees } = item;
    if (task.action !== 'revoke-principal') return item;
    const { keyId, operations } = task;
    const filters = JSON.stringify([projectId, keyId, operations && [...new Set(operations)].sort()]);
    const isNew = (grantee: string) => !covered.has(`${grantee} ${filters}`);
    const newGrantees = grantees.filter(isNew);
    for (const grantee of newGrantees) covered.add(`${grantee} ${filters}`);
    return { ...item, grantees: newGrantees };
  };
}

interface GrantsInScope {
  grants: readonly GrantRef[];
  /** What could not be read. */
  failed: readonly ListFailure[];
  /** By principal of a `revoke-principal` task: how many grants that it issued are not among its own. */
  passedOn?: ReadonlyMap<string, number> | undefined;
}

/**
 * Returns the grants that an item covers now, and what could not be read.
 * @throws KmsError KMS.0207 when the project has no such key
 */
export async function grantsInScope(
  authority: Authority,
  context: RequestContext,
  { task, grantees }: ScopeItem,
): Promise<GrantsInScope> {
  switch (task.action) {
    case 'revoke-grant':
      return { grants: [{ key_id: task.keyId, grant_id: task.grantId }], failed: [] };
    case 'revoke-key':
      return listAllGrants((page) => authority.listGrants(context, task.keyId, {}, page));
    case 'revoke-principal':
      return grantsOfPrincipals(authority, context, task, grantees);
    case 'ignore':
      return { grants: [], failed: [] };
  }
}

async function grantsOfPrincipals(
  authority: Authority,
  context: RequestContext,
  filters: Omit<Selection, 'grantee'>,
  grantees: readonly string[],
): Promise<GrantsInScope> {
  const grants: GrantRef[] = [];
  const failed: ListFailure[] = [];
  const passedOn = new Map<string, number>();
  for (const grantee of grantees) {
    const selection = { ...filters, grantee };
    const found = await findGrants(authority, context, selection);
    grants.push(...found.grants);
    failed.push(...found.failed);
    // The count is only for information, so it stops nothing.
    const count = await countPassedOn(authority, context, selection, found).catch(() => undefined);
    if (count !== undefined) passedOn.set(grantee, count);
  }
  return { grants, failed, passedOn };
}
