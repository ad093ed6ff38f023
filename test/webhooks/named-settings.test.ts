/**
 * The settings HOOKS and TARGETS: what is valid, and how soon a change takes effect. Covers `named-settings.ts`,
 * `hooks.ts`, `inbound/sources.ts` and `outbound/targets.ts`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { SecretReference } from '../../lib/clients/secrets.ts';
import { parseConfig } from '../../lib/config.ts';
import { logger } from '../../lib/logger.ts';
import type { DirectoryStore } from '../../lib/store/store.ts';
import { type HooksSettings, parseHooks, refreshingHooks } from '../../lib/webhooks/hooks.ts';
import { WEBHOOKS } from '../../lib/webhooks/inbound/local-kinds.ts';
import { parseTargets, refreshingTargets } from '../../lib/webhooks/outbound/targets.ts';
import {
  ALL_ACTIONS,
  OTHER_SECRET,
  PLAIN_SECRET,
  SECRET,
  startWebhookFixture,
  type WebhookFixture,
} from './fixture.ts';

const HR = { kind: 'standard', secrets: [SECRET], projects: ['p1'], actions: ['grant.revoke'] };
/** A public key verifies signatures of a source, but a target needs a key that signs. */
const PUBLIC_KEY = `whpk_${Buffer.alloc(32, 7).toString('base64')}`;
const SIEM = { url: 'https://siem.example/hooks', secrets: [SECRET] };

const parseSources = (text: string) => parseHooks(text, [WEBHOOKS.family]);

/** By default, every project exists. */
function sourcesIn(
  hooks: SecretReference | undefined,
  directory = { project: async (projectId: string) => ({ projectId, domainId: 'd1', name: 'east' }) } as Directory,
) {
  const config: HooksSettings = { ...parseConfig({}), hooks };
  return refreshingHooks({ config, store: { directory: directory as DirectoryStore } }, [WEBHOOKS.family]);
}
type Directory = Pick<DirectoryStore, 'project'>;

