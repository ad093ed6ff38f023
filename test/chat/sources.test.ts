/**
 * Chat sources in the setting HOOKS, beside webhook sources.
 * Also tests: lib/webhooks/hooks.ts, lib/webhooks/all-sources.ts, lib/chat/platforms.ts, lib/chat/source.ts.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { PLATFORMS } from '../../lib/chat/platforms.ts';
import { CHAT_ACTIONS } from '../../lib/chat/source.ts';
import { CHAT_SOURCES, chatSourcesOf } from '../../lib/chat/sources.ts';
import { parseConfig } from '../../lib/config.ts';
import { receiveChat as receiveWithoutChat } from '../../lib/handlers/no-chat.ts';
import { logger } from '../../lib/logger.ts';
import { SignatureError } from '../../lib/signing/signed-request.ts';
import type { DirectoryStore } from '../../lib/store/store.ts';
import { readAllSources } from '../../lib/webhooks/all-sources.ts';
import { CHAT_ROUTE_NAMES, parseHooks } from '../../lib/webhooks/hooks.ts';
import { WEBHOOKS } from '../../lib/webhooks/inbound/local-kinds.ts';
import { readRoutes } from '../../local/routes.ts';
import { ALL_ACTIONS, SECRET } from '../webhooks/fixture.ts';
import { FAKE_SECRET, fakePlatform } from './fake-platform.ts';

const { platform } = fakePlatform();
for (const kind of ['slack', 'feishu', 'mattermost', 'bot'] as const) delete PLATFORMS[kind];
Object.assign(PLATFORMS, { slack: platform, bot: platform });

const SLACK = { kind: 'slack', secrets: [FAKE_SECRET], projects: ['p1'], workspaces: ['T1'] };
const HR = { kind: 'standard', secrets: [SECRET], projects: ['p1'], actions: ALL_ACTIONS };

const parse = (settings: object, config = {}) =>
  parseHooks(JSON.stringify(settings), [CHAT_SOURCES], { ...parseConfig({}), ...config });

const folder = mkdtempSync(join(tmpdir(), 'kms-grants-chat-sources-'));
const hooksPath = join(folder, 'hooks.json');
const tokenPath = join(folder, 'token');
const write = (settings: object) => writeFileSync(hooksPath, JSON.stringify(settings));
afterAll(() => rmSync(folder, { recursive: true }));

/** Services with the setting HOOKS and the project p1. */
function services(env: Record<string, string> = {}) {
  const directory = {
    project: async (projectId: string) =>
      projectId === 'p1' ? { projectId, domainId: 'd1', name: 'east' } : undefined,
  };
  const config = parseConfig({ HOOKS: `file:${hooksPath}`, ...env });
  return { config, store: { directory: directory as unknown as DirectoryStore } };
}

test('a chat source has its name, kind, secrets, projects, actions and the settings of its platform', () => {
  expect(parse({ oncall: { ...SLACK, actions: ['list', 'revoke'], may_approve: true } }).get('oncall')).toEqual({
    name: 'oncall',
    kind: 'slack',
    secrets: [FAKE_SECRET],
    projectIds: ['p1'],
    actions: ['list', 'revoke'],
    mayApprove: true,
    settings: { workspaces: ['T1'] },
  });
});

test('by default a chat source may be used for everything but approvals; a bot must say what for', () => {
  expect(parse({ slack: SLACK }).get('slack')).toMatchObject({ actions: CHAT_ACTIONS, mayApprove: false });
  expect(() => parse({ bot: { ...SLACK, kind: 'bot' } })).toThrow('bot.actions: is missing: must be a list');
});

test.each<[string, object, string]>([
  ['a misspelt field', { ...SLACK, workspace: 'T1' }, 'slack: unknown field workspace'],
  ['a missing setting of the platform', { ...SLACK, workspaces: undefined }, 'slack.workspaces: '],
  ['an unknown action', { ...SLACK, actions: ['delete'] }, 'slack.actions.0: must be one of: keys, list'],
  ['the action of a webhook', { ...SLACK, actions: ['grant.revoke'] }, 'slack.actions.0: must be one of'],
  ['a may_approve that is no boolean', { ...SLACK, may_approve: 'yes' }, 'slack.may_approve: must be true or false'],
  ['a malformed secret', { ...SLACK, secrets: ['short'] }, 'slack.secrets.0: must be at least 16'],
  ['a token in place of its reference', { ...SLACK, token: 'xoxb-1' }, 'slack.token: must be file:<path> or aws:'],
  ['a token of AWS without AWS_REGION', { ...SLACK, token: 'aws:slack' }, 'slack.token: AWS_REGION must be set'],
  ['a kind without a platform', { ...SLACK, kind: 'feishu' }, 'slack.kind: must be one of: slack, bot, standard'],
])('a source with %s is refused with its place, and without the secret', (_, source, line) => {
  const problems = () => parse({ slack: source });
  expect(problems).toThrow(`HOOKS cannot be used:\n  ${line}`);
  expect(problems).toThrow(expect.not.objectContaining({ message: expect.stringMatching(/xoxb|fake-platform-s/) }));
});

