/**
 * What Slack sends, as this service reads it. Slack's side is test/support/chat/fake-slack.ts.
 * Also tests: lib/chat/payload.ts, lib/chat/platform.ts, lib/chat/platforms.ts.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import * as z from 'zod/mini';
import { type Incoming, MENTION, type ReceivedPress } from '../../../lib/chat/platform.ts';
import { slack } from '../../../lib/chat/platforms/slack.ts';
import { PLATFORMS } from '../../../lib/chat/platforms.ts';
import { KmsError } from '../../../lib/errors.ts';
import { Reply } from '../../../lib/http/reply.ts';
import { SignatureError } from '../../../lib/signing/signed-request.ts';
import { FakeSlack, type SlackRequest } from '../../support/chat/fake-slack.ts';
import { message, NOW_MS, SECRET, sourceOf, view } from './slack-fixture.ts';

const slackSide = (more: Partial<FakeSlack['options']> = {}) =>
  new FakeSlack({ secret: SECRET, now: () => NOW_MS, ...more });

/** Verifies and reads a request; for a refused one, its error's code, or the message of a SignatureError. */
function receive(request: SlackRequest, settings: Parameters<typeof sourceOf>[0] = {}): Incoming | string | undefined {
  const source = sourceOf(settings);
  try {
    slack.verify(request, source, NOW_MS);
    return slack.read(request, source, NOW_MS);
  } catch (error) {
    if (error instanceof KmsError) return `${error.code} ${error.detail}`;
    if (error instanceof SignatureError) return error.message;
    throw error;
  }
}

/** A press on a card with one button, after `change` of its payload. */
function press(more: Record<string, unknown> = {}, options: Partial<FakeSlack['options']> = {}): SlackRequest {
  const fake = slackSide(options);
  const command = fake.command('U1', 'C1', 'revoke orders 01');
  const buttons = [{ name: 'confirm', label: 'Revoke', style: 'danger', requestId: 'ab12' } as const];
  const { reply } = slack.reply([message({ view: view({ buttons }) })], readCommand(command), sourceOf());
  fake.answered(command, { status: 200, json: JSON.stringify(reply) });
  return fake.press('U1', 'C1', 'Revoke', more);
}

function readCommand(request: SlackRequest) {
  const incoming = receive(request);
  if (typeof incoming !== 'object' || incoming.type !== 'command') throw new Error(String(incoming));
  return incoming;
}

test('Slack is one of the platforms', () => {
  expect(PLATFORMS.slack).toBe(slack);
});

test('a slash command is read with its sender, its channel and its text', () => {
  const request = slackSide().command('U1', 'C1', 'list alias/orders');
  expect(receive(request)).toEqual({
    type: 'command',
    sender: { workspace: 'T0TEAM', userId: 'U1' },
    place: {
      channelId: 'C1',
      isDirect: false,
      replyUrl: request.replyUrl,
      replyUrlExpiresAtMs: NOW_MS + 30 * 60_000,
      extra: { userId: 'U1', api: 'https://slack.com' },
    },
    locale: 'en',
    text: 'list alias/orders',
  });
  expect(receive(slackSide().command('U1', 'C1', ''))).toMatchObject({ text: '' });
});

test('a press is read with the button, the stored request and the person, and the message unless only one sees it', () => {
  const request = press();
  expect(receive(request)).toEqual({
    type: 'press',
    sender: { workspace: 'T0TEAM', userId: 'U1' },
    place: {
      channelId: 'C1',
      isDirect: false,
      replyUrl: request.replyUrl,
      replyUrlExpiresAtMs: NOW_MS + 30 * 60_000,
      extra: { userId: 'U1', api: 'https://slack.com', isEphemeral: 'true' },
    },
    locale: 'en',
    button: 'confirm',
    requestId: 'ab12',
  });
  const container = { type: 'message', message_ts: '1548426417.000200', channel_id: 'C1' };
  const { place } = receive(press({ container })) as ReceivedPress;
  expect(place).toMatchObject({ messageId: '1548426417.000200', extra: { userId: 'U1', api: 'https://slack.com' } });
});