function problemsOf(parse: (text: string) => unknown, settings: unknown): string {
  try {
    parse(typeof settings === 'string' ? settings : JSON.stringify(settings));
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

test('the setting HOOKS is read: each source with its kind, secrets, projects, actions and defaults', () => {
  const sources = parseSources(
    JSON.stringify({ hr: HR, 'git-hub2': { ...HR, kind: 'okta', secrets: [PLAIN_SECRET] } }),
  );
  expect([...sources.keys()]).toEqual(['hr', 'git-hub2']);
  expect(sources.get('hr')).toEqual({
    name: 'hr',
    kind: 'standard',
    secrets: [SECRET],
    projectIds: ['p1'],
    actions: ['grant.revoke'],
    mode: 'revoke',
    maxPrincipals: 100,
    events: new Map([
      ['principal.disabled', 'principal.disabled'],
      ['grant.revoke', 'grant.revoke'],
      ['key.compromised', 'key.compromised'],
    ]),
    settings: {},
  });
  expect(parseSources('{}').size).toBe(0);
});

test.each<[string, unknown, string]>([
  ['invalid JSON', '{"hr"', 'the content: '],
  ['an array', [], 'the content: '],
  ['a name in upper case', { HR }, 'a name: must be 1 to 64'],
  ['a secret in place of a name', { [SECRET]: HR }, 'a name: must be 1 to 64'],
  ['the same name twice', '{"hr":{},"hr":{}}', 'the content: must be a JSON object in which no name occurs twice'],
  ["the name of another API's path", { jobs: HR }, 'jobs: must not be jobs'],
  ['a name with a slash', { 'a/b': HR }, 'a name: must be 1 to 64'],
  ['an unknown kind', { hr: { ...HR, kind: 'teams' } }, 'hr.kind: '],
  ['a name that is only for chat', { slack: HR }, 'slack: this name is only for chat'],
  ['no secret', { hr: { ...HR, secrets: [] } }, 'hr.secrets: '],
  ['a malformed secret', { hr: { ...HR, secrets: [SECRET, 'whsec_Zm9v'] } }, 'hr.secrets.1: must be whsec_ and'],
  [
    'a short plain secret',
    { hr: { ...HR, kind: 'okta', secrets: ['not-so-secret'] } },
    'hr.secrets.0: must be at least 16',
  ],
  ['no project', { hr: { ...HR, projects: [] } }, 'hr.projects: '],
  ['a malformed project id', { hr: { ...HR, projects: ['*'] } }, 'hr.projects.0: '],
  ['no action', { hr: { ...HR, actions: [] } }, 'hr.actions: '],
  ['an unknown action', { hr: { ...HR, actions: ['grant.create'] } }, 'hr.actions.0: '],
  ['no list of actions', { hr: { ...HR, actions: undefined } }, 'hr.actions: is missing: must be a list'],
  [
    'too many projects',
    { hr: { ...HR, projects: Array(101).fill('p1') } },
    'hr.projects: must have at most 100 entries',
  ],
  ['no principals an hour', { hr: { ...HR, maxPrincipals: 0 } }, 'hr.maxPrincipals: must be a whole number from 1 to'],
  [
    'a misspelt event to ignore',
    { hr: { ...HR, events: { 'principal.disable': 'ignore' } } },
    'hr.events.principal.disable: there is no such event; the events are: principal.disabled, grant.revoke',
  ],
  ['a misspelt field', { hr: { ...HR, project: ['p1'] } }, 'hr: '],
])('a source with %s is refused with its place, and without the secret', (_, settings, line) => {
  const problems = problemsOf(parseSources, settings);
  expect(problems).toMatch(/^HOOKS cannot be used:\n {2}/);
  expect(problems).toContain(`\n  ${line}`);
  for (const secret of [SECRET, 'whsec_Zm9v', 'not-so-secret']) expect(problems).not.toContain(secret);
});

test.each<[string, unknown, string]>([
  ['a malformed URL', { siem: { ...SIEM, url: 'siem' } }, 'siem.url: must be https://…'],
  ['plain http', { siem: { ...SIEM, url: 'http://siem.example/' } }, 'siem.url: must be https://…'],
  ['a user name in the URL', { siem: { ...SIEM, url: 'https://a@siem.example/' } }, 'siem.url: '],
  ['a password in the URL', { siem: { ...SIEM, url: 'https://:b@siem.example/' } }, 'siem.url: '],
  ['another URL scheme', { siem: { ...SIEM, url: 'file:///etc/passwd', allow_private: true } }, 'siem.url: '],
  ['a secret that cannot sign', { siem: { ...SIEM, secrets: [PLAIN_SECRET] } }, 'siem.secrets.0: must be whsec_ and'],
  ['a public key', { siem: { ...SIEM, secrets: [PUBLIC_KEY] } }, 'siem.secrets.0: must be whsec_ and'],
])('a target with %s is refused with its place, and without the secret', (_, settings, line) => {
  const problems = problemsOf(parseTargets, settings);
  expect(problems).toMatch(/^TARGETS cannot be used:\n {2}/);
  expect(problems).toContain(`\n  ${line}`);
  for (const secret of [SECRET, PLAIN_SECRET]) expect(problems).not.toContain(secret);
});

test.each<[string, (count: number) => object, number]>([
  ['characters in a name', (count) => ({ ['a'.repeat(count)]: HR }), 64],
  ['secrets', (count) => ({ hr: { ...HR, secrets: Array(count).fill(SECRET) } }), 10],
  ['projects', (count) => ({ hr: { ...HR, projects: Array.from({ length: count }, (_, n) => `p${n}`) } }), 100],
])('the number of %s is limited', (_, settings, max) => {
  expect(problemsOf(parseSources, settings(max))).toBe('none');
  expect(problemsOf(parseSources, settings(max + 1))).toMatch(/^HOOKS cannot be used:/);
});

test('a target may be on this machine if allow_private is true', () => {
  const url = 'http://127.0.0.1:8080/hooks';
  const local = { ...SIEM, url, allow_private: true, projects: ['p1'] };
  expect(parseTargets(JSON.stringify({ siem: SIEM, local }))).toEqual(
    new Map([
      ['siem', { name: 'siem', url: SIEM.url, secrets: [SECRET], projectIds: undefined, isPrivateAllowed: false }],
      ['local', { name: 'local', url, secrets: [SECRET], projectIds: ['p1'], isPrivateAllowed: true }],
    ]),
  );
});

describe('a setting that changes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-hooks-'));
  const path = join(folder, 'hooks.json');
  const write = (settings: unknown) => writeFileSync(path, JSON.stringify(settings));
  afterAll(() => rmSync(folder, { recursive: true }));

  let clock: ReturnType<typeof jest.spyOn>;
  let nowMs: number;
  beforeEach(() => {
    nowMs = 1_000;
    clock = jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  });
  afterEach(() => clock.mockRestore());

  test('a changed setting takes effect after 10 s', async () => {
    const sources = sourcesIn({ kind: 'file', path });
    const secrets = async () => (await sources()).get('hr')?.secrets;
    write({ hr: HR });
    expect(await secrets()).toEqual([SECRET]);
    write({ hr: { ...HR, secrets: [OTHER_SECRET, SECRET] } });
    nowMs += 9_999;
    expect(await secrets()).toEqual([SECRET]);
    nowMs += 1;
    expect(await secrets()).toEqual([OTHER_SECRET, SECRET]);
    write({});
    nowMs += 10_000;
    expect(await secrets()).toBeUndefined();
  });

  test('a byte order mark before the JSON of a file is skipped', async () => {
    writeFileSync(path, `\ufeff${JSON.stringify({ hr: HR })}`);
    expect((await sourcesIn({ kind: 'file', path })()).get('hr')?.secrets).toEqual([SECRET]);
    writeFileSync(path, `\ufeff${JSON.stringify({ siem: { ...SIEM, projects: ['p1'] } })}`);
    expect((await refreshingTargets({ kind: 'file', path })()).has('siem')).toBe(true);
  });

  test('an invalid change is logged without secrets, and the previous setting stays in force', async () => {
    const errorLog = jest.spyOn(logger, 'error').mockImplementation(() => undefined);
    const sources = sourcesIn({ kind: 'file', path });
    write({ hr: HR });
    await sources();
    write({ hr: { ...HR, secrets: [`${SECRET}x`] } });
    nowMs += 10_000;
    expect((await sources()).get('hr')?.secrets).toEqual([SECRET]);
    expect(errorLog).toHaveBeenCalledWith('settings', expect.objectContaining({ setting: 'HOOKS' }));
    expect(JSON.stringify(errorLog.mock.calls)).not.toContain(SECRET);
    errorLog.mockRestore();
  });

  test('a project that the directory does not have is refused at the first read, and later keeps the previous setting', async () => {
    const errorLog = jest.spyOn(logger, 'error').mockImplementation(() => undefined);
    const ids = new Set(['p1']);
    const lookedUp: string[] = [];
    const directory = {
      async project(projectId: string) {
        lookedUp.push(projectId);
        return ids.has(projectId) ? { projectId, domainId: 'd1', name: 'east' } : undefined;
      },
    };
    const problem = 'HOOKS cannot be used:\n  hr.projects: there is no project p2; see npm run admin -- list-projects';
    write({ hr: { ...HR, projects: ['p1', 'p2'] } });
    await expect(sourcesIn({ kind: 'file', path }, directory)()).rejects.toThrow(problem);

    write({ hr: HR });
    const sources = sourcesIn({ kind: 'file', path }, directory);
    const projectIds = async () => (await sources()).get('hr')?.projectIds;
    expect(await projectIds()).toEqual(['p1']);
    write({ hr: { ...HR, projects: ['p2'] } });
    nowMs += 10_000;
    expect(await projectIds()).toEqual(['p1']);
    expect(errorLog).toHaveBeenCalledWith('settings', { setting: 'HOOKS', cause: problem });
    ids.add('p2');
    nowMs += 10_000;
    expect(await projectIds()).toEqual(['p2']);
    nowMs += 10_000;
    await sources();
    expect(lookedUp).toEqual(['p1', 'p2', 'p1', 'p2', 'p2']);
    errorLog.mockRestore();
  });

  test('an invalid or missing setting throws at the first read', async () => {
    write({ hr: { ...HR, kind: 'teams' } });
    await expect(sourcesIn({ kind: 'file', path })()).rejects.toThrow('HOOKS cannot be used');
    await expect(refreshingTargets({ kind: 'file', path: `${path}.not` })()).rejects.toThrow('ENOENT');
  });

  test('without the settings there are no sources and no targets', async () => {
    expect((await sourcesIn(undefined)()).size).toBe(0);
    expect((await refreshingTargets(undefined)()).size).toBe(0);
  });
});

