import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatPlatform } from '../../../../lib/chat/platform.ts';
import type { SlackSettings } from '../../../../lib/chat/platforms/slack/settings.ts';
import { slackPlatform } from '../../../../lib/chat/platforms/slack.ts';
import { PLATFORMS } from '../../../../lib/chat/platforms.ts';
import { FakeSlack, type SlackRequest } from '../fake-slack.ts';
import { signedRequest } from '../slack-requests.ts';
import { type ChatSide, type PersonName, WINDOW_MS, withoutEach } from './side.ts';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const CHANNEL = 'C0INCIDENT';
const TOKEN = 'xoxb-of-the-test';

/** @param folder where a secret that the settings refer to can be written */
export function slackSide(now: () => number, folder: string): ChatSide {
  const fake = new FakeSlack({ secret: SECRET, botToken: TOKEN, joined: [CHANNEL], now });
  const tokenFile = join(folder, 'slack-bot-token');
  writeFileSync(tokenFile, `${TOKEN}\n`);
  const idOf = (person: PersonName) => `U${person.toUpperCase()}`;
  const platform: ChatPlatform<SlackSettings> = slackPlatform({ send: fake.send, now });
  PLATFORMS.slack = platform;
  const replies: Payload[] = [];

  return {
    kind: 'slack',
    settings: { secrets: [SECRET], apps: ['A0APP'], workspaces: ['T0TEAM'], bot_token: `file:${tokenFile}` },
    identityOf: (person) => `slack:T0TEAM:${idOf(person)}`,
    command: (person, text) => fake.command(idOf(person), CHANNEL, text),
    press(person, label, { isElsewhere = false, requestId } = {}) {
      return fake.press(idOf(person), CHANNEL, label, {
        ...(isElsewhere && { channel: { id: 'C0OTHER', name: 'other' } }),
        ...(requestId !== undefined && {
          actions: [{ action_id: `${nameOf(label)}-0`, value: requestId, type: 'button' }],
        }),
      });
    },
    answered(request, { status, body }) {
      if (body !== undefined) replies.push(body as Payload);
      fake.answered(request as SlackRequest, { status, json: body === undefined ? '' : JSON.stringify(body) });
    },
    seenBy(person) {
      const [user, direct] = [idOf(person), FakeSlack.directChannel(idOf(person))];
      return [...fake.visibleTo(user, direct), ...fake.visibleTo(user, CHANNEL)].map(({ ts, lines, buttons }) => ({
        id: ts,
        text: lines.join('\n'),
        buttons,
      }));
    },
    forged(person, text) {
      const request = fake.command(idOf(person), CHANNEL, text);
      const { body } = request;
      return [
        ...withoutEach(request, ['x-slack-signature', 'x-slack-request-timestamp']),
        ['with another secret', signedRequest(body, 'another-secret-of-32-characters!', now())],
        ['with another body', { ...request, body: `${body}&text=keys` }],
        ['5 minutes and a second old', fake.sign(body, '', now() - WINDOW_MS)],
        ['5 minutes and a second early', fake.sign(body, '', now() + WINDOW_MS)],
      ];
    },
    canChangePrivateCards: true,
    liveMarkup: () => [...replies, ...fake.calls.map(({ payload }) => payload)].flatMap(markupIn),
  };
}

type Payload = Readonly<Record<string, unknown>>;

const nameOf = (label: string) => (label.startsWith('Approve') ? 'approve' : 'confirm');

/** Slack reads mark-up in `mrkdwn` objects, of which this service sends none, and in the text for notifications. */
function markupIn(payload: Payload): string[] {
  const texts = [String(payload['text']), ...(JSON.stringify(payload).match(/"type":"mrkdwn".{0,40}/g) ?? [])];
  return texts.filter((text) => /[<>]|mrkdwn/.test(text));
}
