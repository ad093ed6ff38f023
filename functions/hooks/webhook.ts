import { httpHandler } from '../../lib/handlers/http.ts';
import { receiveWebhook } from '../../lib/webhooks/inbound/receive.ts';

/** Takes what a source tells. Who it is, its signature tells; what it starts can be read by the answer's `job_id`. */
export const handler = httpHandler({
  access: 'anyone',
  name: 'webhook',
  handle: (call) =>
    receiveWebhook(call, { name: call.params['source'] ?? '', request: call.request, trace: call.context.trace ?? {} }),
});
