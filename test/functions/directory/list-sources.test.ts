/** Also tests: lib/webhooks/serialize-source.ts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { logger } from '../../../lib/logger.ts';
import { okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { type DirectoryService, startDirectoryService } from './fixture.ts';

/** Test values only; each is a secret of another kind. */
const WEBHOOK_SECRET = 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz';
const SIGNING_SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const BOT_TOKEN = 'bot-token-of-slack';
const APP_SECRET = 'app-secret-of-feishu';
const ENCRYPT_KEY = 'kudryavka-encrypt-key';
const VERIFICATION_TOKEN = 'v1-verification-token-of-feishu';
const MATTERMOST_TOKEN = 'xr3j5x3p4pfk7kk6ck7b4e6ghh';
const PRESS_SECRET = 'press-secret-press-secret-press-secret';

let service: DirectoryService;
beforeAll(async () => {
  service = await startDirectoryService();
});
afterAll(() => service.stop());

function documentOf(projects: string[]) {
  const secretFile = (name: string, secret: string) => {
    const path = join(service.dataDir, name);
    writeFileSync(path, secret);
    return `file:${path}`;
  };
  return {
    idp: { kind: 'standard', secrets: [WEBHOOK_SECRET], projects, actions: ['principal.disabled'] },
    slack: {
      kind: 'slack',
      secrets: [SIGNING_SECRET],
      projects,
      apps: ['A0123ABCDEF'],
      workspaces: ['T0123ABCDEF'],
      bot_token: secretFile('slack-token', BOT_TOKEN),
    },
    feishu: {
      kind: 'feishu',
      secrets: [ENCRYPT_KEY],
      projects,
      app_id: 'cli_a5fb0ae6a4123456',
      app_secret: secretFile('feishu-secret', APP_SECRET),
      verification_token: VERIFICATION_TOKEN,
      tenants: ['2ca1d211f64f6438'],
      host: 'lark',
    },
    mattermost: {
      kind: 'mattermost',
      secrets: [MATTERMOST_TOKEN],
      projects,
      url: 'https://chat.example.com',
      workspaces: ['qh8x9t8sp3n6dbxnuxj6cbxq4a'],
      press_secret: PRESS_SECRET,
      public_url: 'https://kms.example.com',
      actions: ['list'],
      may_approve: true,
    },
    signals: {
      kind: 'ssf',
      projects,
      actions: ['principal.disabled'],
      mode: 'observe',
      maxPrincipals: 5,
      issuer: 'https://idp.example.com/',
      audience: 'kms',
      jwks_uri: 'https://idp.example.com/jwks',
    },
    theirs: {
      kind: 'standard',
      secrets: [WEBHOOK_SECRET],
      projects: [service.stranger.project_id],
      actions: ['grant.revoke'],
    },
  };
}

const list = (user: Parameters<DirectoryService['kms']>[0], projectId?: string) =>
  service.kms(user, 'list-sources', {}, projectId);

test('a HOOKS document that became invalid is 500 KMS.0101, and neither its text nor the log has a part of it', async () => {
  const error = jest.spyOn(logger, 'error');
  service.setSources(`{"idp":{"secrets":["${WEBHOOK_SECRET}"]}`);
  const answer = await list(service.tenant);
  expectError(answer, [500, 'KMS.0101']);
  expect(answer.body.error_msg).toBe('KMS error.');
  const logged = JSON.stringify(error.mock.calls);
  expect(logged).toContain('HOOKS cannot be used');
  expect(logged).not.toContain(WEBHOOK_SECRET);
  error.mockRestore();
});

test('te_admin lists the sources of the domain with their settings, and without secrets or paths of files', async () => {
  const projects = [service.demo.project_id];
  service.setSources(documentOf(projects));
  const { sources } = okBody(await list(service.tenant));
  const chat = ['keys', 'list', 'who', 'show', 'events', 'job', 'revoke', 'revoke-all'];
  expect(sources).toEqual([
    {
      name: 'idp',
      kind: 'standard',
      purpose: 'webhook',
      path: '/hooks/idp',
      projects,
      actions: ['principal.disabled'],
      mode: 'revoke',
      max_principals: 100,
      open_jobs: 0,
    },
    {
      name: 'slack',
      kind: 'slack',
      purpose: 'chat',
      path: '/hooks/slack',
      projects,
      actions: chat,
      may_approve: false,
      open_jobs: 0,
      apps: ['A0123ABCDEF'],
      workspaces: ['T0123ABCDEF'],
    },
    {
      name: 'feishu',
      kind: 'feishu',
      purpose: 'chat',
      path: '/hooks/feishu',
      projects,
      actions: chat,
      may_approve: false,
      open_jobs: 0,
      app_id: 'cli_a5fb0ae6a4123456',
      tenants: ['2ca1d211f64f6438'],
      host: 'lark',
    },
    {
      name: 'mattermost',
      kind: 'mattermost',
      purpose: 'chat',
      path: '/hooks/mattermost',
      projects,
      actions: ['list'],
      may_approve: true,
      open_jobs: 0,
      workspaces: ['qh8x9t8sp3n6dbxnuxj6cbxq4a'],
      url: 'https://chat.example.com',
    },
    {
      name: 'signals',
      kind: 'ssf',
      purpose: 'webhook',
      path: '/hooks/signals/events',
      projects,
      actions: ['principal.disabled'],
      mode: 'observe',
      max_principals: 5,
      open_jobs: 0,
      issuer: 'https://idp.example.com/',
    },
  ]);
  const text = JSON.stringify(sources);
  for (const secret of [WEBHOOK_SECRET, SIGNING_SECRET, BOT_TOKEN, APP_SECRET, ENCRYPT_KEY, VERIFICATION_TOKEN]) {
    expect(text).not.toContain(secret);
  }
  for (const secret of [MATTERMOST_TOKEN, PRESS_SECRET, service.dataDir, 'file:']) expect(text).not.toContain(secret);
});

test('te_admin of another domain sees only the sources of that domain', async () => {
  const { sources } = okBody(await list(service.stranger, service.stranger.project_id));
  expect(sources.map(({ name }: { name: string }) => name)).toEqual(['theirs']);
});

test('open_jobs counts the jobs of the source that have not ended', async () => {
  const { jobs } = service.services.store;
  for (const n of [1, 2]) {
    await jobs.add({
      jobId: String(n).repeat(32),
      source: 'idp',
      deliveryId: `msg-${n}`,
      receivedAtMs: service.clock.nowMs,
      projectIds: [service.demo.project_id],
      tasks: [],
      state: 'queued',
      revision: 0,
      dueAtMs: service.clock.nowMs + 3_600_000,
      failedAttempts: 0,
      revoked: 0,
      leftovers: [],
      unmapped: [],
    });
  }
  const { sources } = okBody(await list(service.tenant));
  expect(sources.map(({ open_jobs }: { open_jobs: number }) => open_jobs)).toEqual([2, 0, 0, 0, 0]);
});

test('KMS Administrator and Security Administrator list no sources: 403 KMS.0307', async () => {
  const security = await service.addUser('security', 'Security Administrator');
  for (const user of [service.administrator, security]) {
    const answer = await list(user);
    expectError(answer, [403, 'KMS.0307']);
    expect(answer.body.error_msg).toContain('The role lacks iam:directory:manage.');
  }
});
