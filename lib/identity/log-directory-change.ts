import type { RequestContext } from '../domain/request-context.ts';
import { logger } from '../logger.ts';

/**
 * Logs a change of the directory or of its mappings: events are about keys and grants only.
 * @param target what was changed, without secrets
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
