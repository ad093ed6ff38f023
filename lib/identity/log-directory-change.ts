import type { RequestContext } from '../domain/request-context.ts';
import { logger } from '../logger.ts';

/**
 * Logs that an administrator changed a user, an access key or a mapping. Such a change has no event, because events are
 * about keys and grants only.
 * @param target the ids of what was changed; they are logged, so no secrets
 */
export function logDirectoryChange(
  { caller, projectId, requestId }: RequestContext,
  action: string,
  target: object,
): void {
  logger.info('directory', {
    request_id: requestId,
    action,
    caller: caller.userId,
    project_id: projectId,
    ...target,
  });
}
