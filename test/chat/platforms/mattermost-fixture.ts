/** The adapter of Mattermost, and a fake server that sends it commands and presses. */
import type { Incoming } from '../../../lib/chat/platform.ts';
import { mattermostPlatform } from '../../../lib/chat/platforms/mattermost.ts';
import type { Message } from '../../../lib/chat/view.ts';
import type { SignableRequest } from '../../../lib/signing/signed-request.ts';
import { FakeMattermost, type FakeRequest } from '../../support/chat/fake-mattermost.ts';

export const TEAM = 'team1';
export const CHANNEL = 'channel1';
export const TOKEN = 'abcdefghijklmnopqrstuvwxyz';
export const SETTINGS = {
  url: 'https://chat.example.com',
  workspaces: [TEAM],
  press_secret: 'a press secret of 32 characters.',
  public_url: 'https://kms.example.com',
};
export const SOURCE = {
  name: 'chat',
  kind: 'mattermost' as const,
  secrets: ['another-token-of-26-letters', TOKEN],
  projectIds: ['p1'],
  actions: ['list' as const],
  mayApprove: true,
  settings: SETTINGS as typeof SETTINGS & { channels?: string[] },
};

export const requestOf = ({ headers, body }: FakeRequest): SignableRequest => ({
  method: 'POST',
  path: '/hooks/chat',
  query: '',
  headers,
  body: Buffer.from(body),
});

export interface Fixture {
  nowMs: number;
  /** What the service answers to each command or press. */
  messages: Message[];
  received: Incoming[];
  platform: ReturnType<typeof mattermostPlatform>;
  fake: FakeMattermost;
  /** Verifies and reads a request. */
  receive(request: FakeRequest, source?: typeof SOURCE): Incoming;
}

export function newFixture(): Fixture {
  const fixture: Fixture = {
    nowMs: 1_795_000_000_000,
    messages: [],
    received: [],
    platform: mattermostPlatform({ post: (url, body) => fixture.fake.receive(url, body), now: () => fixture.nowMs }),
    fake: new FakeMattermost({ url: SETTINGS.url, team: TEAM, token: TOKEN, now: () => fixture.nowMs, send }),
    receive,
  };

  function receive(request: FakeRequest, source = SOURCE): Incoming {
    fixture.platform.verify(requestOf(request), source, fixture.nowMs);
    return fixture.platform.read(requestOf(request), source, fixture.nowMs);
  }

  async function send(request: FakeRequest): Promise<object> {
    const incoming = receive(request);
    fixture.received.push(incoming);
    if (incoming.type !== 'command' && incoming.type !== 'press') throw new Error('no command and no press');
    const { reply, rest } = fixture.platform.reply(fixture.messages, incoming, SOURCE);
    for (const message of rest) await fixture.platform.deliver(message, incoming.place, SOURCE, 'en');
    return reply;
  }

  return fixture;
}
