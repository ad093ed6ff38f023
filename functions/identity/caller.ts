import { httpHandler } from '../../lib/handlers/http.ts';
import { type Permission, ROLES } from '../../lib/identity/roles.ts';

/**
 * Shows who the caller is, what the caller's roles allow in the project of the credentials, and how the service is set
 * up, so that a frontend offers only what will work.
 */
export const handler = httpHandler({
  access: 'caller',
  name: 'caller',
  usesCallerProject: true,
  async handle({ checksRoles, config, context: { caller }, store: { directory } }) {
    const { userId, domainId, projectId, roles } = caller;
    const [user, domain, project] = await Promise.all([
      directory.user(userId),
      directory.domain(domainId),
      projectId === undefined ? undefined : directory.project(projectId),
    ]);
    const isServed = projectId !== undefined && (config.projects?.includes(projectId) ?? true);
    return {
      user_id: userId,
      user_name: user?.name,
      domain_id: domainId,
      domain_name: domain?.name,
      project_id: projectId,
      project_name: project?.name,
      roles,
      permissions: isServed ? permissionsOf(roles, checksRoles) : [],
      permissions_decided_by: checksRoles ? 'roles' : 'upstream',
      authority: config.upstream ? 'upstream' : 'standalone',
      identity: config.keystone ? 'keystone' : 'directory',
      grants_per_key: config.upstream ? undefined : config.grantsPerKey,
      keys_per_project: config.upstream ? undefined : config.keysPerProject,
      // A job outlives the request, and so the token that would be forwarded.
      jobs: checksRoles,
      region: config.region,
    };
  },
});

/** An upstream that checks the role decides about the documented APIs; the others need a role of this service. */
function permissionsOf(roles: readonly string[], checksRoles: boolean): Permission[] {
  const deciding = checksRoles ? roles : [...roles, 'KMS CMKFullAccess'];
  return [...new Set(deciding.flatMap((role) => [...(ROLES.get(role) ?? [])]))].sort();
}
