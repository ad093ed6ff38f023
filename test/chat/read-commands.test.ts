/**
 * Who may use which command, and what is told to those who may not.
 * Also tests: lib/chat/read-commands/help.ts, lib/chat/wording/reading.ts, lib/chat/wording/counts.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CHAT_ACTIONS } from '../../lib/chat/source.ts';
import { READING } from '../../lib/chat/wording/reading.ts';
import {
  CREATOR,
  FOREIGN_PROJECT,
  openStandaloneFixture,
  PROJECT,
  type StandaloneFixture,
} from '../authority/standalone/fixture.ts';
import { ask, contextIn, factsIn } from './fixture.ts';

let fixture: StandaloneFixture;
beforeAll(async () => {
  fixture = await openStandaloneFixture();
  const { directory } = fixture.store;
  await directory.addProject({ projectId: PROJECT, domainId: 'd1', name: 'shop' }, { domainId: 'd1', name: 'acme' });
  await directory.addUser({ userId: CREATOR, domainId: 'd1', name: 'ann', passwordHash: '', enabled: true });
});
afterAll(() => fixture.close());

const READER = [contextIn(PROJECT, ['KMS CMKReadOnlyAccess'])];
const POWERLESS = [contextIn(PROJECT, ['Security Administrator'])];
const titles = (view: Awaited<ReturnType<typeof ask>>) => view.rows.map(({ title }) => title.split(' ')[0]);

describe('help', () => {
  test('shows an administrator every command with its usage and an example', async () => {
    const view = await ask(fixture, 'help');
    expect(titles(view)).toEqual([...CHAT_ACTIONS, 'help', 'whoami']);
    expect(view.rows[1]).toEqual({
      title: 'list <key>',
      details: ['Lists who may use a key. A key is named by its alias or its id.', 'Example: list orders'],
    });
    expect(view.data['commands']).toHaveLength(10);
  });

  test('shows only what the roles allow and the source offers', async () => {
    expect(titles(await ask(fixture, '', { contexts: READER }))).not.toContain('revoke');
    const source = { actions: ['list', 'revoke'] as const };
    expect(titles(await ask(fixture, '', { contexts: READER, source }))).toEqual(['list', 'help', 'whoami']);
  });

  test('says so when the roles allow nothing', async () => {
    const view = await ask(fixture, 'help', { contexts: POWERLESS });
    expect(titles(view)).toEqual(['help', 'whoami']);
    expect(view.sentences).toEqual([
      'You have no role that allows anything else here. Ask an administrator of this service for one.',
    ]);
  });

  test('of one command shows only that one, unless the person may not use it', async () => {
    expect(titles(await ask(fixture, 'help LIST'))).toEqual(['list']);
    expect(titles(await ask(fixture, 'help revoke', { contexts: READER }))).toContain('keys');
    expect(titles(await ask(fixture, 'help constructor'))).toContain('keys');
  });
});

describe('whoami', () => {
  test('shows the identity, the principal, and the roles in each project', async () => {
    const contexts = [...READER, contextIn(FOREIGN_PROJECT, ['te_admin'])];
    const view = await ask(fixture, 'whoami', { contexts });
    expect(factsIn(view)).toEqual({ Identity: 'slack:T1:U1', 'Principal id': CREATOR, Name: 'ann' });
    expect(view.rows).toEqual([
      { title: 'Project: shop', details: ['Roles: KMS CMKReadOnlyAccess'] },
      { title: `Project: ${FOREIGN_PROJECT}`, details: ['Roles: te_admin'] },
    ]);
    expect(view.data).toEqual({
      identity: 'slack:T1:U1',
      principal: CREATOR,
      projects: [
        { project_id: PROJECT, roles: ['KMS CMKReadOnlyAccess'] },
        { project_id: FOREIGN_PROJECT, roles: ['te_admin'] },
      ],
    });
  });

  test('says whom to ask when the person has no role', async () => {
    const { sentences } = await ask(fixture, 'whoami', { contexts: [] });
    expect(sentences).toEqual([
      'You have no role in any project of this chat source. Ask an administrator of this service for one.',
    ]);
  });

  test('prints an identity with an e-mail address in a direct message only', async () => {
    const identity = 'bot:acme:ann@example.com';
    expect(factsIn(await ask(fixture, 'whoami', { identity }))['Identity']).toBe(identity);
    const inGroup = await ask(fixture, 'whoami', { identity, isDirect: false });
    expect(JSON.stringify(inGroup)).not.toContain('example.com');
  });
});

const GRANT = '0'.repeat(64);
const READS = ['keys', 'list orders', 'who bob', `show ${GRANT}`, 'events orders', `job ${'0'.repeat(32)}`];

describe('a person who may not use a command', () => {
  test.each(READS)('%s: is told the permission that is missing, in which projects, and whom to ask', async (text) => {
    const view = await ask(fixture, text, { contexts: POWERLESS });
    const permission = text === 'keys' ? 'kms:cmk:list' : 'kms:grant:list';
    expect(view).toMatchObject({ title: 'You may not do this', tone: 'bad', facts: [], rows: [] });
    expect(view.sentences).toEqual([
      `You need the permission ${permission} in one of these projects: shop. Ask an administrator of this service for a role that has it.`,
    ]);
  });

  test.each(READS)('%s: is told so when the source does not offer the command', async (text) => {
    const [name = ''] = text.split(' ');
    const actions = CHAT_ACTIONS.filter((action) => action !== name);
    const view = await ask(fixture, text, { source: { actions } });
    expect(view).toMatchObject({ title: 'Not offered here', tone: 'bad', facts: [], rows: [] });
    expect(view.sentences[0]).toContain(`The command ${name} is switched off here.`);
  });
});

describe('a text that is no command', () => {
  test('is answered with the nearest command', async () => {
    const view = await ask(fixture, 'lsit orders');
    expect(view).toMatchObject({ title: 'There is no such command', tone: 'bad' });
    expect(view.sentences).toEqual(['Did you mean: list <key>', 'To see all commands that you may use, type: help']);
    expect(view.data).toEqual({ problem: 'unknown-command', usage: 'list <key>' });
  });

  test('is answered with the usage of its command when an argument is missing', async () => {
    const { title, sentences } = await ask(fixture, 'list');
    expect([title, sentences[0]]).toEqual(['Something is missing in the command', 'How to type it: list <key>']);
    expect(sentences[1]).toMatch(/A key is named by its alias or its id\. Example: list orders/);
  });

  test('is never repeated in the answer', async () => {
    const view = await ask(fixture, 'visit-evil.example now');
    expect(JSON.stringify(view)).not.toContain('evil');
  });
});

describe('Chinese', () => {
  test('answers are in Chinese for people whose locale is zh', async () => {
    const view = await ask(fixture, 'help', { locale: 'zh' });
    expect(view.title).toBe('您在这里可以使用的命令');
    expect(view.rows[1]?.details).toEqual(['列出谁可以使用某个密钥。密钥用别名或 ID 表示。', '示例：list orders']);
  });

  test('has every text of the English wording, and no English sentence', () => {
    const texts = (value: unknown): string[] => {
      if (typeof value === 'function') return [(value as (...values: unknown[]) => string)('key', 'x', 'y')];
      if (typeof value !== 'object' || value === null) return [String(value)];
      return Object.values(value).flatMap(texts);
    };
    const { en, zh } = READING;
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
    const english = new Set(texts(en));
    expect(
      texts(zh).filter(
        (text) => / \w+ \w+ /.test(text) && english.has(text) && !/^(?:list|show|job|who|revoke)/.test(text),
      ),
    ).toEqual([]);
  });
});
