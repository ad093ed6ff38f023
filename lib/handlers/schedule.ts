import type { Context } from 'aws-lambda';
import { describeCause, logger } from '../logger.ts';
import { type Services, services } from '../services.ts';

/**
 * Creates the Lambda handler of a scheduled task.
 * @param task returns the fields of its log line
 */
export function scheduleHandler(name: string, task: (services: Services) => Promise<object>) {
  return async (_event?: unknown, context?: Context): Promise<void> => {
    if (context) logger.addContext(context);
    const startedAtMs = performance.now();
    try {
      const fields = await task(services());
      logger.info(name, { ...fields, ms: Math.round(performance.now() - startedAtMs) });
    } catch (error) {
      logger.error(name, { cause: describeCause(error) });
      throw error;
    }
  };
}
