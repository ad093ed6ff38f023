// On one machine, sources of chat and of notification services may have any name. Deployed, they have functions of
// their own: a stub refuses chat (lib/handlers/no-chat.ts), and the kinds are fewer (package.json, `imports`).
import { receiveChat } from '#chat';
import { WEBHOOKS } from '#webhook-kinds';
import { receiverHandler } from '../../lib/handlers/receiver.ts';
import { receiveWebhook } from '../../lib/webhooks/inbound/receive.ts';

/** Receives a webhook. Its signature identifies the source; the reply's `job_id` names the job that it starts. */
export const handler = receiverHandler({
  name: 'webhook',
  // Vendors send many events in one delivery, and do not send it again in smaller parts.
  bodyBytesMax: 1024 * 1024,
  async handle(call) {
    const { source: name = '' } = call.params;
    const { request, context } = call;
    const isWebhook = request.method !== 'POST' || (await WEBHOOKS.sourcesOf(call)()).has(name);
    if (!isWebhook) return receiveChat({ name, request, context });
    return receiveWebhook(call, WEBHOOKS, { name, request, trace: context.trace });
  },
});
