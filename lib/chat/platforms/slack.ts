/**
 * Slack: a slash command and buttons. Sources: Slack, "Implementing slash commands" and "Handling user interaction".
 * Its parts are in `slack/`.
 */
import { randomBytes } from 'node:crypto';
import { sendRequest } from '../../clients/http.ts';
import { Reply } from '../../http/reply.ts';
import { plainSecretProblem } from '../../signing/plain-secret.ts';
import { verifySlack } from '../../signing/slack.ts';
import type { ChatPlatform } from '../platform.ts';
import { REPLY_MS } from '../time-limits.ts';
import { render } from './slack/blocks.ts';
import { slackDelivery } from './slack/delivery.ts';
import { readRequest } from './slack/request.ts';
import { SETTINGS, type SlackSettings } from './slack/settings.ts';
import type { Send } from './slack/web-api.ts';

interface SlackDependencies {
  /** Sends a request to Slack. */
  send?: Send;
  /** ms since 1970 */
  now?: () => number;
}

const newNonce = () => randomBytes(6).toString('hex');

export function slackPlatform({ send = sendRequest, now = Date.now }: SlackDependencies = {}) {
  const deliver = slackDelivery({ send, now, newNonce });
  return {
    settings: SETTINGS,
    references: ['bot_token'],
    replyMsMax: REPLY_MS,
    secretProblem: plainSecretProblem,

    verify(request, { secrets }, nowMs) {
      verifySlack(request, secrets, nowMs);
      return { deliveryId: request.headers['x-slack-signature'] };
    },

    read: (request, { settings }, nowMs) => readRequest(request, settings, nowMs),

    reply(messages, incoming) {
      // The answer to a press is not shown: everything goes to its `response_url`. The answer to a command is, but one
      // for the channel would also show what the person typed.
      const own = incoming.type === 'press' ? undefined : messages.find(({ audience }) => audience === 'asker');
      if (!own) return { reply: new Reply(''), rest: messages };
      return {
        reply: { response_type: 'ephemeral', ...render(own.view, newNonce()) },
        rest: messages.filter((message) => message !== own),
      };
    },

    deliver,
  } satisfies ChatPlatform<SlackSettings>;
}

export const slack: ChatPlatform<SlackSettings> = slackPlatform();
