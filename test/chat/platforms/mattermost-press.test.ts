/** Presses of Mattermost's buttons. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { SignatureError } from '../../../lib/signing/signed-request.ts';
import { buttonOf, messageOf, REQUEST_ID } from '../../support/chat/views.ts';
import { CHANNEL, type Fixture, newFixture, SETTINGS, SOURCE, TEAM, TOKEN } from './mattermost-fixture.ts';

type PressBody = { context: object; channel_id: string };
const withContext = (body: PressBody, changes: object) => ({ ...body, context: { ...body.context, ...changes } });

let fixture: Fixture;
beforeEach(() => {
  fixture = newFixture();
});

describe('a press', () => {
  const preview = () =>
    messageOf({ title: 'Preview', buttons: [buttonOf('confirm', 'Revoke'), buttonOf('cancel', 'Cancel')] });
  const approvalCard = () =>
    messageOf({ title: 'Approve?', buttons: [buttonOf('approve', 'Approve')] }, { audience: 'channel' });
  const receipt = () => messageOf({ title: 'Revoked' }, { audience: 'channel', replacesCard: true });

  async function pressOfApproval(changes: (body: PressBody) => object = (body) => body) {
    fixture.messages = [approvalCard()];
    await fixture.fake.command('ann1', CHANNEL, 'revoke');
    const [card] = fixture.fake.posts;
    if (!card) throw new Error('no card');
    const { headers, body } = fixture.fake.pressRequest('bob1', card, 'Approve');
    return { headers, body: JSON.stringify(changes(JSON.parse(body))) };
  }

  test('tells who presses which button of which request, on which card', async () => {
    const request = await pressOfApproval();
    expect(fixture.receive(request)).toEqual({
      type: 'press',
      button: 'approve',
      requestId: REQUEST_ID,
      sender: { workspace: TEAM, userId: 'bob1' },
      locale: 'en',
      place: {
        channelId: CHANNEL,
        isDirect: false,
        messageId: fixture.fake.posts[0]?.postId,
        replyUrl: expect.stringContaining('https://chat.example.com/hooks/commands/'),
        replyUrlExpiresAtMs: fixture.nowMs + 30 * 60 * 1000,
        extra: { team: TEAM, audience: 'channel', buttonsUntilMs: String(fixture.nowMs + 24 * 60 * 60 * 1000) },
      },
    });
  });

  test('in a direct message, where Mattermost names no team, belongs to the team of the command', async () => {
    expect(fixture.receive(await pressOfApproval((body) => ({ ...body, team_id: '' })))).toMatchObject({
      sender: { workspace: TEAM, userId: 'bob1' },
    });
  });

  test.each<[string, (body: PressBody) => object]>([
    ['without a context', ({ context, ...body }) => body],
    ['with a context that is a text', (body) => ({ ...body, context: 'x' })],
    ['without a signature', (body) => withContext(body, { signature: '' })],
    ['of another request', (body) => withContext(body, { request_id: 'f'.repeat(32) })],
    ['of another button', (body) => withContext(body, { button: 'cancel' })],
    ['with a later expiry', (body) => withContext(body, { expires_at_ms: 9e15 })],
    ['in another channel', (body) => ({ ...body, channel_id: 'channel2' })],
    [
      'in another channel, with the context changed to match',
      (body) => ({ ...withContext(body, { channel_id: 'c2' }), channel_id: 'c2' }),
    ],
    ['in another team', (body) => ({ ...body, team_id: 'team2' })],
    ['without a channel', ({ channel_id, ...body }) => body],
  ])('%s is refused', async (_, changes) => {
    const request = await pressOfApproval(changes);
    expect(() => fixture.receive(request)).toThrow(SignatureError);
  });

  test.each(['{', '[]', '', '{"context":{},"context":{}}'])('the body %j is refused', (body) => {
    expect(() => fixture.receive({ headers: { 'content-type': 'application/json' }, body })).toThrow(SignatureError);
  });

  test('with the token of the command instead of a context is refused', () => {
    expect(() =>
      fixture.receive({ headers: { 'content-type': 'application/json', authorization: `Token ${TOKEN}` }, body: '{}' }),
    ).toThrow(SignatureError);
  });

  test('a day later is refused; within the day it has no response_url any more after 30 minutes', async () => {
    const request = await pressOfApproval();
    fixture.nowMs += 30 * 60 * 1000;
    expect(fixture.receive(request)).toMatchObject({ place: { channelId: CHANNEL } });
    expect(fixture.receive(request)).not.toMatchObject({ place: { replyUrl: expect.anything() } });
    fixture.nowMs += 24 * 60 * 60 * 1000;
    expect(() => fixture.receive(request)).toThrow('expired');
  });

  test('of a source whose teams, channels, name or secret have changed is refused', async () => {
    const request = await pressOfApproval();
    const changed = [
      { ...SOURCE, settings: { ...SETTINGS, workspaces: ['team2'] } },
      { ...SOURCE, settings: { ...SETTINGS, channels: ['channel2'] } },
      { ...SOURCE, settings: { ...SETTINGS, press_secret: 'another press secret, 32 long....' } },
      { ...SOURCE, name: 'other' },
    ];
    for (const source of changed) expect(() => fixture.receive(request, source)).toThrow(SignatureError);
  });

  test('on a card of the channel replaces it: the receipt stands in its place, without buttons', async () => {
    fixture.messages = [approvalCard()];
    await fixture.fake.command('ann1', CHANNEL, 'revoke-all @bob');
    fixture.messages = [receipt()];
    await fixture.fake.press('bob1', CHANNEL, 'Approve');
    expect(fixture.fake.seenBy('zoe1', CHANNEL)).toMatchObject([{ message: '**Revoked**', attachments: [] }]);
    expect(fixture.fake.posts).toHaveLength(1);
  });

  test('that is refused is told to the presser only, and the card keeps its buttons', async () => {
    fixture.messages = [approvalCard()];
    await fixture.fake.command('ann1', CHANNEL, 'revoke');
    fixture.messages = [messageOf({ title: 'Not you', tone: 'bad' })];
    await fixture.fake.press('ann1', CHANNEL, 'Approve');
    expect(fixture.fake.seenBy('ann1', CHANNEL).map(({ message }) => message)).toEqual(['**Approve?**', '**Not you**']);
    expect(fixture.fake.seenBy('bob1', CHANNEL)).toMatchObject([{ message: '**Approve?**', attachments: [{}] }]);
  });

  test('on a preview posts the receipt into the channel, since Mattermost cannot change what only one person sees', async () => {
    fixture.messages = [preview()];
    await fixture.fake.command('ann1', CHANNEL, 'revoke');
    fixture.messages = [receipt()];
    await fixture.fake.press('ann1', CHANNEL, 'Revoke');
    expect(fixture.fake.seenBy('bob1', CHANNEL).map(({ message }) => message)).toEqual(['**Revoked**']);
    fixture.messages = [messageOf({ title: 'Was done' })];
    await fixture.fake.press('ann1', CHANNEL, 'Revoke');
    expect(fixture.fake.seenBy('ann1', CHANNEL).at(-1)?.message).toBe('**Was done**');
  });

  test('tells the presser the receipt when the response_url has expired: no press is silent', async () => {
    fixture.messages = [preview()];
    await fixture.fake.command('ann1', CHANNEL, 'revoke');
    fixture.nowMs += 30 * 60 * 1000;
    fixture.messages = [
      messageOf({ title: 'Revoked', sentences: ['By ann.'] }, { audience: 'channel', replacesCard: true }),
    ];
    await fixture.fake.press('ann1', CHANNEL, 'Revoke');
    expect(fixture.fake.seenBy('ann1', CHANNEL).at(-1)?.message).toBe('**Revoked**\n\nBy ann.');
  });

  test('on a preview can put the approval card into the channel, whose button works', async () => {
    fixture.messages = [messageOf({ title: 'Preview', buttons: [buttonOf('ask', 'Ask')] })];
    await fixture.fake.command('ann1', CHANNEL, 'revoke');
    fixture.messages = [messageOf({ title: 'Asked' }), approvalCard()];
    await fixture.fake.press('ann1', CHANNEL, 'Ask');
    fixture.messages = [receipt()];
    await fixture.fake.press('bob1', CHANNEL, 'Approve');
    expect(fixture.received.at(-1)).toMatchObject({ type: 'press', button: 'approve', sender: { userId: 'bob1' } });
    expect(fixture.fake.seenBy('bob1', CHANNEL)).toMatchObject([{ message: '**Revoked**', attachments: [] }]);
  });

  test('a button posts to this service and holds nothing but its signed context', async () => {
    await pressOfApproval();
    expect(fixture.fake.posts[0]?.attachments).toMatchObject([
      { actions: [{ id: 'approve', type: 'button', integration: { url: 'https://kms.example.com/hooks/chat' } }] },
    ]);
  });
});
