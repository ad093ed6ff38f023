import { scheduleHandler } from '../../lib/handlers/schedule.ts';

/** Deletes the keys whose deletion date has passed. The next run, a minute later, continues what is left. */
export const handler = scheduleHandler('delete-due-keys', async ({ deleteDueKeys }) => ({
  keys: await deleteDueKeys(),
}));
