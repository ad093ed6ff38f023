import { type BotRequest, FakeBot } from '../fake-bot.ts';
import { liveMarkdown } from './live-markdown.ts';
import { type ChatSide, WINDOW_MS, withoutEach } from './side.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export function botSide(now: () => number): ChatSide {
  const fake = new FakeBot({ secret: SECRET, channel: 'incident', now });

  return {
    kind: 'bot',
    settings: { secrets: [SECRET] },
    identityOf: (person, source) => `bot:${source}:${person}`,
    command: (person, text) => fake.say(person, text),
    press: (person, label, { isElsewhere = false, requestId } = {}) =>
      fake.press(person, label, {
        ...(isElsewhere && { channel: 'other' }),
        ...(requestId !== undefined && { requestId }),
      }),
    answered(request, { status, body }) {
      if (status === 200) fake.answered(request as BotRequest, body as Parameters<FakeBot['answered']>[1]);
    },
    seenBy: (person) =>
      fake.seenBy(person).map(({ id, text, buttons }) => ({ id, text, buttons: buttons.map(({ label }) => label) })),
    forged(person, text) {
      const request = fake.say(person, text);
      const { body } = request;
      return [
        ...withoutEach(request, ['webhook-id', 'webhook-timestamp', 'webhook-signature']),
        ['with another secret', fake.sign(body, now(), `whsec_${Buffer.alloc(32, 8).toString('base64')}`)],
        ['with another body', { ...request, body: `${body} ` }],
        ['5 minutes and a second old', fake.sign(body, now() - WINDOW_MS)],
        ['5 minutes and a second early', fake.sign(body, now() + WINDOW_MS)],
      ];
    },
    canChangePrivateCards: true,
    liveMarkup: () => fake.shown.flatMap(({ markdown }) => liveMarkdown(markdown)),
  };
}
