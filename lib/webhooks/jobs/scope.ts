/** The scope of a job: in which projects its tasks apply, to which principals and to which grants. */

import type { Authority } from '../../authority/authority.ts';
import { countPassedOn, findGrants, listAllGrants, type Selection } from '../../authority/bulk-revoke.ts';
import type { Job, Task } from '../../domain/job.ts';
import type { GrantRef, ListFailure } from '../../domain/model.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import type { Store } from '../../store/store.ts';
import { resolveIdentity } from './identities.ts';

type Directories = Pick<Store, 'mappings' | 'directory'>;

/** One task in one project. */
export interface ScopeItem {
  /** The item's position among all that are possible; a mapping that is added later does not change it. */
  index: number;
  /** The index of the task in `Job.tasks`. */
  taskIndex: number;
  task: Task;
  projectId: string;
  /** The principal of a `revoke-principal` task. */
  grantee?: string | undefined;
}

/** Returns the items of a job in order, and the identities of its tasks that have no mapping. */
export async function scopeOf(
  directories: Directories,
  { source, tasks, projectIds }: Job,
): Promise<{ items: ScopeItem[]; unmapped: string[] }> {
  const items: ScopeItem[] = [];
  const unmapped: string[] = [];
  for (const [taskIndex, task] of tasks.entries()) {
    if (task.action === 'ignore') continue;
    const grantee = task.action === 'revoke-principal' ? await granteeOfTask(directories, source, task) : undefined;
    if (task.action === 'revoke-principal' && grantee === undefined) {
      unmapped.push(...(task.identities ?? []));
      continue;
    }
    const firstIndex = taskIndex * projectIds.length;
    const taskProjects = task.projectId === undefined ? projectIds : [task.projectId];
    items.push(
      ...taskProjects.map((projectId, offset) => ({ index: firstIndex + offset, taskIndex, task, projectId, grantee })),
    );
  }
  return { items, unmapped };
}

/** Returns the named grantee, else the principal of the first identity that has a mapping. */
async function granteeOfTask(
  directories: Directories,
  source: string,
  { grantee, identities = [] }: Extract<Task, { action: 'revoke-principal' }>,
): Promise<string | undefined> {
  if (grantee !== undefined) return grantee;
  for (const identity of identities) {
    const principal = await resolveIdentity(directories, source, identity);
    if (principal !== undefined) return principal;
  }
  return undefined;
}

interface GrantsInScope {
  grants: readonly GrantRef[];
  /** What could not be read. */
  failed: readonly ListFailure[];
  /** For a `revoke-principal` task: how many grants that the principal issued are not among `grants`. */
  passedOn?: number | undefined;
}

/**
 * Returns the grants that an item covers now, and what could not be read.
 * @throws KmsError KMS.0207 when the project has no such key
 */
export async function grantsInScope(
  authority: Authority,
  context: RequestContext,
  { task, grantee }: ScopeItem,
): Promise<GrantsInScope> {
  switch (task.action) {
    case 'revoke-grant':
      return { grants: [{ key_id: task.keyId, grant_id: task.grantId }], failed: [] };
    case 'revoke-key':
      return listAllGrants((page) => authority.listGrants(context, task.keyId, {}, page));
    case 'revoke-principal':
      // An empty grantee must not become a filter that matches every grant.
      return grantee ? grantsOfPrincipal(authority, context, { ...task, grantee }) : { grants: [], failed: [] };
    case 'ignore':
      return { grants: [], failed: [] };
  }
}

async function grantsOfPrincipal(
  authority: Authority,
  context: RequestContext,
  selection: Selection,
): Promise<GrantsInScope> {
  const found = await findGrants(authority, context, selection);
  // The count is only for information, so it stops nothing.
  const passedOn = await countPassedOn(authority, context, selection, found).catch(() => undefined);
  return { ...found, passedOn };
}
