import { sqsHandler } from '../../lib/handlers/sqs.ts';
import { messageProcessor } from '../../lib/webhooks/process-message.ts';

/** Does what hooks have started, and tells others of what has changed. */
export const handler = sqsHandler('work', (services, taken, isPastDeadline) =>
  messageProcessor(services).work(taken, isPastDeadline),
);
