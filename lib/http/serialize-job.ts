import type { Job } from '../domain/job.ts';

/** Whether something in a job is about a project. */
export const isJobAboutProject = ({ projectIds, tasks }: Job, projectId: string): boolean =>
  projectIds.includes(projectId) && tasks.some((task) => task.projectId === undefined || task.projectId === projectId);

/**
 * A job as it is told.
 * @param projectId only what is of this project; all when left out
 */
export function serializeJob(job: Job, projectId?: string) {
  const isTold = (id: string) => projectId === undefined || id === projectId;
  const tasks = job.tasks.filter(({ projectId: named }) => named === undefined || isTold(named));
  const identities = new Set(tasks.flatMap((task) => ('identities' in task ? (task.identities ?? []) : [])));
  return {
    job_id: job.jobId,
    source: job.source,
    delivery_id: job.deliveryId,
    state: job.state,
    received_at: String(job.receivedAtMs),
    tasks: tasks.map(({ action, type, projectId: named, ...task }) => ({
      type,
      projects: (named === undefined ? job.projectIds : [named]).filter(isTold),
      ...(action === 'revoke-principal' && {
        grantee_principal: 'grantee' in task ? task.grantee : undefined,
        identities: 'identities' in task ? task.identities : undefined,
        operations: 'operations' in task ? task.operations : undefined,
      }),
      key_id: 'keyId' in task ? task.keyId : undefined,
      grant_id: 'grantId' in task ? task.grantId : undefined,
      reason: task.reason,
    })),
    tries: job.tries,
    revoked: job.revoked,
    remaining: job.leftoverCount ?? 0,
    leftovers: job.leftovers
      .filter((leftover) => isTold(leftover.projectId))
      .map(({ projectId, keyId, grantId, code }) => ({
        project_id: projectId,
        key_id: keyId || undefined,
        grant_id: grantId || undefined,
        error_code: code,
      })),
    unmapped: job.unmapped.filter((identity) => identities.has(identity)),
  };
}
