/** A chat platform for tests of the flow: a plain secret, JSON bodies, and a record of what was shown. */
import * as z from 'zod/mini';
import type { ChatPlatform, Place, ReceivedCommand } from '../../lib/chat/platform.ts';
import type { Message } from '../../lib/chat/view.ts';
import { plainSecretProblem, verifyPlainSecret } from '../../lib/signing/plain-secret.ts';
import { SignatureError } from '../../lib/signing/signed-request.ts';
import { parseBody } from '../../lib/validation/json-body.ts';

export const FAKE_SECRET = 'fake-platform-secret-0123456789';

interface FakeSettings {
  workspaces: readonly string[];
  token?: string | undefined;
}

export interface Delivery {
  message: Message;
  place: Place;
  settings: FakeSettings;
}

/** The platform, and what it delivered. `beforeDelivery` may fail or wait. */
export function fakePlatform() {
  const deliveries: Delivery[] = [];
  const hooks = { beforeDelivery: async () => {}, beforeReply: () => {}, replyMsMax: 60_000 };
  const platform: ChatPlatform<FakeSettings> = {
    settings: { workspaces: z.array(z.string()), token: z.optional(z.string()) },
    references: ['token'],
    get replyMsMax() {
      return hooks.replyMsMax;
    },
    secretProblem: plainSecretProblem,
    verify({ headers }, { secrets }) {
      verifyPlainSecret(headers['x-fake-secret'], secrets);
      return { deliveryId: headers['x-fake-delivery'] };
    },
    read({ body }, { settings }) {
      const {
        workspace = 'T1',
        user = 'U1',
        channel = 'C1',
        type = 'command',
        locale = 'en',
        ...rest
      } = parseBody(body);
      if (!settings.workspaces.includes(String(workspace))) throw new SignatureError('foreign workspace');
      if (type === 'handshake') return { type, reply: { challenge: rest['challenge'] } };
      if (type === 'ignored') return { type, why: 'another bot', reply: {} };
      return {
        ...rest,
        type,
        locale,
        sender: { workspace: String(workspace), userId: String(user) },
        place: { channelId: String(channel), isDirect: false, ...(rest['place'] as object) },
      } as ReceivedCommand;
    },
    reply(messages) {
      hooks.beforeReply();
      const [first, ...others] = messages;
      const isInReply = first?.audience === 'asker';
      return { reply: { shown: isInReply ? first.view : null }, rest: isInReply ? others : messages };
    },
    async deliver(message, place, { settings }) {
      await hooks.beforeDelivery();
      deliveries.push({ message, place, settings });
      return { ...place, messageId: `m${deliveries.length}` };
    },
  };
  return { platform, deliveries, hooks };
}
