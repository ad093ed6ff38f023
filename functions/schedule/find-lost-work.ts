import { scheduleHandler } from '../../lib/handlers/schedule.ts';
import { findLostWork } from '../../lib/webhooks/find-lost-work.ts';

/** Enqueues jobs and outbox events again whose message was lost. */
export const handler = scheduleHandler('find-lost-work', findLostWork);
