import { sqsHandler } from '../../lib/handlers/sqs.ts';
import { messageProcessor } from '../../lib/webhooks/process-message.ts';

/** Processes messages of the queue: jobs that webhooks started, and events to deliver to targets. */
export const handler = sqsHandler('work', (services, received, isPastDeadline) =>
  messageProcessor(services).process(received, isPastDeadline),
);
