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
    if (task.action === 'ignore' || task.action === 'unreadable' || task.action === 'needs-person') continue;
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

  /** Returns the named grantee, else the principals of all identities that have a mapping. */
  return async (task: Task): Promise<string[]> => {
    if (task.action !== 'revoke-principal') return [];
    const { grantee, identities = [], caseInsensitiveIdentities = [] } = task;
    // An empty grantee must not become a filter that matches every grant.
    if (grantee !== undefined) return grantee === '' ? [] : [grantee];
    const principals = new Set<string>();
    for (const identity of identities) {
      const found = await principalsOf(identity, caseInsensitiveIdentities.includes(identity));
      for (const principal of found) principals.add(principal);
    }
    return [...principals];
  };
}

/** An item without what earlier items have covered. */
interface NewScopeItem extends ScopeItem {
  /** Those principals whose passed-on grants no earlier item has counted. */
  granteesToCount: readonly string[];
}

/**
 * Returns a function that gets the items of a job in order, and removes from each the principals that an item before it
 * has covered with the same filters: many events of one delivery can be about one person.
 */
export function repeatFilter(): (item: ScopeItem) => NewScopeItem {
  const seen = new Set<string>();
  /** Returns the principals that occur with these filters for the first time. */
  function takeNew(grantees: readonly string[], ...filters: unknown[]): string[] {
    const nameOf = (grantee: string) => JSON.stringify([grantee, ...filters]);
    const isNew = grantees.filter((grantee) => !seen.has(nameOf(grantee)));
    for (const grantee of isNew) seen.add(nameOf(grantee));
    return isNew;
  }
  return (item) => {
    const { task, projectId, grantees } = item;
    if (task.action !== 'revoke-principal') return { ...item, granteesToCount: [] };
    const operations = task.operations && [...new Set(task.operations)].sort();
    return {
      ...item,
      grantees: takeNew(grantees, 'grants', projectId, task.keyId, operations),
      granteesToCount: takeNew(grantees, 'passed on', projectId, task.keyId),
    };
  };
}

interface GrantsInScope {
  grants: readonly GrantRef[];
  /** What could not be read. */
  failed: readonly ListFailure[];
  /** By principal of a `revoke-principal` task: how many grants it has passed on; see `countPassedOn`. */
  passedOn?: ReadonlyMap<string, number | undefined> | undefined;
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
    case 'unreadable':
    case 'needs-person':
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
  const passedOn = new Map<string, number | undefined>();
  for (const grantee of grantees) {
    const selection = { ...filters, grantee };
    const found = await findGrants(authority, context, selection);
    grants.push(...found.grants);
    failed.push(...found.failed);
    passedOn.set(grantee, await countPassedOn(authority, context, selection, found));
  }
  return { grants, failed, passedOn };
}
