// On one machine, chat sources may have any name. Deployed, a stub refuses them here (lib/stubs.ts).
import { receiveChat } from '#chat';
import { isChatSource } from '../../lib/chat/sources.ts';
import { httpHandler } from '../../lib/handlers/http.ts';
import { scimErrorReply } from '../../lib/http/scim-error.ts';
import { sourcesOf } from '../../lib/webhooks/hooks.ts';
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
    const source = (await sourcesOf(call)()).get(name);
    if (source && isChatSource(source) && request.method === 'POST')
      return receiveChat(call, { name, request, context });
    return receiveWebhook(call, { name, request: { ...request, userId }, trace: context.trace ?? {} });
  },
});