describe('replacing a secret', () => {
  let fixture: WebhookFixture;
  const realNow = performance.now.bind(performance);
  let aheadMs = 0;
  beforeEach(async () => {
    fixture = await startWebhookFixture();
    jest.spyOn(performance, 'now').mockImplementation(() => realNow() + aheadMs);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await fixture.stop();
  });

  test('two secrets of a source are valid at the same time, and one that is removed is not', async () => {
    const source = { ...HR, projects: [fixture.service.demo.project_id], actions: ALL_ACTIONS };
    const event = { type: 'user.created' };
    const statuses = async () => {
      const responses = [await fixture.sendEvent(event), await fixture.sendEvent(event, { secret: OTHER_SECRET })];
      return responses.map(({ status }) => status);
    };
    expect(await statuses()).toEqual([200, 401]);
    for (const [secrets, expected] of [
      [
        [OTHER_SECRET, SECRET],
        [200, 200],
      ],
      [[OTHER_SECRET], [401, 200]],
    ] as const) {
      fixture.setSources({ hr: { ...source, secrets } });
      aheadMs += 10_000;
      expect(await statuses()).toEqual(expected);
    }
    fixture.setSources({ another: source });
    aheadMs += 10_000;
    expect(await statuses()).toEqual([401, 401]);
  });
});
