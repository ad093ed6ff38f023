import { workOf } from '../../lib/hooks/work.ts';
import { scheduled } from '../../lib/scheduled.ts';

/** Puts jobs and news on the queue again whose message was lost. */
export const handler = scheduled('find-lost-work', (services) => workOf(services).findLost());
