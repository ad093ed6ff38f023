import { receiverHandler } from '../../lib/handlers/receiver.ts';
import { NOTIFICATIONS } from '../../lib/webhooks/inbound/notification-kinds.ts';
import { receiveWebhook } from '../../lib/webhooks/inbound/receive.ts';

/** Receives a message of a notification service of a cloud: SMN or SNS. Its signature identifies the source. */
export const handler = receiverHandler({
  name: 'notification',
  // Messages of SMN and SNS have at most 256 KB.
  bodyBytesMax: 1024 * 1024,
  async handle(call) {
    const { request, context } = call;
    // The routes are static, such as /hooks/smn, so the name is no parameter.
    const name = request.path.slice(request.path.lastIndexOf('/') + 1);
    return receiveWebhook(call, NOTIFICATIONS, { name, request, trace: context.trace });
  },
});