test('a mention is read in the form that every platform uses, with the id alone', () => {
  const { text } = readCommand(slackSide().command('U1', 'C1', 'who <@U012ABCDEF|ann>'));
  expect(MENTION.exec(text.split(' ')[1] ?? '')?.[1]).toBe('U012ABCDEF');
});

test('the delivery id is the same for a repeat of the request, and another one for any other request', () => {
  const fake = slackSide();
  const [first, second] = [fake.command('U1', 'C1', 'keys'), fake.command('U1', 'C1', 'keys')];
  const idOf = (request: SlackRequest) => slack.verify(request, sourceOf(), NOW_MS).deliveryId;
  expect(idOf(first)).toBe(idOf({ ...first }));
  expect(idOf(first)).not.toBe(idOf(second));
});

test('in an organisation, people are identified by the organisation', () => {
  const workspaces = ['E0ORG'];
  const inOrganisation = { enterprise: 'E0ORG' };
  const sender = { workspace: 'E0ORG', userId: 'U1' };
  expect(receive(slackSide(inOrganisation).command('U1', 'C1', 'keys'), { workspaces })).toMatchObject({ sender });
  expect(receive(press({}, inOrganisation), { workspaces })).toMatchObject({ sender });
  // Installed in the whole organisation, Slack names no workspace of the app.
  const user = { id: 'U1', team_id: 'T0TEAM' };
  const orgWide = press({ team: null, user }, inOrganisation);
  expect(receive(orgWide, { workspaces })).toBe("the person's own workspace is not one of `workspaces`");
  expect(receive(orgWide, { workspaces: ['E0ORG', 'T0TEAM'] })).toMatchObject({ sender });
});

test.each([
  ['<@U012ABCDEF|ann> and <@W9>', '<@U012ABCDEF> and <@W9>'],
  ['a &amp; b &lt;c&gt; &quot; &amp;lt;', 'a & b <c> &quot; &lt;'],
  ['&lt;@U1&gt;&amp;amp;', '<@U1>&amp;'],
  ['<mailto:ann@example.com|ann@example.com>', 'ann@example.com'],
  ['<http://example.com/?a=1&amp;b=2|example.com>', 'http://example.com/?a=1&amp;b=2'],
  ['<!channel> <#C1|general>', '<!channel> <#C1|general>'],
  ['密钥 🔑 é + %41', '密钥 🔑 é + %41'],
])('the text %j is read as %j', (sent, read) => {
  expect(receive(slackSide().command('U1', 'C1', sent))).toMatchObject({ text: read });
});

test.each([
  ['app', { apps: ['A0OTHER'] }, 'the app is not one of `apps`'],
  ['workspace', { workspaces: ['T0OTHER'] }, 'neither the workspace nor its organisation is one of `workspaces`'],
  ['channel', { channels: ['C0OTHER'] }, 'the channel is not one of `channels`'],
])('a command and a press of a foreign %s are refused', (_, settings, refusal) => {
  expect(receive(slackSide().command('U1', 'C1', 'keys'), settings)).toBe(refusal);
  expect(receive(press(), settings)).toBe(refusal);
  expect(receive(press(), { channels: ['C0OTHER', 'C1'] })).toMatchObject({ type: 'press' });
});

test('a person of another workspace who presses in a shared channel is refused, unless that workspace is listed', () => {
  const outsider = press({ user: { id: 'U2', team_id: 'T0OUTSIDE' } });
  expect(receive(outsider)).toBe("the person's own workspace is not one of `workspaces`");
  const inOrganisation = press({ user: { id: 'U2', team_id: 'T0OUTSIDE' } }, { enterprise: 'E0ORG' });
  expect(receive(inOrganisation, { workspaces: ['E0ORG'] })).toBe(
    "the person's own workspace is not one of `workspaces`",
  );
  expect(receive(outsider, { workspaces: ['T0TEAM', 'T0OUTSIDE'] })).toMatchObject({
    sender: { workspace: 'T0OUTSIDE', userId: 'U2' },
  });
  expect(receive(press({ user: { id: 'U1' } }))).toBe('KMS.0204 user.team_id is required.');
});

