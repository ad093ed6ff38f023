import { httpHandler } from '../../lib/handlers/http.ts';
import { receiveWebhook } from '../../lib/webhooks/inbound/receive.ts';

/** Receives a webhook. Its signature identifies the source; the reply's `job_id` names the job that it starts. */
export const handler = httpHandler({
  access: 'anyone',
  name: 'webhook',
  handle: (call) =>
    receiveWebhook(call, { name: call.params['source'] ?? '', request: call.request, trace: call.context.trace ?? {} }),
});
