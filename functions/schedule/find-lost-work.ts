import { scheduleHandler } from '../../lib/handlers/schedule.ts';
import { messageProcessor } from '../../lib/webhooks/process-message.ts';

/** Enqueues jobs and outbox events again whose message was lost. */
export const handler = scheduleHandler('find-lost-work', (services) => messageProcessor(services).findLost());
