// On one machine, a chat source may have any name. Deployed, a stub refuses what is no webhook (lib/stubs.ts).
import { receiveChat } from '#chat';
import { httpHandler } from '../../lib/handlers/http.ts';
import { scimErrorReply } from '../../lib/http/scim-error.ts';
import { WEBHOOKS } from '../../lib/webhooks/inbound/adapters.ts';
import { receiveWebhook } from '../../lib/webhooks/inbound/receive.ts';

/** Receives a webhook. Its signature identifies the source; the reply's `job_id` names the job that it starts. */
export const handler = httpHandler({
  access: 'anyone',
  name: 'webhook',
  // Vendors send many events in one delivery, and do not send it again in smaller parts.
  bodyBytesMax: 1024 * 1024,
  // By route, not by kind of source: the form of a 401 must not reveal which sources exist.
  errorReplyOf: (error, params) => (params['id'] === undefined ? undefined : scimErrorReply(error)),
  async handle(call) {
    const { source: name = '', id: userId } = call.params;
    const { request, context } = call;
    const isWebhook = request.method !== 'POST' || userId !== undefined || (await WEBHOOKS.sourcesOf(call)()).has(name);
    if (!isWebhook) return receiveChat(call, { name, request, context });
    return receiveWebhook(call, WEBHOOKS, { name, request: { ...request, userId }, trace: context.trace ?? {} });
  },
});
