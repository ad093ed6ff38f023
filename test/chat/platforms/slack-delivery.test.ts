/**
 * Where messages appear in Slack, who sees them, and what happens when Slack does not take one.
 * Also tests: lib/chat/platforms/slack/.
 */
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Place, ReceivedCommand, ReceivedPress } from '../../../lib/chat/platform.ts';
import type { SlackSettings } from '../../../lib/chat/platforms/slack/settings.ts';
import { slackPlatform } from '../../../lib/chat/platforms/slack.ts';
import type { Message } from '../../../lib/chat/view.ts';
import { useProxies } from '../../../lib/clients/connections.ts';
import { NetworkError } from '../../../lib/clients/network-error.ts';
import { resultOf } from '../../../lib/http/reply.ts';
import { logger } from '../../../lib/logger.ts';
import { FakeSlack, type SlackRequest } from '../../support/chat/fake-slack.ts';
import { CERTIFICATE, type SlackServer, serveFakeSlack } from '../../support/chat/slack-server.ts';
import { message, NOW_MS, SECRET, sourceOf, view } from './slack-fixture.ts';

const [ANN, BOB, EVE] = ['U0ANN', 'U0BOB', 'U0EVE'];
const CHANNEL = 'C0INCIDENT';
const TOKEN = 'xoxb-1-2-abc';
const MINUTE_MS = 60_000;

interface Scenario {
  settings?: Partial<SlackSettings>;
  joined?: string[];
}

