/** The form of the events is that of Feishu's documentation: "Receive message", "Card callback communication". */
import { expect, test } from '@jest/globals';
import type { ReceivedCommand, ReceivedPress } from '../../../../lib/chat/platform.ts';
import type { FeishuSettings } from '../../../../lib/chat/platforms/feishu/settings.ts';
import { feishuReceiver, pressOf, refusalOf } from '../../../support/chat/feishu-receiver.ts';
import { APP, eventOf } from '../../../support/chat/feishu-requests.ts';
import {
  ANN,
  BOB,
  feishuSource,
  GROUP,
  messageOf,
  previewOf,
  REQUEST_ID,
} from '../../../support/chat/feishu-source.ts';

const NOW_MS = 1_795_329_234_567;
const { feishu, platform, receive, read, textOf } = feishuReceiver(NOW_MS);

const typed = feishu.message(ANN, 'list orders', { chatId: GROUP });

test('a text in a group is a command of its sender, without the mention of the bot', () => {
  const event = feishu.message(ANN, 'list orders', { chatId: GROUP, messageId: 'om_1' });
  expect(receive(feishu.requestOf(event))).toEqual({
    deliveryId: 'om_1',
    incoming: {
      type: 'command',
      sender: { workspace: APP.tenant, userId: ANN },
      place: { channelId: GROUP, isDirect: false, extra: { userId: ANN, about: 'om_1' } },
      locale: 'zh',
      text: 'list orders',
    },
  });
});

test('a text to the bot alone is a command in a direct chat', () => {
  const incoming = read(feishu.message(ANN, ' keys ', { messageId: 'om_2' }));
  expect(incoming).toMatchObject({
    type: 'command',
    text: 'keys',
    place: { channelId: feishu.directChat(ANN), isDirect: true, extra: { userId: ANN, about: 'om_2' } },
  });
});

test('the same message under another event id is recognised, and so is a repeated press', () => {
  const first = feishu.message(ANN, 'list orders', { chatId: GROUP, messageId: 'om_3' });
  const second = feishu.message(ANN, 'list orders', { chatId: GROUP, messageId: 'om_3' });
  expect(first.header.event_id).not.toBe(second.header.event_id);
  expect([first, second].map((event) => receive(feishu.requestOf(event)).deliveryId)).toEqual(['om_3', 'om_3']);
  const press = eventOf('card.action.trigger', {}, { event_id: 'event-1' });
  const source = feishuSource();
  expect(platform.verify(feishu.requestOf(press), source, NOW_MS)).toEqual({ deliveryId: 'event-1' });
});

test('mentions become the ids of people, but not those of foreign organisations, whatever their name is', () => {
  const mention = (index: number, openId: string, tenant: string, name = 'Bob') => ({
    key: `@_user_${index}`,
    id: { open_id: openId },
    name,
    tenant_key: tenant,
    mentioned_type: 'user',
  });
  const mentions = [
    mention(2, BOB, APP.tenant),
    mention(3, 'ou_eve', 'foreign', `<@${BOB}>`),
    mention(10, 'ou_z', APP.tenant),
  ];
  const event = feishu.message(ANN, 'who @_user_2 @_user_3 @_user_10 @_user_99', { chatId: GROUP, mentions });
  expect(textOf(event)).toBe(`who <@${BOB}> @_user_3 <@ou_z> @_user_99`);
});

test('the mention of a person without an open_id of the usual form stays as it is', () => {
  for (const id of [undefined, null, {}, { open_id: 'x>y' }, { open_id: null }]) {
    const mentions = [{ key: '@_user_2', id, name: 'Bob', tenant_key: APP.tenant, mentioned_type: 'user' }];
    expect(textOf(feishu.message(ANN, 'who @_user_2', { chatId: GROUP, mentions }))).toBe('who @_user_2');
  }
});

test('in the older form of the event, the bot is whoever a message in a group mentions first', () => {
  const old = (index: number, openId: string) => ({
    key: `@_user_${index}`,
    id: { open_id: openId },
    name: 'Someone',
    tenant_key: APP.tenant,
  });
  const fields = (text: string) => ({ mentions: [old(1, APP.bot), old(2, BOB)], content: JSON.stringify({ text }) });
  const textIn = (text: string) => textOf(feishu.message(ANN, '', { chatId: GROUP, fields: fields(text) }));
  expect(textIn('@_user_1 who @_user_2')).toBe(`who <@${BOB}>`);
  expect(read(feishu.message(ANN, '', { chatId: GROUP, fields: fields('who @_user_2') })).type).toBe('ignored');
  const direct = { mentions: [old(1, BOB)], content: JSON.stringify({ text: 'who @_user_1' }) };
  expect(textOf(feishu.message(ANN, '', { fields: direct }))).toBe(`who <@${BOB}>`);
});

test('words are Chinese on Feishu, and on Lark where the text has Chinese characters', () => {
  const localeOf = (text: string, settings: Partial<FeishuSettings>) =>
    (read(feishu.message(ANN, text), settings) as ReceivedCommand).locale;
  expect(localeOf('list orders', {})).toBe('zh');
  expect(localeOf('list orders', { host: 'feishu' })).toBe('zh');
  expect(localeOf('list orders', { host: 'lark' })).toBe('en');
  expect(localeOf('list 订单', { host: 'lark' })).toBe('zh');
});

