import { receiverHandler } from '../../lib/handlers/receiver.ts';
import { scimErrorReply } from '../../lib/http/scim-error.ts';
import { receiveScim } from '../../lib/scim/receive.ts';
import { scimServices } from '../../lib/scim/services.ts';

/** The SCIM 2.0 server: an identity provider creates, changes, deactivates and deletes its users here. */
export const handler = receiverHandler(
  {
    name: 'scim',
    // A group may have many members.
    bodyBytesMax: 1024 * 1024,
    errorReplyOf: scimErrorReply,
    async handle(call) {
      const { source: name = '', path = '' } = call.params;
      return receiveScim(call, { name, path, request: call.request, trace: call.context.trace });
    },
  },
  scimServices,
);
