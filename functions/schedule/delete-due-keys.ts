import { deleteOwnDueKeys } from '../../lib/authority/due-keys.ts';
import { scheduleHandler } from '../../lib/handlers/schedule.ts';

/** Deletes the keys whose deletion date has passed. The next run, a minute later, continues what is left. */
export const handler = scheduleHandler('delete-due-keys', async (services) => ({
  keys: await deleteOwnDueKeys(services),
}));