test.each([
  'https://hooks.slack.com.example.com/commands/1',
  'https://example.com/hooks.slack.com/',
  'https://hooks.slack.com:443/commands/1',
  'https://hooks.slack.com:8443/commands/1',
  'https://hooks.slack.com@example.com/commands/1',
  'https://user:password@hooks.slack.com/commands/1',
  'https://@hooks.slack.com/commands/1',
  'http://hooks.slack.com/commands/1',
  'https://HOOKS.slack.com/commands/1',
  'https://hooks.slack.com\\@example.com/',
  'https://hooks.slack.com/a\tb',
  'https://hooks.slack.com/../x',
  'https://hooks.slack.com',
  ' https://hooks.slack.com/commands/1',
  'https://127.0.0.1/',
  `https://hooks.slack.com/${'a'.repeat(1_000)}`,
])('a request with the response_url %j is refused', (url) => {
  const refusal = 'KMS.0308 response_url is malformed.';
  expect(receive(slackSide().command('U1', 'C1', 'keys', { response_url: url }))).toBe(refusal);
  expect(receive(press({ response_url: url }))).toBe(refusal);
});

test('a response_url of GovSlack is accepted, with its own Web API', () => {
  const response_url = 'https://hooks.slack-gov.com/commands/1';
  expect(receive(slackSide().command('U1', 'C1', 'keys', { response_url }))).toMatchObject({
    place: { replyUrl: response_url, extra: { api: 'https://slack-gov.com' } },
  });
});

test('a press that bundles 1,000 actions, or none, is refused', () => {
  const action = { action_id: 'confirm-0', value: 'ab12', type: 'button' };
  expect(receive(press({ actions: Array.from({ length: 1_000 }, () => action) }))).toBe(
    'KMS.0308 actions is malformed.',
  );
  expect(receive(press({ actions: [] }))).toMatch(/^KMS\.0(204|308) actions/);
});

test.each([
  ['another action', { action_id: 'delete-0', value: 'ab12' }, 'actions.0.action_id is none of this service'],
  ['a longer action', { action_id: 'confirm-0 ', value: 'ab12' }, 'actions.0.action_id is none of this service'],
  ['no value', { action_id: 'confirm-0' }, 'actions.0.value is required'],
  ['a number as value', { action_id: 'confirm-0', value: 7 }, 'actions.0.value is malformed'],
  ['a value of 2,001 characters', { action_id: 'confirm-0', value: 'a'.repeat(2_001) }, 'actions.0.value is malformed'],
])('a press with %s is refused', (_, action, refusal) => {
  expect(receive(press({ actions: [action] }))).toMatch(new RegExp(`^KMS\\.0(204|308) (payload\\.)?${refusal}`));
});

test('a forged value of a button is only read: what it names is looked up in the store', () => {
  const actions = [{ action_id: 'approve-1', value: '{"grant_id":"all","principal":"root"}' }];
  expect(receive(press({ actions }))).toMatchObject({
    button: 'approve',
    requestId: '{"grant_id":"all","principal":"root"}',
  });
});

test.each(['view_submission', 'view_closed', 'shortcut', 'message_action', 'block_suggestion', undefined])(
  'an interaction of type %s is answered and has no effect',
  (type) => {
    const incoming = receive(press({ type }));
    expect(incoming).toMatchObject({ type: 'ignored' });
    expect(JSON.stringify(incoming)).not.toContain('view_');
  },
);

test('ssl_check is answered with an empty 200, once its signature is verified', () => {
  const request = slackSide().sign('ssl_check=1&token=deprecated');
  const incoming = receive(request);
  expect(incoming).toEqual({ type: 'handshake', reply: new Reply('') });
  expect(receive({ ...request, headers: {} as SlackRequest['headers'] })).toMatch(/^X-Slack-Signature is missing/);
});

test.each([
  ['a field twice', 'text=a&text=b', 'KMS.0308 The form has a field twice.'],
  ['no fields', '', 'KMS.0204 api_app_id is required.'],
  ['JSON', '{"type":"url_verification","challenge":"a"}', 'KMS.0204 api_app_id is required.'],
  ['bytes that are not UTF-8', Buffer.from([0xff, 0xfe]), 'KMS.0204 api_app_id is required.'],
  ['a payload that is not JSON', 'payload=%7B', 'KMS.0202 The body must be JSON in UTF-8.'],
  ['a payload that is a list', 'payload=%5B%5D', 'KMS.0202 The body must be a JSON object.'],
  ['a payload with a key twice', `payload=${encodeURIComponent('{"type":"a","type":"b"}')}`, /^KMS\.0202/],
])('a signed body with %s is refused', (_, body, refusal) => {
  const result = receive(slackSide().sign(body));
  expect(result).toEqual(typeof refusal === 'string' ? refusal : expect.stringMatching(refusal));
});

