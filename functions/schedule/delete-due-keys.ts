import { scheduled } from '../../lib/scheduled.ts';

/** Deletes the keys whose time has come; what it does not get to is done a minute later. */
export const handler = scheduled('delete-due-keys', async ({ deleteDueKeys }) => ({ keys: await deleteDueKeys() }));
