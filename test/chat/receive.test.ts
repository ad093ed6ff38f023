/**
 * The flow of a request of chat, over real HTTP with a fake platform. The commands themselves are replaced.
 * Also tests: lib/chat/person.ts, lib/chat/refusal.ts, lib/chat/show.ts, lib/chat/platform.ts, functions/chat/chat.ts.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { CommandCall } from '../../lib/chat/command-call.ts';
import type { ChatRequest } from '../../lib/chat/requests.ts';
import type { Message } from '../../lib/chat/view.ts';
import { KmsError } from '../../lib/errors.ts';
import { ignoreBodiesOf } from '../support/openapi/violations.ts';
import type { ApiResponse, TestService } from '../support/service.ts';
import { FAKE_SECRET, fakePlatform } from './fake-platform.ts';

type AnyCall = CommandCall<{ name: string; requestId?: string }>;

const calls: AnyCall[] = [];
let behave: (call: AnyCall) => Message[] = () => [];
const record = (call: AnyCall) => {
  calls.push(call);
  return behave(call);
};
jest.unstable_mockModule('../../lib/chat/grammar.ts', () => ({
  parseCommand(text: string) {
    const [name, requestId] = text.split(' ');
    return { name, requestId };
  },
}));
jest.unstable_mockModule('../../lib/chat/read-commands.ts', () => ({
  answerCommand: async (_: unknown, call: AnyCall) => record(call)[0],
}));
jest.unstable_mockModule('../../lib/chat/press.ts', () => ({
  press: async (_: unknown, call: AnyCall) => record(call),
}));
jest.unstable_mockModule('../../lib/chat/revocation.ts', () => ({
  preview: async (_: unknown, call: AnyCall) => record(call),
}));
// After the replacements: an import above would load the real modules.
const { startService } = await import('../support/service.ts');
const { PLATFORMS } = await import('../../lib/chat/platforms.ts');
const { personOf } = await import('../../lib/chat/person.ts');
const { chatSourcesOf } = await import('../../lib/chat/sources.ts');
const { chatRequests } = await import('../../lib/chat/requests.ts');
const { logger } = await import('../../lib/logger.ts');

const { platform, deliveries, hooks } = fakePlatform();
Object.assign(PLATFORMS, { bot: platform });
ignoreBodiesOf('/hooks/');

const folder = mkdtempSync(join(tmpdir(), 'kms-grants-chat-'));
let service: TestService;
let log: ReturnType<typeof jest.spyOn>[];

beforeAll(async () => {
  const path = join(folder, 'hooks.json');
  const tokenPath = join(folder, 'token');
  service = await startService({ HOOKS: `file:${path}` });
  const source = {
    kind: 'bot',
    secrets: [FAKE_SECRET],
    projects: [service.demo.project_id],
    actions: ['keys', 'list', 'revoke', 'revoke-all'],
    workspaces: ['T1'],
    token: `file:${tokenPath}`,
  };
  writeFileSync(tokenPath, 'xoxb-of-the-test\n');
  writeFileSync(path, JSON.stringify({ bot: source, ops: source, reading: { ...source, actions: ['list'] } }));
  const map = (source: string, identity: string, grantee: string) =>
    service.services.store.mappings.put({ source, identity, grantee });
  await map('bot', 'bot:T1:U1', service.administrator.user_id);
  await map('ops', 'bot:T1:U1', service.administrator.user_id);
  await map('reading', 'bot:T1:U1', service.administrator.user_id);
  await map('bot', 'bot:T1:READER', service.reader.user_id);
  await map('bot', 'bot:T1:TWO', service.reader.user_id);
  await map('bot', 'bot:T1:TWO', service.creator.user_id);
  await map('bot', 'bot:T1:GONE', 'no-such-user');
  await map('*', 'bot:T1:ANYWHERE', service.creator.user_id);
});

beforeEach(() => {
  behave = ({ command }) => [message(`answer to ${command.name}`)];
  log = (['info', 'warn', 'error'] as const).map((level) => jest.spyOn(logger, level).mockImplementation(() => {}));
});

afterEach(() => {
  calls.length = 0;
  deliveries.length = 0;
  hooks.beforeDelivery = async () => {};
  hooks.beforeReply = () => {};
  hooks.replyMsMax = 60_000;
  for (const spy of log) spy.mockRestore();
  service.clock.nowMs += 60_000;
});

afterAll(async () => {
  await service.stop();
  rmSync(folder, { recursive: true });
});

function message(title: string, changes: Partial<Message> = {}, requestId?: string): Message {
  const button = { name: 'approve', label: 'Approve', style: 'primary' } as const;
  return {
    view: {
      title,
      tone: 'neutral',
      sentences: [],
      facts: [],
      rows: [],
      moreRows: 0,
      buttons: requestId === undefined ? [] : [{ ...button, requestId }],
      data: {},
    },
    audience: 'asker',
    replacesCard: false,
    ...changes,
  };
}

let sent = 0;

function send(body: object | string, { source = 'bot', headers = {} } = {}): Promise<ApiResponse> {
  sent += 1;
  return service.send(`/hooks/${source}`, {
    headers: { 'x-fake-secret': FAKE_SECRET, 'x-fake-delivery': `d${sent}`, ...headers },
    body,
  });
}

const logged = () => JSON.stringify(log.flatMap((spy) => spy.mock.calls));

test('a command is answered with the rights that its person has now', async () => {
  const { status, body } = await send({ text: 'list' });
  expect([status, body.shown.title]).toEqual([200, 'answer to list']);
  const [call] = calls;
  const { user_id: userId } = service.administrator;
  expect(call?.person).toMatchObject({ identity: 'bot:T1:U1', principal: userId });
  expect(call?.person.contexts).toEqual([
    expect.objectContaining({
      projectId: service.demo.project_id,
      channel: 'bot',
      action: 'list',
      caller: expect.objectContaining({ userId, projectId: service.demo.project_id }),
    }),
  ]);
  expect(call?.requestId).toMatch(/^[0-9a-f]{32}$/);
});

test('a source may have any name on one machine', async () => {
  expect((await send({ text: 'list' }, { source: 'ops' })).body.shown.title).toBe('answer to list');
});

test.each<[string, object, Parameters<typeof send>[1]]>([
  ['an unknown source', { text: 'list' }, { source: 'nobody' }],
  ['an unknown source with a route of its own', { text: 'list' }, { source: 'slack' }],
  ['a wrong secret', { text: 'list' }, { headers: { 'x-fake-secret': 'x' } }],
  ['a foreign workspace', { text: 'list', workspace: 'T2' }, {}],
])('%s gets the same 401, and nothing is done', async (_, body, options) => {
  const { status, body: reply } = await send(body, options);
  expect([status, reply.error_code]).toEqual([401, 'APIGW.0301']);
  expect(reply.error_msg).toMatch(/Check the name of the source in the URL, its secret or signature, and its clock\.$/);
  expect(calls).toEqual([]);
});

test('a malformed body is refused with the status of the error', async () => {
  expect((await send('{"text"')).body.error_code).toBe('KMS.0202');
});

test('a body above 256 KiB is refused', async () => {
  expect((await send('x'.repeat(256 * 1024 + 1))).body.error_code).toBe('KMS.0203');
});

test('a handshake and a message that asks for nothing are acknowledged without an effect', async () => {
  expect((await send({ type: 'handshake', challenge: 'abc' })).body).toEqual({ challenge: 'abc' });
  expect((await send({ type: 'ignored' })).body).toEqual({});
  expect(calls).toEqual([]);
});

test('previews and receipts that a group may see have no e-mail addresses', async () => {
  const answer = message('Revoke?');
  const view = { ...answer.view, sentences: ['left: ann@example.com'], data: { reason: 'ann@example.com' } };
  behave = () => [{ ...answer, view }];
  for (const text of ['revoke-all x', 'confirm x']) {
    const { body } = await send({ text });
    expect(JSON.stringify(body)).toContain('left: …@…');
    expect(JSON.stringify(body)).not.toContain('example.com');
  }
});

test('a repeated request is acknowledged, and neither carried out nor shown again', async () => {
  const repeated = { headers: { 'x-fake-delivery': 'the-same' } };
  behave = () => [message('to you'), message('to all', { audience: 'channel' })];
  await send({ text: 'revoke' }, repeated);
  service.clock.nowMs += 10 * 60_000;
  const { status, body } = await send({ text: 'revoke' }, repeated);
  expect([status, body.shown.title]).toEqual([200, 'This request was received before']);
  expect([calls.length, deliveries.length]).toEqual([1, 1]);
  expect(logged()).toContain('seen-already');
});

test('of the same request twice at the same time, one is carried out', async () => {
  const repeated = { headers: { 'x-fake-delivery': 'at-the-same-time' } };
  await Promise.all([send({ text: 'revoke' }, repeated), send({ text: 'revoke' }, repeated)]);
  expect(calls).toHaveLength(1);
});

test.each(['keys', 'list', 'revoke', 'help', 'approve'])(
  'somebody who is not mapped gets the same answer to %s: what an administrator must run',
  async (text) => {
    const { status, body } = await send({ text, user: 'UNKNOWN' });
    expect([status, calls]).toEqual([200, []]);
    expect(body.shown).toMatchObject({
      title: 'I do not know you yet',
      tone: 'bad',
      sentences: [
        'Ask an administrator of this service to map you to your user:',
        'npm run admin -- map --source bot --identity bot:T1:UNKNOWN --principal <your user id>',
      ],
      data: { refused: 'unmapped', identity: 'bot:T1:UNKNOWN' },
    });
  },
);

test('whoami tells somebody who is not mapped the identity to map, quoted for a shell', async () => {
  const { body } = await send({ text: 'whoami', user: "O'Hara; rm" });
  expect(body.shown.title).toBe('You are not mapped to a user');
  expect(body.shown.sentences[1]).toContain(`--identity 'bot:T1:O'\\''Hara; rm' --principal`);
  expect(body.shown.facts).toEqual([{ name: 'Your identity', value: "bot:T1:O'Hara; rm" }]);
});

test('a mapping of another case, or for all sources, lets nobody act', async () => {
  for (const user of ['u1', 'ANYWHERE']) {
    expect((await send({ text: 'list', user })).body.shown.data.refused).toBe('unmapped');
  }
});

test.each([
  ['TWO', 'several-principals'],
  ['GONE', 'no-user'],
])('the person %s is refused: %s', async (user, reason) => {
  expect((await send({ text: 'list', user })).body.shown.data).toEqual({ refused: reason });
  expect(calls).toEqual([]);
  expect(logged()).toContain(reason);
});

test('a person is found by identity too, for the second look at whoever asked', async () => {
  const { store, config } = service.services;
  const source = (await chatSourcesOf({ config, store })()).get('bot');
  if (!source) throw new Error('no source');
  const find = (identity: string) => personOf({ store }, source, identity, 'r1');
  expect(await find('bot:T1:U1')).toMatchObject({ principal: service.administrator.user_id });
  expect(await Promise.all(['bot:T1:UNKNOWN', 'bot:T1:TWO', 'bot:T1:GONE'].map(find))).toEqual(
    Array(3).fill(undefined),
  );
});

test('a user who is disabled is refused from the next command on', async () => {
  const user = await service.addUser('leaver', 'KMS Administrator');
  await service.services.store.mappings.put({ source: 'bot', identity: 'bot:T1:LEAVER', grantee: user.user_id });
  expect((await send({ text: 'list', user: 'LEAVER' })).body.shown.title).toBe('answer to list');
  await service.services.store.directory.setUserEnabled(user.user_id, false);
  expect((await send({ text: 'list', user: 'LEAVER' })).body.shown.data).toEqual({ refused: 'no-user' });
});

test.each([
  ['bot', 'READER', 'revoke'],
  ['bot', 'READER', 'revoke-all'],
  ['reading', 'U1', 'revoke'],
  ['reading', 'U1', 'revoke-all'],
])('on %s, %s may not %s: the role or the source does not allow it', async (source, user, text) => {
  const { body } = await send({ text, user }, { source });
  expect(body.shown).toMatchObject({ title: `You may not use ${text} here`, data: { refused: 'not-allowed' } });
  expect(body.shown.sentences.join()).toContain('kms:grant:revoke-any');
  expect(calls).toEqual([]);
});

test('a refusal is in the language of the person', async () => {
  expect((await send({ text: 'list', user: 'UNKNOWN', locale: 'zh' })).body.shown.title).toBe('尚未识别您的身份');
});

test('more than 30 commands of a person in a minute are refused, and those of others are not', async () => {
  for (let count = 0; count < 30; count += 1) await send({ text: 'list' });
  expect((await send({ text: 'list' })).body.shown.data).toEqual({ refused: 'too-many' });
  expect((await send({ text: 'list', user: 'READER' })).body.shown.title).toBe('answer to list');
  service.clock.nowMs += 60_000;
  expect((await send({ text: 'list' })).body.shown.title).toBe('answer to list');
});

test('an error of the service is shown with its code and text, and any other one only as a failure', async () => {
  behave = () => {
    throw new KmsError('KMS.0207');
  };
  expect((await send({ text: 'list' })).body.shown).toMatchObject({
    title: 'Refused (KMS.0207)',
    tone: 'bad',
    sentences: ['The key does not exist.'],
  });
  behave = () => {
    throw new Error('at https://hooks.slack.com/actions/T1/secret');
  };
  const { status, body } = await send({ text: 'list' });
  expect([status, body.shown.title]).toEqual([200, 'Something failed here']);
  expect(JSON.stringify(body)).not.toContain('hooks.slack.com');
  expect(logged()).toContain('at <url>');
  expect(logged()).not.toContain('hooks.slack.com');
});

test('an answer that cannot be shown does not claim that nothing was done', async () => {
  hooks.beforeReply = () => {
    hooks.beforeReply = () => {};
    throw new Error('cannot be rendered');
  };
  expect((await send({ text: 'revoke' })).body.shown.title).toBe('The answer cannot be shown here');
  expect(calls).toHaveLength(1);
});

function newRequest(requestId: string): ChatRequest {
  const { nowMs } = service.clock;
  const { project_id, user_id } = { ...service.demo, ...service.administrator };
  return {
    requestId,
    source: 'bot',
    kind: 'bot',
    locale: 'en',
    state: 'asked',
    target: { action: 'revoke', projectIds: [project_id] },
    digest: '00',
    grantCount: 1,
    people: 2,
    requester: { identity: 'bot:T1:U1', principal: user_id },
    place: { channelId: 'C1', isDirect: false },
    createdAtMs: nowMs,
    expiresAtMs: nowMs + 900_000,
    revision: 0,
  };
}

test('an answer that is too late for the reply is delivered instead, and is not in the reply', async () => {
  hooks.replyMsMax = 0;
  expect((await send({ text: 'list' })).body).toEqual({ shown: null });
  expect(deliveries.map(({ message }) => message.view.title)).toEqual(['answer to list']);
});

test('what the reply does not take is delivered first, and the stored request learns where its card is', async () => {
  const requests = chatRequests(service.services.store.idempotency, () => service.clock.nowMs);
  await requests.add(newRequest('a'.repeat(32)));
  behave = () => [
    message('asked'),
    message('card', { audience: 'channel', about: { requestId: 'a'.repeat(32), part: 'card' } }, 'a'.repeat(32)),
  ];
  expect((await send({ text: 'revoke' })).body.shown.title).toBe('asked');
  expect(deliveries.map(({ message }) => message.view.title)).toEqual(['card']);
  expect((await requests.find('a'.repeat(32)))?.card).toMatchObject({ channelId: 'C1', messageId: 'm1' });

  // A typed button replaces that card; a pressed one the card that it is on.
  behave = () => [message('receipt', { audience: 'channel', replacesCard: true })];
  await send({ text: `approve ${'a'.repeat(32)}` });
  await send({ type: 'press', button: 'approve', requestId: 'b'.repeat(32), place: { messageId: 'm7' } });
  expect(deliveries.slice(1).map(({ place }) => place.messageId)).toEqual(['m1', 'm7']);
  expect(calls.map(({ command }) => command)).toEqual([
    { name: 'revoke' },
    { name: 'approve', requestId: 'a'.repeat(32) },
    { name: 'approve', requestId: 'b'.repeat(32) },
  ]);
});

test('a platform gets the secret that a setting refers to', async () => {
  behave = () => [message('card', { audience: 'channel' })];
  await send({ text: 'list' });
  expect(deliveries[0]?.settings).toEqual({ workspaces: ['T1'], token: 'xoxb-of-the-test' });
});

test('a delivery that fails is logged without its address, and the person still gets the reply', async () => {
  hooks.beforeDelivery = async () => {
    throw new Error('POST https://hooks.slack.com/actions/T1/secret failed');
  };
  behave = () => [message('to you'), message('to all', { audience: 'channel' })];
  expect((await send({ text: 'revoke' })).body.shown.title).toBe('to you');
  expect(logged()).toContain('POST <url> failed');
});

test('a delivery that hangs does not hold the reply back', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  hooks.beforeDelivery = () => promise;
  behave = () => [message('to you'), message('to all', { audience: 'channel' })];
  expect((await send({ text: 'revoke' })).body.shown.title).toBe('to you');
  expect(logged()).toContain('a delivery took longer than');
  resolve();
});

test('the log has the person and the command by name, and neither the text nor the secret', async () => {
  await send({ text: 'list text-of-a-command' });
  expect(logged()).toContain('"identity":"bot:T1:U1","command":"list"');
  expect(logged()).toContain(`"user":"${service.administrator.user_id}"`);
  expect(logged()).not.toMatch(/text-of-a-command|fake-platform-secret/);
});
