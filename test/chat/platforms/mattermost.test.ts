import { beforeEach, describe, expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import type { Place } from '../../../lib/chat/platform.ts';
import { mattermost, mattermostPlatform } from '../../../lib/chat/platforms/mattermost.ts';
import { KmsError } from '../../../lib/errors.ts';
import { SignatureError } from '../../../lib/signing/signed-request.ts';
import type { FakeRequest } from '../../support/chat/fake-mattermost.ts';
import { HOSTILE_TEXTS, messageOf } from '../../support/chat/views.ts';
import { CHANNEL, type Fixture, newFixture, requestOf, SETTINGS, SOURCE, TEAM, TOKEN } from './mattermost-fixture.ts';

let fixture: Fixture;
beforeEach(() => {
  fixture = newFixture();
});

const command = (text = 'keys', changes: Record<string, string | undefined> = {}): FakeRequest => {
  const { headers, body } = fixture.fake.commandRequest('ann1', CHANNEL, text);
  const form = new URLSearchParams(body);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) form.delete(name);
    else form.set(name, value);
  }
  return { headers, body: form.toString() };
};

const withHeaders = (request: FakeRequest, headers: Record<string, string | undefined>) =>
  ({ ...request, headers: { ...request.headers, ...headers } }) as FakeRequest;

describe('the token of a command', () => {
  test('is accepted in the header, in the body, or in both, for each of the secrets', () => {
    const inHeader = command('keys', { token: undefined });
    const inBody = withHeaders(command(), { authorization: undefined });
    for (const request of [command(), inHeader, inBody])
      expect(fixture.receive(request)).toMatchObject({ type: 'command' });
    const [other = ''] = SOURCE.secrets;
    const rotated = withHeaders(command('keys', { token: other }), { authorization: `Token ${other}` });
    expect(fixture.receive(rotated)).toMatchObject({ type: 'command' });
  });

  test.each<[string, Record<string, string | undefined>, Record<string, string | undefined>]>([
    ['is absent', { token: undefined }, { authorization: undefined }],
    ['is empty', { token: '' }, { authorization: undefined }],
    ['is wrong in the body', { token: 'x'.repeat(26) }, {}],
    ['is wrong in the header', {}, { authorization: `Token ${'x'.repeat(26)}` }],
    ['has another case', { token: TOKEN.toUpperCase() }, { authorization: undefined }],
    ['is in another form of header', {}, { authorization: `Bearer ${TOKEN}` }],
    ['is empty in the header', {}, { authorization: '' }],
  ])('the command is refused when it %s', (_, fields, headers) => {
    expect(() => fixture.receive(withHeaders(command('keys', fields), headers))).toThrow(SignatureError);
  });

  test('a second, wrong token in the body is refused', () => {
    const request = command();
    expect(() => fixture.receive({ ...request, body: `${request.body}&token=x` })).toThrow(SignatureError);
  });
});