test.each(['x-slack-signature', 'x-slack-request-timestamp'])('a request without %s is refused', (name) => {
  const request = slackSide().command('U1', 'C1', 'keys');
  expect(receive({ ...request, headers: { ...request.headers, [name]: '' } })).toMatch(/is missing or malformed$/);
});

test.each([301_000, -301_000])('a request that Slack sent %d ms ago is refused', (ms) => {
  const fake = slackSide();
  const { body, replyUrl } = fake.command('U1', 'C1', 'keys');
  expect(receive(fake.sign(body, replyUrl, NOW_MS - ms))).toMatch(/more than 5 minutes off$/);
});

test('settings that are malformed are refused, and those of a source are accepted', () => {
  const settings = z.strictObject(slack.settings);
  const { apps, workspaces } = sourceOf().settings;
  const isValid = (more: object) => settings.safeParse({ apps, workspaces, ...more }).success;
  expect(isValid({})).toBe(true);
  expect(isValid({ channels: ['C1', 'G2', 'D3'], bot_token: 'file:/run/slack-token' })).toBe(true);
  expect(isValid({ bot_token: 'aws:kms-grants/slack-token' })).toBe(true);
  for (const more of [
    { apps: [] },
    { apps: undefined },
    { apps: ['T1'] },
    { workspaces: [] },
    { workspaces: ['*'] },
    { channels: [] },
    { channels: ['#incidents'] },
    { bot_token: 'xoxb-1' },
    { unknown: 1 },
  ]) {
    expect([more, isValid(more)]).toEqual([more, false]);
  }
  expect(slack.references).toEqual(['bot_token']);
  expect(slack.secretProblem('short')).toMatch(/^must be at least 16/);
  expect(slack.secretProblem(SECRET)).toBeUndefined();
});

test('a command is answered with what is for the asker; the rest, and everything after a press, is delivered', () => {
  const [preview, card] = [message(), message({ audience: 'channel' })];
  const command = readCommand(slackSide().command('U1', 'C1', 'revoke orders 01'));
  const answered = slack.reply([card, preview], command, sourceOf());
  expect(answered.reply).toMatchObject({ response_type: 'ephemeral', text: 'Three grants' });
  expect(answered.rest).toEqual([card]);
  const incoming = receive(press());
  if (typeof incoming !== 'object' || incoming.type !== 'press') throw new Error('no press');
  expect(slack.reply([preview, card], incoming, sourceOf())).toEqual({ reply: new Reply(''), rest: [preview, card] });
  // An answer that everyone sees would also show what the person typed.
  expect(slack.reply([card], command, sourceOf())).toEqual({ reply: new Reply(''), rest: [card] });
});

test('the manifest in the documentation asks Slack for what this service needs, and sends both kinds to one source', () => {
  const manifest = parse(readFileSync('docs/chat-ops/slack-manifest.yml', 'utf8'));
  const { features, oauth_config, settings } = manifest;
  expect(features.slash_commands).toMatchObject([{ url: 'https://HOST/hooks/slack', should_escape: true }]);
  expect(settings.interactivity).toEqual({ is_enabled: true, request_url: 'https://HOST/hooks/slack' });
  expect(settings).toMatchObject({ socket_mode_enabled: false, token_rotation_enabled: false });
  expect(oauth_config).toEqual({ scopes: { bot: ['commands', 'chat:write'] } });
  // Source: Slack, "App manifest reference", maximum lengths.
  expect(manifest.display_information.name.length).toBeLessThanOrEqual(35);
  expect(manifest.display_information.description.length).toBeLessThanOrEqual(140);
  expect(features.bot_user.display_name.length).toBeLessThanOrEqual(80);
  expect(features.slash_commands[0].description.length).toBeLessThanOrEqual(2_000);
  expect(features.slash_commands[0].usage_hint.length).toBeLessThanOrEqual(1_000);
});
