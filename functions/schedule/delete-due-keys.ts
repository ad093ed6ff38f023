import { scheduleHandler } from '../../lib/handlers/schedule.ts';

/** Deletes the keys whose time has come; what it does not get to is done a minute later. */
export const handler = scheduleHandler('delete-due-keys', async ({ deleteDueKeys }) => ({
  keys: await deleteDueKeys(),
}));
