/** Shows messages through the API: answers to commands, and what is shown after the reply to a press. */
import { logger } from '../../../logger.ts';
import { sha256Hex } from '../../../signing/bytes.ts';
import type { Place } from '../../platform.ts';
import type { ChatSource } from '../../source.ts';
import { DELIVERY_MS } from '../../time-limits.ts';
import type { Message } from '../../view.ts';
import { FeishuRefusal, feishuApi, type Send } from './api.ts';
import { renderCard } from './card.ts';
import { extraOf, scopeOf } from './place.ts';
import type { FeishuSettings } from './settings.ts';

const MESSAGES = '/open-apis/im/v1/messages';

type Source = Pick<ChatSource<FeishuSettings>, 'name' | 'settings'>;

export function feishuDelivery({ send, now }: { send: Send; now: () => number }) {
  const call = feishuApi({ send, now });

  return async function deliver(message: Message, place: Place, source: Source): Promise<Place | undefined> {
    const deadlineMs = performance.now() + DELIVERY_MS;
    const { settings } = source;
    const { askerCard } = extraOf(place);
    const isForAsker = message.audience === 'asker' && !place.isDirect;

    /** @returns whether the card took the new content */
    async function update(messageId: string, isAskerCard: boolean): Promise<boolean> {
      // The asker's own card shows what the group sees, but the buttons are there.
      const view = isAskerCard && !isForAsker ? { ...message.view, buttons: [] } : message.view;
      const content = JSON.stringify(renderCard(view, scopeOf(place, isAskerCard)));
      const request = { method: 'PATCH', path: `${MESSAGES}/${messageId}`, body: { content } } as const;
      return !(await isRefused(source, call(settings, request, deadlineMs)));
    }

    /** @returns the id of the new message */
    async function post(): Promise<string | undefined> {
      const request = { method: 'POST', ...newMessage(message, place, isForAsker) } as const;
      let messageId: unknown;
      const posted = call(settings, request, deadlineMs).then((data) => {
        messageId = data['message_id'];
      });
      if (await isRefused(source, posted)) return undefined;
      if (!isMessageId(messageId)) throw new Error('the answer to a new message has no message_id');
      return messageId;
    }

    const card = isForAsker ? askerCard : place.messageId;
    if (message.replacesCard && !isForAsker && askerCard !== undefined) {
      // Only a copy: the group gets the message in any case.
      const logFailure = (error: Error) => logger.warn('chat', { source: source.name, cause: error.message });
      await update(askerCard, true).catch(logFailure);
    }
    // A card that was recalled, or is older than 14 days, cannot be changed. What has happened is told nevertheless.
    if (message.replacesCard && card !== undefined && (await update(card, isForAsker))) return place;
    const messageId = await post();
    if (messageId === undefined) return undefined;
    return isForAsker ? { ...place, extra: { ...place.extra, askerCard: messageId } } : { ...place, messageId };
  };
}

/**
 * Waits for a call.
 * @returns whether Feishu has refused it for good, which is logged
 * @throws NetworkError or Error when it may succeed later
 */
async function isRefused(source: Source, call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return false;
  } catch (error) {
    if (!(error instanceof FeishuRefusal)) throw error;
    logger.warn('chat', { source: source.name, cause: error.message });
    return true;
  }
}

const isMessageId = (id: unknown): id is string => typeof id === 'string' && /^om_\w{1,64}$/.test(id);

/** @param isForAsker whether it goes to the direct chat with the asker, although the place is a group */
function newMessage({ view }: Message, place: Place, isForAsker: boolean): { path: string; body: object } {
  const { userId, about } = extraOf(place);
  const content = JSON.stringify(renderCard(view, scopeOf(place, isForAsker)));
  // Within an hour, Feishu shows only one message with the same uuid: a delivery that is repeated is shown once.
  const uuid = sha256Hex(['feishu message', JSON.stringify(place), String(isForAsker), content].join('\n')).slice(
    0,
    32,
  );
  const body = { msg_type: 'interactive', content, uuid };
  if (isForAsker) return { path: `${MESSAGES}?receive_id_type=open_id`, body: { receive_id: userId, ...body } };
  // The answer to a message refers to it.
  if (isMessageId(about)) return { path: `${MESSAGES}/${about}/reply`, body };
  return { path: `${MESSAGES}?receive_id_type=chat_id`, body: { receive_id: place.channelId, ...body } };
}
