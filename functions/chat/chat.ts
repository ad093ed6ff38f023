import { receiveChat } from '../../lib/chat/receive.ts';
import { chatSourcesOf } from '../../lib/chat/sources.ts';
import { httpHandler } from '../../lib/handlers/http.ts';

/** Receives commands and presses of buttons from the chat platforms. Their signature identifies the source. */
export const handler = httpHandler({
  access: 'anyone',
  name: 'chat',
  // A press brings the message with its card along.
  bodyBytesMax: 256 * 1024,
  // The secrets of HOOKS: a platform shows an error if its first request after a start is answered after 3 s.
  initialize: (services) => chatSourcesOf(services)(),
  handle(call) {
    // The routes are static, such as /hooks/slack, so the name is no parameter.
    const name = call.request.path.slice(call.request.path.lastIndexOf('/') + 1);
    return receiveChat(call, { name, request: call.request, context: call.context });
  },
});
