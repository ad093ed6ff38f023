/**
 * A fake of Feishu: it keeps what each person sees, enforces the limits of the API and of cards, and makes the requests
 * that Feishu sends.
 */
import type { Send } from '../../../lib/chat/platforms/feishu/api.ts';
import { cardProblem } from './feishu-card-rules.ts';
import { APP, eventOf, type RequestChanges, requestOf } from './feishu-requests.ts';

interface Button {
  text: { content: string };
  behaviors: { value: Record<string, unknown> }[];
}

export interface ShownCard {
  config: { enable_forward: boolean };
  header: { template: string; title: { content: string } };
  body: { elements: ({ tag: string; text: { content: string } } & Button)[] };
}

interface ShownMessage {
  messageId: string;
  chatId: string;
  repliesTo?: string | undefined;
  card: ShownCard;
  atMs: number;
}

interface Call {
  method: string;
  path: string;
  body: Record<string, unknown>;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

interface Options {
  now: () => number;
  /** Members by chat. A chat with the bot alone is added when it is needed. */
  groups?: Readonly<Record<string, readonly string[]>>;
  origin?: string;
}

export function fakeFeishu({ now, groups = {}, origin = 'https://open.feishu.cn' }: Options) {
  const messages = new Map<string, ShownMessage>();
  const calls: Call[] = [];
  const uuids = new Map<string, { messageId: string; atMs: number }>();
  const sentAtMs = new Map<string, number[]>();
  let token = { value: '', expiresAtMs: 0 };
  let count = 0;
  function next(prefix: string): string {
    count += 1;
    return `${prefix}_${count}`;
  }

  /** The direct chat of a person with the bot. */
  const directChat = (openId: string) => `oc_direct_${openId.slice(3)}`;
  const membersOf = (chatId: string): readonly string[] =>
    groups[chatId] ?? (chatId.startsWith('oc_direct_') ? [`ou_${chatId.slice('oc_direct_'.length)}`] : []);

  const failure = (code: number, msg: string, status = 400) => ({ status, answer: { code, msg } });
  const success = (fields: object) => ({ status: 200, answer: { code: 0, msg: 'success', ...fields } });

  function issueToken({ app_id, app_secret }: Record<string, unknown>) {
    if (app_id !== APP.appId || app_secret !== APP.appSecret) return failure(10014, 'app secret invalid', 200);
    if (token.expiresAtMs - now() < 30 * MINUTE_MS) {
      token = { value: next('t-token'), expiresAtMs: now() + 2 * 60 * MINUTE_MS };
    }
    const expire = Math.floor((token.expiresAtMs - now()) / 1000);
    return success({ tenant_access_token: token.value, expire });
  }

  function parseCard(content: unknown): ShownCard | string {
    if (typeof content !== 'string') return 'content is no string';
    const card: unknown = JSON.parse(content);
    return cardProblem(card) ?? (card as ShownCard);
  }

  /** Source: "Send message": 5 messages a second to the same person or group; "Update card": 5 a second for a card. */
  function isTooFast(target: string): boolean {
    const recent = (sentAtMs.get(target) ?? []).filter((atMs) => now() - atMs < 1_000);
    sentAtMs.set(target, [...recent, now()]);
    return recent.length >= 5;
  }

  function create(chatId: string, { msg_type, content, uuid }: Record<string, unknown>, repliesTo?: string) {
    // Source: "Send message", "Limits".
    if (Buffer.byteLength(JSON.stringify({ msg_type, content, uuid })) > 30 * 1024) return failure(230025, 'too long');
    if (msg_type !== 'interactive') return failure(230001, 'invalid msg_type');
    if (uuid !== undefined && (typeof uuid !== 'string' || uuid.length > 50)) return failure(230001, 'invalid uuid');
    if (membersOf(chatId).length === 0) return failure(230002, 'Bot can NOT be out of the chat.');
    const earlier = typeof uuid === 'string' ? uuids.get(uuid) : undefined;
    if (earlier && now() - earlier.atMs < 60 * MINUTE_MS) return success({ data: { message_id: earlier.messageId } });
    if (isTooFast(chatId)) return failure(230020, 'This operation triggers the frequency limit.');
    const card = parseCard(content);
    if (typeof card === 'string') return failure(230099, `Failed to create card content: ${card}`);
    const messageId = next('om');
    messages.set(messageId, { messageId, chatId, repliesTo, card, atMs: now() });
    if (typeof uuid === 'string') uuids.set(uuid, { messageId, atMs: now() });
    return success({ data: { message_id: messageId, chat_id: chatId } });
  }

  function update(messageId: string, { content, ...others }: Record<string, unknown>) {
    const message = messages.get(messageId);
    if (Object.keys(others).length > 0) return failure(230001, 'unknown field');
    if (!message) return failure(230011, 'The message was recalled.');
    if (now() - message.atMs > 14 * DAY_MS) return failure(230031, 'The card is older than 14 days.');
    if (isTooFast(messageId)) return failure(230020, 'This operation triggers the frequency limit.');
    const card = parseCard(content);
    if (typeof card === 'string') return failure(230099, `Failed to create card content: ${card}`);
    message.card = card;
    return success({ data: {} });
  }

  function answer({ method, path, body }: Call, authorization: string | undefined) {
    if (`${method} ${path}` === 'POST /open-apis/auth/v3/tenant_access_token/internal') return issueToken(body);
    if (authorization !== `Bearer ${token.value}` || now() >= token.expiresAtMs) {
      return failure(99991663, 'Invalid access token for authorization.');
    }
    const url = new URL(path, origin);
    const [, id, action] = /^\/open-apis\/im\/v1\/messages(?:\/(\w+)(\/reply)?)?$/.exec(url.pathname) ?? [];
    if (method === 'PATCH' && id && !action) return update(id, body);
    if (method === 'POST' && id && action) return create(chatOf.get(id) ?? '', body, id);
    if (method !== 'POST' || id) return failure(404, 'not found', 404);
    const to = String(body['receive_id']);
    const type = url.searchParams.get('receive_id_type');
    if (type === 'open_id') return create(/^ou_\w+$/.test(to) ? directChat(to) : '', body);
    return type === 'chat_id' ? create(to, body) : failure(230001, 'invalid receive_id_type');
  }

  /** The chats of the messages that people wrote. */
  const chatOf = new Map<string, string>();

  const cardsOf = (openId: string): ShownMessage[] =>
    [...messages.values()].filter(({ chatId }) => membersOf(chatId).includes(openId));

  /** Answers in place of the fake, if it returns something or throws. */
  const faults: { answer?: (call: Call) => { status: number; text: string } | undefined } = {};

  return {
    calls,
    faults,
    send: (async (request) => {
      const url = new URL(request.url);
      if (url.origin !== origin) throw new Error(`a request to ${url.origin}`);
      const call = {
        method: request.method,
        path: `${url.pathname}${url.search}`,
        body: JSON.parse(request.body ?? '{}') as Record<string, unknown>,
      };
      calls.push(call);
      const fault = faults.answer?.(call);
      if (fault) return { ...fault, headers: new Headers() };
      const { status, answer: body } = answer(call, request.headers['authorization']);
      return { status, headers: new Headers(), text: JSON.stringify(body) };
    }) satisfies Send as Send,

    /** Makes all tokens invalid, as the console does when an administrator resets the App Secret. */
    revokeToken: () => {
      token = { value: '', expiresAtMs: 0 };
    },

    recall: (messageId: string) => messages.delete(messageId),

    /** Returns the cards that a person sees, oldest first. */
    cardsOf,

    /** Returns the texts that a person sees, by chat. */
    seenBy: (openId: string): string[] => cardsOf(openId).map(({ chatId, card }) => `${chatId}: ${textOf(card)}`),

    directChat,

    /** The event of a text message. In a group, the bot is mentioned first. */
    message(openId: string, text: string, changes: MessageChanges = {}) {
      const { chatId = directChat(openId), mentions = [], tenant = APP.tenant, ...message } = changes;
      const isGroup = chatId in groups;
      const messageId = changes.messageId ?? next('om_typed');
      chatOf.set(messageId, chatId);
      const bot = {
        key: '@_user_1',
        id: { open_id: APP.bot },
        name: 'KMS grants',
        mentioned_type: 'bot',
        tenant_key: tenant,
      };
      return eventOf('im.message.receive_v1', {
        sender: { sender_id: { open_id: openId, union_id: 'on_1' }, sender_type: 'user', tenant_key: tenant },
        message: {
          message_id: messageId,
          chat_id: chatId,
          chat_type: isGroup ? 'group' : 'p2p',
          message_type: 'text',
          content: JSON.stringify({ text: isGroup ? `@_user_1 ${text}` : text }),
          mentions: isGroup ? [bot, ...mentions] : mentions,
          ...message.fields,
        },
      });
    },

    /** The event of a press of the button with this label on a card that is shown. */
    press(openId: string, messageId: string, label: string, changes: PressChanges = {}) {
      const { card, chatId } = messages.get(messageId) ?? {};
      const button = card?.body.elements.find(({ tag, text }) => tag === 'button' && text.content === label);
      if (!button) throw new Error(`message ${messageId} has no button ${label}`);
      const value = changes.value ?? button.behaviors[0]?.value;
      return eventOf('card.action.trigger', {
        operator: { open_id: openId, union_id: 'on_1', tenant_key: changes.tenant ?? APP.tenant },
        token: 'c-token-of-the-update',
        action: { tag: 'button', value },
        host: 'im_message',
        context: { open_message_id: messageId, open_chat_id: changes.chatId ?? chatId },
      });
    },

    /** Shows the answer to a press: the toast is returned, and the card takes the place of the pressed one. */
    showAnswer(messageId: string, reply: object): unknown {
      const { toast, card, ...others } = reply as { toast?: unknown; card?: { type: string; data: ShownCard } };
      if (Object.keys(others).length > 0) throw new Error('200672: unknown property in the answer');
      const message = messages.get(messageId);
      if (card && message) {
        const problem = card.type === 'raw' ? cardProblem(card.data) : 'type';
        if (problem) throw new Error(`200673: ${problem}`);
        message.card = card.data;
      }
      return toast;
    },

    /** Signs and encrypts as Feishu does. */
    requestOf: (content: object, changes: RequestChanges = {}) => requestOf(content, { nowMs: now(), ...changes }),
  };
}

interface MessageChanges {
  chatId?: string;
  messageId?: string;
  mentions?: readonly object[];
  tenant?: string;
  fields?: object;
}

interface PressChanges {
  chatId?: string;
  tenant?: string;
  value?: unknown;
}

/** Returns a card as a person reads it: the colour, the title, the lines, and the labels of the buttons. */
export function textOf({ header, body }: ShownCard): string {
  const lines = body.elements.map(({ tag, text }) =>
    tag === 'hr' ? '---' : tag === 'button' ? `[${text.content}]` : text.content,
  );
  return [`(${header.template}) ${header.title.content}`, ...lines].join('\n');
}
