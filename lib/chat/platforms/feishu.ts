/**
 * Feishu and Lark: messages to the bot, and buttons on cards. Its parts are in `feishu/`.
 * Sources: Feishu Open Platform, "Receive message", "Card callback communication", "Request URL configuration".
 */
import { sendRequest } from '../../clients/http.ts';
import { plainSecretProblem } from '../../signing/plain-secret.ts';
import type { ChatPlatform } from '../platform.ts';
import { REPLY_MS } from '../time-limits.ts';
import type { Send } from './feishu/api.ts';
import { fitsToast, renderCard, renderToast } from './feishu/card.ts';
import { feishuDelivery } from './feishu/delivery.ts';
import { openRequest } from './feishu/envelope.ts';
import { deliveryIdOf, readEvent } from './feishu/incoming.ts';
import { extraOf, scopeOf } from './feishu/place.ts';
import { type FeishuSettings, SETTINGS } from './feishu/settings.ts';

interface FeishuDependencies {
  /** Sends a request to Feishu. */
  send?: Send;
  /** ms since 1970 */
  now?: () => number;
}

export function feishuPlatform({ send = sendRequest, now = Date.now }: FeishuDependencies = {}) {
  return {
    settings: SETTINGS,
    references: ['app_secret'],
    replyMsMax: REPLY_MS,
    /** The Encrypt Keys. */
    secretProblem: plainSecretProblem,

    verify(request, source, nowMs) {
      const opened = openRequest(request, source, nowMs);
      return opened.type === 'event' ? { deliveryId: deliveryIdOf(opened) } : {};
    },

    read(request, source, nowMs) {
      const opened = openRequest(request, source, nowMs);
      return opened.type === 'event'
        ? readEvent(opened, source.settings)
        : { type: 'handshake', reply: { challenge: opened.challenge } };
    },

    reply(messages, incoming) {
      // Feishu shows nothing of the answer to a message.
      if (incoming.type === 'command') return { reply: {}, rest: messages };
      const { place } = incoming;
      const isAskerCard = extraOf(place).askerCard !== undefined;
      const isForPressed = (audience: string) => audience === 'channel' || isAskerCard || place.isDirect;
      const card = messages.find(({ replacesCard, audience }) => replacesCard && isForPressed(audience));
      const toast = messages.find(
        ({ audience, replacesCard, view }) => audience === 'asker' && !replacesCard && fitsToast(view),
      );
      const shown = (toast ?? card ?? messages[0])?.view;
      // The pressed card is the asker's own, and what it becomes is for the group, where its buttons belong.
      const isForGroup = card?.audience === 'channel' && isAskerCard;
      const cardView = card && (isForGroup ? { ...card.view, buttons: [] } : card.view);
      return {
        reply: {
          ...(shown && { toast: renderToast(shown) }),
          ...(cardView && { card: { type: 'raw', data: renderCard(cardView, scopeOf(place, isAskerCard)) } }),
        },
        rest: messages.filter((message) => message !== toast && (message !== card || isForGroup)),
      };
    },

    deliver: feishuDelivery({ send, now }),
  } satisfies ChatPlatform<FeishuSettings>;
}

export const feishu: ChatPlatform<FeishuSettings> = feishuPlatform();
