import { type Job, tasksForPerson, unreadableTasks } from '../domain/job.ts';

/**
 * A job as the job API and the admin command show it.
 * @param projectId shows only the parts that concern this project; all parts when absent
 */
export function serializeJob(job: Job, projectId?: string) {
  const isShown = (id: string) => projectId === undefined || id === projectId;
  const tasks = job.tasks.filter(
    ({ projectId: taskProjectId }) => taskProjectId === undefined || isShown(taskProjectId),
  );
  const identities = new Set(tasks.flatMap((task) => ('identities' in task ? (task.identities ?? []) : [])));
  return {
    job_id: job.jobId,
    source: job.source,
    delivery_id: job.deliveryId,
    actor: job.origin?.actor,
    channel: job.origin?.channel,
    state: job.state,
    mode: job.mode,
    received_at: String(job.receivedAtMs),
    tasks: tasks.map(({ type, projectId: taskProjectId, ...task }) => ({
      type,
      event: task.event,
      projects: (taskProjectId === undefined ? job.projectIds : [taskProjectId]).filter(isShown),
      grantee_principal: 'grantee' in task ? task.grantee : undefined,
      identities: 'identities' in task ? task.identities : undefined,
      operations: 'operations' in task ? task.operations : undefined,
      key_id: 'keyId' in task ? task.keyId : undefined,
      grant_id: 'grantId' in task ? task.grantId : undefined,
      reason: task.reason ?? job.reason,
      // Only for the operator: it may contain anything that the source sent.
      payload: projectId === undefined && 'payload' in task ? task.payload : undefined,
    })),
    tries: job.failedAttempts,
    revoked: job.revoked,
    would_revoke: job.wouldRevoke,
    total: job.total,
    remaining: job.leftoverCount ?? 0,
    passed_on: job.passedOn,
    leftovers: job.leftovers
      .filter((leftover) => isShown(leftover.projectId))
      .map(({ projectId, keyId, grantId, code }) => ({
        project_id: projectId,
        key_id: keyId || undefined,
        grant_id: grantId || undefined,
        error_code: code,
      })),
    unmapped: job.unmapped.filter((identity) => identities.has(identity)),
    unreadable: unreadableTasks(job),
    needs_person: tasksForPerson(job),
  };
}
