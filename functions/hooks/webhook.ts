import { httpHandler } from '../../lib/handlers/http.ts';
import { scimErrorReply } from '../../lib/http/scim-error.ts';
import { receiveWebhook } from '../../lib/webhooks/inbound/receive.ts';

/** Receives a webhook. Its signature identifies the source; the reply's `job_id` names the job that it starts. */
export const handler = httpHandler({
  access: 'anyone',
  name: 'webhook',
  // Vendors send many events in one delivery, and do not send it again in smaller parts.
  bodyBytesMax: 1024 * 1024,
  // By route, not by kind of source: the form of a 401 must not reveal which sources exist.
  errorReplyOf: (error, params) => (params['id'] === undefined ? undefined : scimErrorReply(error)),
  handle(call) {
    const { source: name = '', id: userId } = call.params;
    return receiveWebhook(call, { name, request: { ...call.request, userId }, trace: call.context.trace ?? {} });
  },
});