/** Slack with a service that answers each request with given messages. */
function scenario({ settings = {}, joined = [CHANNEL] }: Scenario = {}) {
  let nowMs = NOW_MS;
  const fake = new FakeSlack({ secret: SECRET, botToken: TOKEN, joined, now: () => nowMs });
  const platform = slackPlatform({ send: fake.send, now: () => nowMs });
  const source = sourceOf(settings);
  const deliver = (sent: Message, place: Place) => platform.deliver(sent, place, source);
  async function answer(request: SlackRequest, messages: readonly Message[]) {
    platform.verify(request, source, nowMs);
    const incoming = platform.read(request, source, nowMs) as ReceivedCommand | ReceivedPress;
    const { reply, rest } = platform.reply(messages, incoming);
    const places: (Place | undefined)[] = [];
    for (const one of rest) places.push(await deliver(one, incoming.place));
    const { statusCode: status = 0, body: json = '' } = resultOf(reply, 'request');
    fake.answered(request, { status, json });
    return { place: incoming.place, places };
  }
  return {
    fake,
    deliver,
    say: (user: string, text: string, messages: readonly Message[]) =>
      answer(fake.command(user, CHANNEL, text), messages),
    press: (user: string, label: string, messages: readonly Message[]) =>
      answer(fake.press(user, CHANNEL, label), messages),
    seenBy: (user: string) => fake.visibleTo(user, CHANNEL).map(({ lines, buttons }) => [...lines, ...buttons]),
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

const button = (name: 'ask' | 'approve' | 'cancel', label: string) =>
  ({ name, label, style: 'default', requestId: 'ab12' }) as const;

const PREVIEW = message({ view: view({ title: 'Revoke 3 grants?', buttons: [button('ask', 'Ask')] }) });
const CARD = message({
  view: view({ title: 'Ann asks', buttons: [button('approve', 'Approve'), button('cancel', 'Cancel')] }),
  audience: 'channel',
  replacesCard: true,
});
const RECEIPT = message({
  view: view({ title: 'Revoked 3 grants', tone: 'good' }),
  audience: 'channel',
  replacesCard: true,
});
const REFUSAL = message({ view: view({ title: 'You may not approve this', tone: 'bad' }) });

/** Ann has seen the preview and asked a second person; @returns where the card is now */
async function asked(options: Scenario = {}) {
  const slack = scenario(options);
  const { place } = await slack.say(ANN, 'revoke-all bob', [PREVIEW]);
  const { places } = await slack.press(ANN, 'Ask', [CARD]);
  const [card] = places;
  if (!card) throw new Error('the card was not shown');
  return { ...slack, place, card };
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe.each([
  ['without a token', {}],
  ['with a token', { settings: { bot_token: `${TOKEN}\n` } }],
  ['with a token, in a channel without the app', { settings: { bot_token: TOKEN }, joined: [] }],
])('%s', (_, options) => {
  test('a preview is seen by its asker only', async () => {
    const slack = scenario(options);
    await slack.say(ANN, 'revoke-all bob', [PREVIEW]);
    expect(slack.seenBy(ANN)).toEqual([['Revoke 3 grants?', 'Ask']]);
    expect(slack.seenBy(BOB)).toEqual([]);
  });

  test('the card to approve is seen by all, and the preview keeps one line without buttons', async () => {
    const slack = await asked(options);
    expect(slack.seenBy(ANN)).toEqual([['Ann asks'], ['Ann asks', 'Approve', 'Cancel']]);
    expect(slack.seenBy(BOB)).toEqual([['Ann asks', 'Approve', 'Cancel']]);
  });

  test('after two people, one request, one receipt stands in the channel, without buttons', async () => {
    const slack = await asked(options);
    await slack.press(BOB, 'Approve', [RECEIPT]);
    for (const user of [BOB, EVE]) expect(slack.seenBy(user)).toEqual([['✅ Revoked 3 grants']]);
    expect(slack.seenBy(ANN)).toEqual([['Ann asks'], ['✅ Revoked 3 grants']]);
  });

  test('a refused press changes nothing that others see', async () => {
    const slack = await asked(options);
    await slack.press(EVE, 'Approve', [{ ...REFUSAL, replacesCard: true }]);
    expect(slack.seenBy(EVE)).toEqual([['Ann asks', 'Approve', 'Cancel'], ['⛔ You may not approve this']]);
    expect(slack.seenBy(BOB)).toEqual([['Ann asks', 'Approve', 'Cancel']]);
  });

  test('a preview that changed replaces the one that was pressed, for its asker only', async () => {
    const slack = scenario(options);
    await slack.say(ANN, 'revoke-all bob', [PREVIEW]);
    const changed = view({ title: 'Revoke 4 grants?', buttons: [button('ask', 'Ask')] });
    await slack.press(ANN, 'Ask', [message({ view: changed, replacesCard: true })]);
    expect(slack.seenBy(ANN)).toEqual([['Revoke 4 grants?', 'Ask']]);
    expect(slack.seenBy(BOB)).toEqual([]);
  });

  test('a message for the channel is not the answer to the command, which would show what was typed', async () => {
    const slack = scenario(options);
    await slack.say(ANN, 'approve ab12', [{ ...RECEIPT, replacesCard: false }]);
    expect(slack.seenBy(BOB)).toEqual([['✅ Revoked 3 grants']]);
    expect(slack.fake.calls).not.toEqual([]);
  });
});

test('with a token, the card changes when nobody has touched it for longer than a response_url lives', async () => {
  const { card, ...slack } = await asked({ settings: { bot_token: TOKEN } });
  expect(card).toEqual({
    channelId: CHANNEL,
    messageId: expect.stringMatching(/^\d+\.\d{6}$/),
    isDirect: false,
    extra: { userId: ANN, api: 'https://slack.com' },
  });
  slack.pass(31 * MINUTE_MS);
  expect(await slack.deliver(message({ ...RECEIPT, view: view({ title: 'Expired' }) }), card)).toEqual(card);
  expect(slack.seenBy(BOB)).toEqual([['Expired']]);
});

test('with a token, the asker hears of the outcome by a direct message when there is no other way', async () => {
  const { place, ...slack } = await asked({ settings: { bot_token: TOKEN } });
  slack.pass(31 * MINUTE_MS);
  const sent = await slack.deliver(message({ view: view({ title: 'Revoked', tone: 'good' }) }), place);
  const direct = FakeSlack.directChannel(ANN);
  expect(sent).toMatchObject({ channelId: direct, isDirect: true });
  expect(slack.fake.visibleTo(ANN, direct).map(({ lines }) => lines)).toEqual([['✅ Revoked']]);
  const [{ payload }] = slack.fake.calls.slice(-1) as [(typeof slack.fake.calls)[number]];
  expect(payload).toMatchObject({ channel: ANN, unfurl_links: false, unfurl_media: false });
});

test('without a token, nothing is sent after 30 minutes', async () => {
  const { place, card, ...slack } = await asked();
  const calls = slack.fake.calls.length;
  slack.pass(29 * MINUTE_MS);
  expect(await slack.deliver(REFUSAL, place)).toBeDefined();
  slack.pass(MINUTE_MS);
  for (const at of [place, card]) {
    for (const sent of [REFUSAL, RECEIPT]) expect(await slack.deliver(sent, at)).toBeUndefined();
  }
  expect(slack.fake.calls).toHaveLength(calls + 1);
});

test('a response_url gets 5 posts at most, also from a process that knows only the stored place', async () => {
  const slack = scenario();
  const { place } = await slack.say(ANN, 'keys', [PREVIEW]);
  let now: Place | undefined = place;
  for (let posts = 1; posts <= 5; posts += 1) {
    now = await slack.deliver(REFUSAL, now ?? place);
    expect(now?.extra?.['posts']).toBe(String(posts));
    if (posts < 5) continue;
    expect(await slack.deliver(REFUSAL, place)).toBeUndefined();
    const otherProcess = slackPlatform({ send: slack.fake.send, now: () => NOW_MS });
    expect(await otherProcess.deliver(REFUSAL, now as Place, sourceOf())).toBeUndefined();
  }
  expect(slack.fake.calls).toHaveLength(5);
  expect(slack.seenBy(ANN).filter(([title]) => title === '⛔ You may not approve this')).toHaveLength(5);
});

test.each([
  'https://example.com/commands/1',
  'https://hooks.slack.com:8443/commands/1',
  'https://user@hooks.slack.com/commands/1',
  'http://hooks.slack.com/commands/1',
])('nothing is sent to %s, although it is stored as the response_url', async (replyUrl) => {
  const slack = scenario();
  const place = { channelId: CHANNEL, isDirect: false, replyUrl, replyUrlExpiresAtMs: NOW_MS + 1_000 };
  expect(await slack.deliver(REFUSAL, place)).toBeUndefined();
  expect(slack.fake.calls).toEqual([]);
});

test('the token goes to Slack only, whatever origin is stored', async () => {
  const slack = scenario({ settings: { bot_token: TOKEN } });
  for (const [api, origin] of [
    ['https://example.com', 'https://slack.com'],
    ['https://slack.com', 'https://slack.com'],
    ['https://slack-gov.com', 'https://slack-gov.com'],
  ] as const) {
    slack.fake.nextAnswer = { status: 200, text: '{"ok":true,"channel":"C1","ts":"1.2"}' };
    await slack.deliver({ ...RECEIPT, replacesCard: false }, { channelId: CHANNEL, isDirect: false, extra: { api } });
    expect(slack.fake.calls.at(-1)?.url).toBe(`${origin}/api/chat.postMessage`);
  }
});

describe('when Slack does not take a message', () => {
  const failures = [
    ['a redirect', { status: 302 }, 'refused'],
    ['404 expired_url', { status: 404, text: 'expired_url' }, 'refused'],
    ['200 with ok: false', { status: 200, text: '{"ok":false,"error":"invalid_blocks"}' }, 'refused'],
    ['429', { status: 429, text: '{"ok":false,"error":"ratelimited"}' }, 'later'],
    ['no connection', new NetworkError('unsent', undefined), 'later'],
    ['500', { status: 500, text: 'x' }, 'unclear'],
    ['no answer in time', new NetworkError('late', undefined), 'unclear'],
  ] as const;

  test.each(failures)('%s: it is tried again later only if that may help', async (_, answer, outcome) => {
    const slack = scenario();
    const { place } = await slack.say(ANN, 'keys', [PREVIEW]);
    slack.fake.nextAnswer = answer;
    const delivery = slack.deliver(RECEIPT, place);
    if (outcome === 'refused') expect(await delivery).toBeUndefined();
    else await expect(delivery).rejects.toThrow();
    expect(slack.fake.calls).toHaveLength(1);
    expect(slack.seenBy(BOB)).toEqual([]);
  });

  test.each(failures)(
    '%s to the token: the response_url is used, unless it may be shown',
    async (_, answer, outcome) => {
      const slack = scenario({ settings: { bot_token: TOKEN } });
      const { place } = await slack.say(ANN, 'keys', [PREVIEW]);
      slack.fake.nextAnswer = answer;
      const delivery = slack.deliver({ ...RECEIPT, replacesCard: false }, place);
      if (outcome === 'unclear') await expect(delivery).rejects.toThrow();
      else expect(await delivery).toBeDefined();
      expect(slack.seenBy(BOB)).toEqual(outcome === 'unclear' ? [] : [['✅ Revoked 3 grants']]);
    },
  );

  test('the preview keeps its buttons when the card for the channel was not shown', async () => {
    const slack = scenario();
    await slack.say(ANN, 'revoke-all bob', [PREVIEW]);
    slack.fake.nextAnswer = { status: 400, text: 'invalid_blocks' };
    await slack.press(ANN, 'Ask', [CARD]);
    expect(slack.seenBy(ANN)).toEqual([['Revoke 3 grants?', 'Ask']]);
  });

  test('the log names the call and the error of Slack, and neither the token nor the response_url', async () => {
    const warn = jest.spyOn(logger, 'warn').mockImplementation(() => undefined);
    const slack = scenario({ settings: { bot_token: `${TOKEN} wrong` } });
    const { place } = await slack.say(ANN, 'keys', [PREVIEW]);
    slack.fake.nextAnswer = { status: 400, text: 'invalid_blocks' };
    expect(await slack.deliver({ ...RECEIPT, replacesCard: false }, place)).toBeUndefined();
    expect(warn.mock.calls).toEqual([
      ['chat', { source: 'slack', cause: 'chat.postMessage failed: bot_token is not a token of a bot (xoxb-…)' }],
      ['chat', { source: 'slack', cause: 'response_url failed: invalid_blocks' }],
    ]);
    expect(slack.fake.calls).toHaveLength(1);
  });
});

describe('over the network', () => {
  let server: SlackServer | undefined;
  afterEach(() => {
    server?.close();
    useProxies(undefined);
    setDefaultCACertificates(getCACertificates('bundled'));
  });

  test('a message reaches the fake of Slack through the proxy, by TLS, with the HTTP client of the service', async () => {
    const fake = new FakeSlack({ secret: SECRET, botToken: TOKEN, joined: [CHANNEL], now: Date.now });
    server = await serveFakeSlack(fake);
    useProxies({ HTTPS_PROXY: server.env.HTTPS_PROXY });
    const platform = slackPlatform();
    const source = sourceOf({ bot_token: TOKEN });
    const request = fake.command(ANN, CHANNEL, 'keys');
    const { place } = platform.read(request, source, Date.now()) as ReceivedCommand;
    await expect(platform.deliver(REFUSAL, place, sourceOf())).rejects.toThrow('Slack did not take the message');
    expect(fake.calls).toEqual([]);
    setDefaultCACertificates([...getCACertificates('bundled'), CERTIFICATE.cert]);
    expect(await platform.deliver(REFUSAL, place, source)).toBeDefined();
    expect(await platform.deliver({ ...RECEIPT, replacesCard: false }, place, source)).toMatchObject({
      channelId: CHANNEL,
      messageId: expect.stringMatching(/^\d+\.\d{6}$/),
    });
    expect(fake.calls.map(({ url }) => url)).toEqual([place.replyUrl, 'https://slack.com/api/chat.postMessage']);
    expect(fake.visibleTo(ANN, CHANNEL)).toHaveLength(2);
    expect(fake.visibleTo(BOB, CHANNEL)).toHaveLength(1);
  });
});
