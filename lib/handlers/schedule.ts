import { describeCause, logger } from '../logger.ts';
import { type Services, services } from '../services.ts';

/**
 * Makes the handler of work that a clock starts, not a caller.
 * @param work answers what there is to tell of it in the log
 */
export function scheduleHandler(name: string, work: (services: Services) => Promise<object>) {
  return async (): Promise<void> => {
    const startedAtMs = performance.now();
    try {
      const told = await work(services());
      logger.info(name, { ...told, ms: Math.round(performance.now() - startedAtMs) });
    } catch (error) {
      logger.error(name, { cause: describeCause(error) });
      throw error;
    }
  };
}