describe('a command', () => {
  test('that is too long is not searched for mentions: it is refused, and a search could take minutes', () => {
    const text = `who @ann ${'_'.repeat(3_000)}`;
    const mention = { user_mentions: 'ann', user_mentions_ids: 'annid' };
    expect(fixture.receive(command(text, mention))).toMatchObject({ text });
    expect(fixture.receive(command('who @ann', mention))).toMatchObject({ text: 'who <@annid>' });
  });

  test('mentions a person whose name is followed by punctuation', () => {
    const mention = { user_mentions: 'ann_.b', user_mentions_ids: 'annid' };
    expect(fixture.receive(command('who @Ann_.b..-', mention))).toMatchObject({ text: 'who <@annid>' });
  });

  test('tells who says what where', () => {
    expect(fixture.receive(command('revoke schlüssel 01ab +1'))).toEqual({
      type: 'command',
      text: 'revoke schlüssel 01ab +1',
      sender: { workspace: TEAM, userId: 'ann1' },
      locale: 'en',
      place: {
        channelId: CHANNEL,
        isDirect: false,
        replyUrl: expect.stringMatching(/^https:\/\/chat\.example\.com\/hooks\/commands\/[0-9a-f]{26}$/),
        replyUrlExpiresAtMs: fixture.nowMs + 30 * 60 * 1000,
        extra: { team: TEAM, buttonsUntilMs: String(fixture.nowMs + 24 * 60 * 60 * 1000) },
      },
    });
  });

  test('has mentions by id, however the name is written; a name that Mattermost did not find stays text', () => {
    const request = fixture.fake.commandRequest('ann1', CHANNEL, 'who @Bob.B told by @zoe a@bob', { 'bob.b': 'id2' });
    expect(fixture.receive(request)).toMatchObject({ text: 'who <@id2> told by @zoe a@bob' });
  });

  test.each<[string, Record<string, string | undefined>]>([
    ['another team', { team_id: 'team2' }],
    ['another host', { response_url: 'https://evil.example/hooks/commands/a' }],
    ['a host with the right beginning', { response_url: 'https://chat.example.com.evil.example/hooks/commands/a' }],
    ['a user in the address', { response_url: 'https://chat.example.com@evil.example/hooks/commands/a' }],
    ['a user at the right host', { response_url: 'https://u:p@chat.example.com/hooks/commands/a' }],
    ['another port', { response_url: 'https://chat.example.com:8443/hooks/commands/a' }],
    ['no TLS', { response_url: 'http://chat.example.com/hooks/commands/a' }],
    ['another path', { response_url: 'https://chat.example.com/api/v4/posts' }],
    ['a path that leads elsewhere', { response_url: 'https://chat.example.com/hooks/commands/../../api/v4/posts' }],
    ['a query', { response_url: 'https://chat.example.com/hooks/commands/a?x=1' }],
    ['no address', { response_url: 'x' }],
  ])('with %s is refused', (_, changes) => {
    expect(() => fixture.receive(command('keys', changes))).toThrow(SignatureError);
  });

  test('outside of the channels of the source is refused', () => {
    const source = { ...SOURCE, settings: { ...SETTINGS, channels: [CHANNEL] } };
    expect(fixture.receive(command(), source)).toMatchObject({ type: 'command' });
    expect(() => fixture.receive(command('keys', { channel_id: 'channel2' }), source)).toThrow(SignatureError);
  });

  test.each([[{ user_id: undefined }], [{ user_id: '' }], [{ user_id: 'a:b' }], [{ channel_id: undefined }]])(
    'with the fields %j is malformed',
    (changes) => {
      expect(() => fixture.receive(command('keys', changes))).toThrow(KmsError);
    },
  );

  test('a field that occurs twice is malformed', () => {
    const request = command();
    expect(() => fixture.receive({ ...request, body: `${request.body}&user_id=zoe1` })).toThrow(KmsError);
  });
});

test('equal bytes are one delivery, and each command and each press is another', () => {
  const idOf = (request: FakeRequest) => fixture.platform.verify(requestOf(request), SOURCE, fixture.nowMs).deliveryId;
  const request = command();
  expect(idOf(request)).toBe(idOf(request));
  expect(idOf(request)).not.toBe(idOf(command()));
});

