import type { ChatPlatform } from '../../../../lib/chat/platform.ts';
import { mattermostPlatform } from '../../../../lib/chat/platforms/mattermost.ts';
import { PLATFORMS } from '../../../../lib/chat/platforms.ts';
import { FakeMattermost, type Post } from '../fake-mattermost.ts';
import { liveMarkdown } from './live-markdown.ts';
import type { ChatSide, PersonName, PlatformRequest } from './side.ts';

const URL = 'https://chat.example.com';
const TEAM = 'team1';
const CHANNEL = 'incident';
const TOKEN = 'abcdefghijklmnopqrstuvwxyz';

export function mattermostSide(now: () => number): ChatSide {
  const fake = new FakeMattermost({ url: URL, team: TEAM, token: TOKEN, now });
  const platform = mattermostPlatform({ post: (url, body) => fake.receive(url, body), now });
  PLATFORMS.mattermost = platform as ChatPlatform;
  const sent = new Map<PlatformRequest, { person: PersonName; post?: Post }>();

  return {
    kind: 'mattermost',
    settings: {
      secrets: [TOKEN],
      url: URL,
      workspaces: [TEAM],
      press_secret: 'a press secret of 32 characters.',
      public_url: 'https://kms.example.com',
    },
    identityOf: (person) => `mattermost:${TEAM}:${person}`,
    command(person, text) {
      const request = fake.commandRequest(person, CHANNEL, text);
      sent.set(request, { person });
      return request;
    },
    press(person, label, { isElsewhere = false, requestId } = {}) {
      const post = fake.postWithButton(person, CHANNEL, label);
      const { body, ...request } = fake.pressRequest(person, post, label);
      const press = JSON.parse(body);
      if (isElsewhere) press.channel_id = 'other';
      if (requestId !== undefined) press.context.request_id = requestId;
      const pressed = { ...request, body: JSON.stringify(press) };
      sent.set(pressed, { person, post });
      return pressed;
    },
    answered(request, { status, body }) {
      const { person, post } = sent.get(request) ?? {};
      if (person === undefined || status !== 200) return;
      if (post) fake.pressAnswered(person, post, body as object);
      else fake.commandAnswered(person, CHANNEL, body as object);
    },
    seenBy: (person) =>
      fake.seenBy(person, CHANNEL).map(({ postId, message, attachments }) => ({
        id: postId,
        text: message,
        buttons: attachments.flatMap(({ actions = [] }) => actions).map(({ name }) => name),
      })),
    // Commands are not signed and not dated: whoever knows the token may send them.
    forged(person, text) {
      const { headers, body } = fake.commandRequest(person, CHANNEL, text);
      const { authorization, ...others } = headers;
      const withToken = (token: string) => body.replace(TOKEN, token);
      return [
        ['without a token', { headers: others, body: body.replace(`token=${TOKEN}`, '') }],
        ['with another token', { headers: others, body: withToken('x'.repeat(26)) }],
        ['with another token in the body', { headers, body: withToken('x'.repeat(26)) }],
        ['with another token in the header', { headers: { ...headers, authorization: `${authorization}x` }, body }],
        ['with a scheme alone in the header', { headers: { ...headers, authorization: 'Token' }, body }],
      ];
    },
    canChangePrivateCards: false,
    liveMarkup: () => fake.posts.flatMap(({ message }) => liveMarkdown(message)),
  };
}
