import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatPlatform } from '../../../../lib/chat/platform.ts';
import type { FeishuSettings } from '../../../../lib/chat/platforms/feishu/settings.ts';
import { feishuPlatform } from '../../../../lib/chat/platforms/feishu.ts';
import { PLATFORMS } from '../../../../lib/chat/platforms.ts';
import { fakeFeishu } from '../fake-feishu.ts';
import { APP, requestOf } from '../feishu-requests.ts';
import { type ChatSide, PEOPLE, type PersonName, type PlatformRequest, WINDOW_MS, withoutEach } from './side.ts';

const GROUP = 'oc_group';
/** Where people are answered in English. */
const LARK = 'https://open.larksuite.com';

/** @param folder where a secret that the settings refer to can be written */
export function feishuSide(now: () => number, folder: string): ChatSide {
  const idOf = (person: PersonName) => `ou_${person}`;
  const fake = fakeFeishu({ now, groups: { [GROUP]: PEOPLE.map(idOf) }, origin: LARK });
  const secretFile = join(folder, 'feishu-app-secret');
  writeFileSync(secretFile, `${APP.appSecret}\n`);
  const platform: ChatPlatform<FeishuSettings> = feishuPlatform({ send: fake.send, now });
  PLATFORMS.feishu = platform;
  const presses = new Map<PlatformRequest, { person: PersonName; messageId: string }>();
  const toasts: { person: PersonName; text: string }[] = [];

  const messagesOf = (person: PersonName) =>
    fake.cardsOf(idOf(person)).map(({ messageId, card: { header, body } }) => {
      const buttons = body.elements.filter(({ tag }) => tag === 'button').map(({ text }) => text.content);
      const texts = body.elements.filter(({ tag }) => tag === 'div').map(({ text }) => text.content);
      return { id: messageId, buttons, text: [header.title.content, ...texts].join('\n') };
    });
  const messageOf = (person: PersonName, text: string) => fake.message(idOf(person), text, { chatId: GROUP });
  const signed = (event: object, changes: Parameters<typeof requestOf>[1] = {}) =>
    requestOf(event, { nowMs: now(), ...changes }) as PlatformRequest;

  return {
    kind: 'feishu',
    settings: {
      secrets: [APP.encryptKey],
      app_id: APP.appId,
      app_secret: `file:${secretFile}`,
      verification_token: APP.verificationToken,
      tenants: [APP.tenant],
      host: 'lark',
    },
    identityOf: (person) => `feishu:${APP.tenant}:${idOf(person)}`,
    command: (person, text) => signed(messageOf(person, text)),
    press(person, label, { isElsewhere = false, requestId } = {}) {
      const { id: messageId } = messagesOf(person).findLast(({ buttons }) => buttons.includes(label)) ?? {};
      if (messageId === undefined) throw new Error(`${person} sees no button ${label}`);
      const event = fake.press(idOf(person), messageId, label, isElsewhere ? { chatId: 'oc_other' } : {});
      const value = event.event.action.value as Record<string, unknown> | undefined;
      const action = {
        ...event.event.action,
        value: { ...value, ...(requestId !== undefined && { request: requestId }) },
      };
      const request = signed({ ...event, event: { ...event.event, action } });
      presses.set(request, { person, messageId });
      return request;
    },
    answered(request, { status, body }) {
      const press = presses.get(request);
      if (!press || status !== 200) return;
      const toast = fake.showAnswer(press.messageId, body as object) as { content?: string } | undefined;
      if (toast?.content) toasts.push({ person: press.person, text: toast.content });
    },
    seenBy: (person) => [
      ...messagesOf(person),
      ...toasts.flatMap((toast, index) =>
        toast.person === person ? [{ id: `toast ${index}`, text: toast.text, buttons: [] }] : [],
      ),
    ],
    forged(person, text) {
      const event = messageOf(person, text);
      const request = signed(event);
      return [
        ...withoutEach(request, ['x-lark-request-timestamp', 'x-lark-request-nonce', 'x-lark-signature']),
        ['with another key', signed(event, { encryptKey: 'another-encrypt-key' })],
        ['with another body', { ...request, body: Buffer.concat([Buffer.from(request.body), Buffer.from(' ')]) }],
        ['5 minutes and a second old', signed(event, { nowMs: now() - WINDOW_MS })],
        ['5 minutes and a second early', signed(event, { nowMs: now() + WINDOW_MS })],
      ];
    },
    canChangePrivateCards: true,
    // Texts are `plain_text` only: the fake refuses a card with any other.
    liveMarkup: () => [],
  };
}
