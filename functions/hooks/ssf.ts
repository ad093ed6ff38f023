import { receiverHandler } from '../../lib/handlers/receiver.ts';
import { setErrorReply } from '../../lib/http/set-error.ts';
import { receiveWebhook } from '../../lib/webhooks/inbound/receive.ts';
import { SSF } from '../../lib/webhooks/inbound/ssf/source-kind.ts';

/** Receives a Security Event Token of a Shared Signals transmitter. Its signature identifies the source. */
export const handler = receiverHandler({
  name: 'ssf',
  errorReplyOf: setErrorReply,
  async handle(call) {
    const { source: name = '' } = call.params;
    const { request, context } = call;
    return receiveWebhook(call, SSF, { name, request, trace: context.trace });
  },
});
