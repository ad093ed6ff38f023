/**
 * Parses messages to the bot and presses of buttons. Sources: Feishu Open Platform, "Receive message"
 * (im.message.receive_v1) and "Card callback communication" (card.action.trigger).
 */
import * as z from 'zod/mini';
import { SignatureError } from '../../../signing/signed-request.ts';
import { parseJson } from '../../../util/json.ts';
import { checkPayload, malformed } from '../../payload.ts';
import type { Incoming, Locale } from '../../platform.ts';
import { BUTTONS } from '../../view.ts';
import { assertTenant, type Opened } from './envelope.ts';
import { directPlace, groupPlace, placeOfValue, VALUE } from './place.ts';
import type { FeishuSettings } from './settings.ts';

type OpenedEvent = Extract<Opened, { type: 'event' }>;

const MESSAGE = 'im.message.receive_v1';
const PRESS = 'card.action.trigger';

/** Takes the place of an answer where Feishu shows none. */
const NO_REPLY = {};

const id = (prefix: string) => z.string().check(z.regex(new RegExp(`^${prefix}_\\w{1,64}$`)));
const openId = id('ou');
const chatId = id('oc');
const messageId = id('om');
const tenantKey = z.string().check(z.maxLength(64));

/**
 * Returns what a repeat of the event has again. The same message may come with another event id.
 * Source: "Receive message", "Notes".
 */
export function deliveryIdOf({ eventType, eventId, event }: OpenedEvent): string {
  const message = eventType === MESSAGE ? (event['message'] as { message_id?: unknown } | undefined) : undefined;
  return typeof message?.message_id === 'string' ? message.message_id : eventId;
}

/** @throws SignatureError, KmsError as `ChatPlatform.read` does */
export function readEvent(opened: OpenedEvent, settings: FeishuSettings): Incoming {
  if (opened.eventType === MESSAGE) return readMessage(opened, settings);
  if (opened.eventType === PRESS) return readPress(opened, settings);
  return ignored('an event other than a message or a press of a button');
}

const ignored = (why: string): Incoming => ({ type: 'ignored', why, reply: NO_REPLY });

const MESSAGE_EVENT = z.object({
  sender: z.object({ sender_id: z.object({ open_id: openId }), sender_type: z.string(), tenant_key: tenantKey }),
  message: z.object({
    message_id: messageId,
    chat_id: chatId,
    chat_type: z.string(),
    message_type: z.string(),
    content: z.string(),
    mentions: z.optional(
      z.array(
        z.object({
          key: z.string(),
          id: z.nullish(z.object({ open_id: z.nullish(z.string()) })),
          tenant_key: z.nullish(z.string()),
          mentioned_type: z.nullish(z.string()),
        }),
      ),
    ),
  }),
});

type MessageFields = z.output<typeof MESSAGE_EVENT>['message'];

function readMessage({ event }: OpenedEvent, settings: FeishuSettings): Incoming {
  const senderType = (event['sender'] as { sender_type?: unknown } | undefined)?.sender_type;
  if (senderType !== 'user') return ignored('the message of another bot');
  const { sender, message } = checkPayload(MESSAGE_EVENT, event, 'event');
  assertTenant(sender.tenant_key, settings);
  assertChannel(message.chat_id, settings);
  if (message.message_type !== 'text') return ignored('a message that is no text');
  const isDirect = message.chat_type === 'p2p';
  const text = textOf(message, isDirect, settings);
  if (text === undefined) return ignored('a message in a group that does not mention the bot');
  const userId = sender.sender_id.open_id;
  const placeOf = isDirect ? directPlace : groupPlace;
  return {
    type: 'command',
    sender: { workspace: sender.tenant_key, userId },
    place: placeOf({ channelId: message.chat_id, userId, about: message.message_id }),
    locale: localeOf(settings, text),
    text,
  };
}

const MENTION_KEY = /@_user_\d{1,4}/g;

/**
 * Returns the text without the mention of the bot, and with other mentions as `<@open_id>`. The key of a mention of
 * somebody from a foreign organisation stays in the text: nobody may be taken for a person of this one, and the name,
 * which that person chose, could look like a mention.
 * @returns undefined if a message in a group does not mention the bot
 */
function textOf(
  { content, mentions = [] }: MessageFields,
  isDirect: boolean,
  settings: FeishuSettings,
): string | undefined {
  const typed = (parseJson(content) as { text?: unknown } | null | undefined)?.text;
  if (typeof typed !== 'string') throw malformed('event.message.content');
  // An older form of the event does not tell bots from people. There, the bot is whoever is mentioned first in a group.
  const isOlderForm = mentions.every(({ mentioned_type }) => !mentioned_type);
  const [first] = typed.trimStart().match(MENTION_KEY) ?? [];
  const bot = mentions.find(({ key, mentioned_type }) =>
    isOlderForm ? !isDirect && key === first && typed.trimStart().startsWith(key) : mentioned_type === 'bot',
  );
  if (!isDirect && !bot) return undefined;
  const byKey = new Map(mentions.map((mention) => [mention.key, mention]));
  return typed
    .replace(MENTION_KEY, (key) => {
      if (key === bot?.key) return ' ';
      const { id, tenant_key: tenant } = byKey.get(key) ?? {};
      const isKnown = openId.safeParse(id?.open_id).success && settings.tenants.includes(tenant ?? '');
      return isKnown ? `<@${id?.open_id}>` : key;
    })
    .trim();
}

/**
 * Events do not tell the language of a person. Chinese on Feishu, the cloud in China; on Lark English, unless the text
 * has Chinese characters.
 */
function localeOf({ host = 'feishu' }: FeishuSettings, text = ''): Locale {
  return host === 'feishu' || /\p{Script=Han}/u.test(text) ? 'zh' : 'en';
}

const PRESS_EVENT = z.object({
  operator: z.object({ open_id: openId, tenant_key: tenantKey }),
  action: z.object({ tag: z.literal('button'), value: VALUE }),
  context: z.object({ open_message_id: messageId, open_chat_id: chatId }),
});

function readPress({ event, eventId }: OpenedEvent, settings: FeishuSettings): Incoming {
  const { operator, action, context } = checkPayload(PRESS_EVENT, event, 'event');
  assertTenant(operator.tenant_key, settings);
  const { value } = action;
  const userId = operator.open_id;
  // Somebody may have forwarded a card that was for one person.
  if ((value.group ?? value.for) !== undefined && value.for !== userId)
    throw new SignatureError('the card is for somebody else');
  const at = { channelId: context.open_chat_id, messageId: context.open_message_id, userId, about: eventId };
  const place = placeOfValue(value, at);
  assertChannel(place.channelId, settings);
  const button = BUTTONS.find((name) => name === value.button);
  if (!button) throw malformed('event.action.value.button');
  return {
    type: 'press',
    sender: { workspace: operator.tenant_key, userId },
    place,
    locale: localeOf(settings),
    button,
    requestId: value.request,
  };
}

/** @throws SignatureError */
function assertChannel(channelId: string, { channels }: FeishuSettings): void {
  if (channels && !channels.includes(channelId)) throw new SignatureError('the chat is not one of `channels`');
}