test('a project outside of PROJECTS is refused', () => {
  expect(() => parse({ slack: SLACK }, { projects: ['p2'] })).toThrow('slack.projects: p1 is not one of PROJECTS');
});

test('IDENTITY=keystone is refused with a text that says what chat needs', () => {
  const keystone = { endpoint: 'https://iam.example.com', cacheSeconds: 30 };
  expect(() => parse({ slack: SLACK }, { keystone })).toThrow(
    'slack.kind: chat needs IDENTITY=directory, because the roles of a person are looked up in the directory',
  );
});

test('a document has sources of both; each function gets its own, and npm start the problems of all', async () => {
  write({ slack: SLACK, hr: HR });
  const text = readFileSync(hooksPath, 'utf8');
  expect([...parseHooks(text, [CHAT_SOURCES]).keys()]).toEqual(['slack']);
  expect([...parseHooks(text, [WEBHOOKS.family]).keys()]).toEqual(['hr']);
  expect([...(await readAllSources(services())).keys()]).toEqual(['slack', 'hr']);
  write({ slack: { ...SLACK, secrets: ['short'] }, hr: { ...HR, secrets: ['shorter'] } });
  await expect(readAllSources(services())).rejects.toThrow(/slack\.secrets\.0: .*\n {2}hr\.secrets\.0: /);
  writeFileSync(hooksPath, JSON.stringify({ slack: SLACK }).replace('}}', '},"slack":{}}'));
  await expect(readAllSources(services())).rejects.toThrow('HOOKS cannot be used');
});

test('the names that serverless.yml routes to the function chat are only for chat', () => {
  const routes = readRoutes().filter(({ name }) => name === 'chat');
  expect(routes.map(({ key }) => key)).toEqual(CHAT_ROUTE_NAMES.map((name) => `POST /hooks/${name}`));
  for (const name of CHAT_ROUTE_NAMES) {
    const settings = JSON.stringify({ [name]: HR });
    expect(() => parseHooks(settings, [WEBHOOKS.family])).toThrow(`${name}: this name is only for chat`);
  }
});

test('when deployed, a chat source without a route of its own gets the reply to an unknown source, and the log says why', async () => {
  const reply = receiveWithoutChat(...([] as unknown as Parameters<typeof receiveWithoutChat>));
  await expect(reply).rejects.toMatchObject({
    code: 'APIGW.0301',
    detail: 'Check the name of the source in the URL, its secret or signature, and its clock.',
    cause: new SignatureError(
      'there is no such source of webhooks; a chat source of this name needs a route to the function chat in serverless.yml',
    ),
  });
});

let clock: ReturnType<typeof jest.spyOn>;
let nowMs = 1_000;
beforeEach(() => {
  clock = jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
});
afterEach(() => clock.mockRestore());

test('a secret that a setting refers to is read with HOOKS, and again when it may have changed', async () => {
  write({ slack: { ...SLACK, token: `file:${tokenPath}` } });
  writeFileSync(tokenPath, 'xoxb-1\n', { mode: 0o600 });
  const sources = chatSourcesOf(services());
  const token = async () => (await sources()).get('slack')?.settings;
  expect(await token()).toEqual({ workspaces: ['T1'], token: 'xoxb-1' });
  writeFileSync(tokenPath, 'xoxb-2\n');
  nowMs += 10_000;
  expect(await token()).toEqual({ workspaces: ['T1'], token: 'xoxb-2' });

  const errorLog = jest.spyOn(logger, 'error').mockImplementation(() => undefined);
  writeFileSync(tokenPath, '\n');
  nowMs += 10_000;
  expect(await token()).toEqual({ workspaces: ['T1'], token: 'xoxb-2' });
  expect(errorLog).toHaveBeenCalledWith('settings', {
    setting: 'HOOKS',
    cause: 'HOOKS cannot be used:\n  slack.token: the secret is empty',
  });
  errorLog.mockRestore();
});

test('a secret that cannot be read, or that others may read, is refused at the first read', async () => {
  write({ slack: { ...SLACK, token: `file:${tokenPath}` }, other: { ...SLACK, token: 'file:/no/such/file' } });
  writeFileSync(tokenPath, 'xoxb-1', { mode: 0o600 });
  chmodSync(tokenPath, 0o644);
  const problems = chatSourcesOf(services())();
  await expect(problems).rejects.toThrow(/slack\.token: other users of this machine may read it\. Run: chmod 600/);
  await expect(problems).rejects.toThrow(/other\.token: ENOENT/);
});

test('a project that the directory does not have is refused', async () => {
  write({ slack: { ...SLACK, projects: ['p1', 'p2'] } });
  await expect(chatSourcesOf(services())()).rejects.toThrow('slack.projects: there is no project p2');
});

test('a reload that makes chat impossible keeps the previous sources', async () => {
  write({ slack: SLACK });
  const sources = chatSourcesOf(services());
  expect((await sources()).has('slack')).toBe(true);
  const errorLog = jest.spyOn(logger, 'error').mockImplementation(() => undefined);
  write({ slack: { ...SLACK, kind: 'feishu' } });
  nowMs += 10_000;
  expect((await sources()).get('slack')?.kind).toBe('slack');
  expect(errorLog).toHaveBeenCalledTimes(1);
  errorLog.mockRestore();
});
