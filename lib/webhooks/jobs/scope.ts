/** What a job is about: who is meant by its tasks, in which projects, and which grants that are. */

import type { Authority } from '../../authority/authority.ts';
import { findGrants, listAllGrants } from '../../authority/bulk-revoke.ts';
import type { Job, Task } from '../../domain/job.ts';
import type { GrantRef } from '../../domain/model.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import type { Store } from '../../store/store.ts';
import { resolveIdentity } from './identities.ts';

/** A task in one project. */
export interface ScopeItem {
  /** Its place among the tasks of the job. */
  place: number;
  /** And its own among all parts that there could be: the same whoever is mapped. */
  index: number;
  task: Task;
  projectId: string;
  /** Of `revoke-principal`. */
  grantee?: string | undefined;
}

/** The tasks in each of their projects; and by which identities nobody is known. */
export async function scopeOf(
  store: Pick<Store, 'mappings' | 'directory'>,
  { source, tasks, projectIds }: Job,
): Promise<{ parts: ScopeItem[]; unmapped: string[] }> {
  const parts: ScopeItem[] = [];
  const unmapped: string[] = [];
  for (const [place, task] of tasks.entries()) {
    if (task.action === 'ignore') continue;
    const grantee = task.action === 'revoke-principal' ? await granteeOf(store, source, task) : undefined;
    if (task.action === 'revoke-principal' && grantee === undefined) unmapped.push(...(task.identities ?? []));
    else {
      const where = task.projectId === undefined ? projectIds : [task.projectId];
      const first = place * projectIds.length;
      parts.push(...where.map((projectId, n) => ({ place, index: first + n, task, projectId, grantee })));
    }
  }
  return { parts, unmapped };
}

/** The first of its identities that is mapped tells who is meant. */
async function granteeOf(
  store: Pick<Store, 'mappings' | 'directory'>,
  source: string,
  { grantee, identities = [] }: Extract<Task, { action: 'revoke-principal' }>,
): Promise<string | undefined> {
  if (grantee !== undefined) return grantee;
  for (const identity of identities) {
    const found = await resolveIdentity(store, source, identity);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The grants that are meant and there now. @throws KmsError KMS.0207 when the project has no such key */
export async function grantsInScope(
  authority: Authority,
  context: RequestContext,
  { task, grantee }: ScopeItem,
): Promise<readonly GrantRef[]> {
  switch (task.action) {
    case 'revoke-grant':
      return [{ key_id: task.keyId, grant_id: task.grantId }];
    case 'revoke-key':
      return listAllGrants((page) => authority.listGrants(context, task.keyId, {}, page));
    case 'revoke-principal':
      // Nobody's grants are not everybody's.
      return grantee ? findGrants(authority, context, { ...task, grantee }) : [];
    case 'ignore':
      return [];
  }
}