describe('answers', () => {
  test('go to the asker only, unless they are for the channel', async () => {
    fixture.messages = [messageOf({ title: 'For ann' }), messageOf({ title: 'For all' }, { audience: 'channel' })];
    await fixture.fake.command('ann1', CHANNEL, 'keys');
    expect(fixture.fake.seenBy('ann1', CHANNEL).map(({ message }) => message)).toEqual(['**For ann**', '**For all**']);
    expect(fixture.fake.seenBy('bob1', CHANNEL).map(({ message }) => message)).toEqual(['**For all**']);
  });

  test.each(HOSTILE_TEXTS)('%j is shown as text everywhere', async (text) => {
    fixture.messages = [
      messageOf({ title: text, facts: [{ name: text, value: text }], rows: [{ title: text, details: [text] }] }),
    ];
    await fixture.fake.command('ann1', CHANNEL, 'keys');
    const [post] = fixture.fake.seenBy('ann1', CHANNEL);
    const outside = post?.message.replaceAll(/`[^`]*`/g, '').replaceAll(/^\*\*|\*\*$|^- /gm, '');
    expect(outside).not.toMatch(/[`*_[\]{}<>#~@$|\\]|:\/\/|www\.|\.\w+\/|:\w+:/);
  });

  test('1,000 grants fit into one post', async () => {
    const rows = Array.from({ length: 1000 }, (_, index) => ({
      title: `g_${index}`,
      details: ['x'],
      id: 'a'.repeat(64),
    }));
    fixture.messages = [messageOf({ rows })];
    await fixture.fake.command('ann1', CHANNEL, 'list orders');
    expect(fixture.fake.posts[0]?.message).toMatch(/and \d{3} more$/);
  });

  test('that nobody asked for go to the response_url, until it has expired or is used up', async () => {
    const { place } = fixture.receive(command()) as { place: Place };
    const deliver = () => fixture.platform.deliver(messageOf({}, { audience: 'channel' }), place, SOURCE, 'en');
    for (let count = 1; count <= 5; count += 1) expect(await deliver()).toMatchObject({ channelId: CHANNEL });
    expect(await deliver()).toBeUndefined();
    expect(fixture.fake.seenBy('bob1', CHANNEL)).toHaveLength(5);
    const { place: other } = fixture.receive(command()) as { place: Place };
    fixture.nowMs += 30 * 60 * 1000;
    expect(await fixture.platform.deliver(messageOf(), other, SOURCE, 'en')).toBeUndefined();
    expect(
      await fixture.platform.deliver(messageOf(), { channelId: CHANNEL, isDirect: false }, SOURCE, 'en'),
    ).toBeUndefined();
  });

  test.each([
    [302, undefined],
    [404, undefined],
    [500, 'the Mattermost server answered 500'],
    [429, 'the Mattermost server answered 429'],
  ])('a status of %d from the server: delivered again later only if that may help', async (status, problem) => {
    const busy = mattermostPlatform({ post: async () => ({ status }), now: () => fixture.nowMs });
    const { place } = fixture.receive(command()) as { place: Place };
    const delivery = busy.deliver(messageOf(), place, SOURCE, 'en');
    if (problem === undefined) expect(await delivery).toBeUndefined();
    else await expect(delivery).rejects.toThrow(problem);
  });

  test('are never sent to another host, even when a stored place names it', async () => {
    const { place } = fixture.receive(command()) as { place: Place };
    const forged = { ...place, replyUrl: 'https://evil.example/hooks/commands/a' };
    await expect(fixture.platform.deliver(messageOf(), forged, SOURCE, 'en')).rejects.toThrow(SignatureError);
  });
});

describe('settings', () => {
  const schema = z.strictObject(mattermost.settings as Record<string, z.core.$ZodType>);
  test('the documented ones are valid', () => {
    expect(z.safeParse(schema, SETTINGS).success).toBe(true);
    expect(z.safeParse(schema, { ...SETTINGS, channels: [CHANNEL] }).success).toBe(true);
  });

  test.each([
    { url: 'http://chat.example.com' },
    { url: 'https://chat.example.com/' },
    { url: 'https://chat.example.com/sub' },
    { url: 'https://u@chat.example.com' },
    { url: undefined },
    { public_url: 'http://kms.example.com' },
    { workspaces: [] },
    { workspaces: ['a b'] },
    { channels: [] },
    { press_secret: 'x'.repeat(31) },
    { press_secret: undefined },
  ])('%j is refused', (changes) => {
    expect(z.safeParse(schema, { ...SETTINGS, ...changes }).success).toBe(false);
  });

  test('a token of a command is a valid secret, and a short one is not', () => {
    expect(mattermost.secretProblem(TOKEN)).toBeUndefined();
    expect(mattermost.secretProblem('short')).toContain('16');
  });
});