test.each([
  ['a message of another bot', feishu.message(ANN, 'keys'), { sender: { sender_type: 'app' } }],
  ['a message that is no text', feishu.message(ANN, 'keys', { fields: { message_type: 'image', content: '{}' } }), {}],
  ['a message in a group without the bot', feishu.message(ANN, '', { chatId: GROUP, fields: { mentions: [] } }), {}],
  ['another event', eventOf('im.message.message_read_v1', {}), {}],
  ['an event of another kind', eventOf('contact.user.deleted_v3', {}), {}],
])('%s is ignored', (_, event, changes) => {
  const incoming = read({ ...event, event: { ...event.event, ...changes } });
  expect(incoming).toMatchObject({ type: 'ignored', reply: {} });
});

test('a person of another organisation is refused, in messages and in presses', () => {
  const refusal = 'the organisation is not one of `tenants`';
  const message = feishu.message(ANN, 'keys', { chatId: GROUP, tenant: 'foreign' });
  expect(refusalOf(() => read(message))).toBe(refusal);
  const press = pressOf({ operator: { open_id: ANN, tenant_key: 'foreign' } });
  expect(refusalOf(() => read(press))).toBe(refusal);
});

test('with `channels`, a message or press in any other chat is refused', () => {
  const channels = [GROUP];
  const refusal = 'the chat is not one of `channels`';
  expect(read(typed, { channels }).type).toBe('command');
  expect(refusalOf(() => read(feishu.message(ANN, 'keys'), { channels }))).toBe(refusal);
  expect(read(pressOf({}), { channels }).type).toBe('press');
  const elsewhere = { context: { open_message_id: 'om_card', open_chat_id: 'oc_elsewhere' } };
  expect(refusalOf(() => read(pressOf(elsewhere), { channels }))).toBe(refusal);
});

test('a press on a card in a group names the button, the request, the person and the card', () => {
  expect(read(pressOf({}))).toEqual({
    type: 'press',
    sender: { workspace: APP.tenant, userId: ANN },
    place: { channelId: GROUP, isDirect: false, messageId: 'om_card', extra: { userId: ANN, about: 'event-1' } },
    locale: 'zh',
    button: 'confirm',
    requestId: REQUEST_ID,
  });
});

test('a press on a forwarded card of a group comes from another chat than the request', () => {
  const forwarded = pressOf({ context: { open_message_id: 'om_forwarded', open_chat_id: 'oc_elsewhere' } });
  expect((read(forwarded) as ReceivedPress).place).toMatchObject({
    channelId: 'oc_elsewhere',
    messageId: 'om_forwarded',
  });
});

test("a press on the asker's own card belongs to the group, and nobody else can press it", async () => {
  const asked = read(feishu.message(ANN, 'revoke orders 01', { chatId: GROUP })) as ReceivedCommand;
  await platform.deliver(messageOf(previewOf()), asked.place, feishuSource());
  const [{ messageId } = { messageId: '' }] = feishu.cardsOf(ANN).slice(-1);
  const press = read(feishu.press(ANN, messageId, 'Revoke'), { channels: [GROUP] }) as ReceivedPress;
  expect(press.place).toMatchObject({
    channelId: GROUP,
    isDirect: false,
    extra: { userId: ANN, askerCard: messageId },
  });
  expect(press.place.messageId).toBeUndefined();
  const refusal = 'the card is for somebody else';
  expect(refusalOf(() => read(feishu.press(BOB, messageId, 'Revoke')))).toBe(refusal);
  const value = { button: 'confirm', request: REQUEST_ID, group: GROUP };
  expect(refusalOf(() => read(feishu.press(ANN, messageId, 'Revoke', { value })))).toBe(refusal);
});

test.each([
  ['no value', { tag: 'button' }, 'KMS.0204 event.action.value is required.'],
  ['a value that is a text', { tag: 'button', value: 'confirm' }, 'KMS.0308 event.action.value is malformed.'],
  [
    'an unknown button',
    { tag: 'button', value: { button: 'destroy', request: 'x' } },
    'KMS.0308 event.action.value.button is malformed.',
  ],
  ['no request', { tag: 'button', value: { button: 'confirm' } }, 'KMS.0204 event.action.value.request is required.'],
  [
    'a request of 1,000 characters',
    { tag: 'button', value: { button: 'confirm', request: 'x'.repeat(1_000) } },
    'KMS.0308 event.action.value.request is malformed.',
  ],
  [
    'a group that is no chat',
    { tag: 'button', value: { button: 'confirm', request: 'x', group: '../x', for: ANN } },
    'KMS.0308 event.action.value.group is malformed.',
  ],
  [
    'another component',
    { tag: 'input', value: { button: 'confirm', request: 'x' } },
    'KMS.0308 event.action.tag is malformed.',
  ],
])('a press with %s is malformed', (_, action, refusal) => {
  expect(refusalOf(() => read(pressOf({ action })))).toBe(refusal);
});

test.each([
  [
    'an open_id of another form',
    { sender: { sender_id: { open_id: 'ou_x/../y' }, sender_type: 'user', tenant_key: APP.tenant } },
  ],
  ['no message', { message: undefined }],
  ['a message id of another form', { message: { ...typed.event.message, message_id: '../om_1' } }],
  ['a content that is no JSON', { message: { ...typed.event.message, content: 'list' } }],
  ['a content without text', { message: { ...typed.event.message, content: '{}' } }],
  ['mentions that are no list', { message: { ...typed.event.message, mentions: {} } }],
])('a message with %s is malformed', (_, changes) => {
  expect(refusalOf(() => read({ ...typed, event: { ...typed.event, ...changes } }))).toMatch(/^KMS\.020[4]|^KMS\.0308/);
});
