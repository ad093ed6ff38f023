/**
 * The admin commands for provisioned users.
 * Also tests: lib/scim/administration.ts.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ProvisionedUser } from '../../../lib/domain/provisioned.ts';
import { openSqliteStore } from '../../../lib/store/sqlite/sqlite.ts';
import type { Store } from '../../../lib/store/store.ts';
import { adminCommands } from '../../support/admin.ts';

const ANN: ProvisionedUser = {
  source: 'entra',
  type: 'User',
  id: '01a226ad-0b37-7bf4-b9f7-ca573154096d',
  userName: 'Ann',
  externalId: 'Ext-7',
  active: true,
  name: { givenName: 'Ann' },
  emails: [{ value: 'ann@example.com' }],
  granteePrincipal: 'stated',
  createdAtMs: 1_795_881_603_998,
  modifiedAtMs: 1_795_881_603_998,
  version: 1,
};
const BOB: ProvisionedUser = {
  ...ANN,
  id: '01a226ad-0b38-7bf4-b9f7-ca573154096d',
  userName: 'Bob',
  externalId: 'Ext-8',
};

let dataDir: string;
let store: Store;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  const { project_id } = await runJson('create-project', '--domain', 'acme', '--name', 'reports');
  store = openSqliteStore(join(dataDir, 'kms-grants.db'));
  for (const user of [ANN, BOB, { ...ANN, source: 'other' }]) await store.scim.add(user);
  const common = { kind: 'scim', secrets: ['secret-0123456789'], projects: [project_id] };
  const actions = ['principal.disabled'];
  const sources = { entra: { ...common, actions, principal_attribute: true }, other: { ...common, actions } };
  writeFileSync(join(dataDir, 'hooks.json'), JSON.stringify(sources), { mode: 0o600 });
});
afterAll(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true });
});

const { run, runJson } = adminCommands(() => ({ DATA_DIR: dataDir, HOOKS: `file:${join(dataDir, 'hooks.json')}` }));

const user = (source: string, id: string) => ['--source', source, '--scim-user', id];

test('the command scim-users lists the users of a source, with their principals if the settings trust them', async () => {
  expect(await runJson('scim-users', '--source', 'entra')).toMatchObject([
    { user_id: ANN.id, user_name: 'Ann', external_id: 'Ext-7', active: true, grantee_principal: 'stated' },
    { user_id: BOB.id, user_name: 'Bob' },
  ]);
  const [other] = await runJson('scim-users', '--source', 'other');
  expect([other.stated_principal, other.grantee_principal]).toEqual(['stated', undefined]);
  const { out } = await run('scim-users', '--source', 'entra', '--limit', '1');
  expect(out).toContain('1 of 2 users');
  expect(await runJson('scim-users', '--source', 'nobody')).toEqual([]);
});

test('the command scim-user prints what is stored about a provisioned user', async () => {
  expect(await runJson('scim-user', ...user('entra', ANN.id))).toMatchObject({
    source: 'entra',
    user_name: 'Ann',
    name: 'Ann',
    emails: 'ann@example.com',
  });
});

test('the command scim-set-principal assigns a principal to a provisioned user, and scim-clear-principal removes it', async () => {
  const principal = '0c1f6e9ab3d84f7f9d2a5b6c7e8f9012';
  const changed = await runJson('scim-set-principal', ...user('entra', ANN.id), '--principal', principal);
  expect(changed.grantee_principal).toBe(principal);
  expect(await store.scim.find('entra', 'User', ANN.id)).toMatchObject({
    assignedPrincipal: principal,
    granteePrincipal: 'stated',
    version: 2,
  });
  expect((await runJson('scim-clear-principal', ...user('entra', ANN.id))).grantee_principal).toBe('stated');
  expect(await store.scim.find('entra', 'User', ANN.id)).not.toHaveProperty('assignedPrincipal');
});

test('the command scim-remove deletes a provisioned user', async () => {
  expect(await runJson('scim-remove', ...user('entra', BOB.id))).toEqual({ removed: 'Bob', source: 'entra' });
  expect(await store.scim.find('entra', 'User', BOB.id)).toBeUndefined();
});

test.each([
  ['scim-user', ...user('entra', 'nobody')],
  ['scim-remove', ...user('entra', 'nobody')],
  ['scim-clear-principal', ...user('entra', 'nobody')],
  ['scim-set-principal', ...user('entra', 'nobody'), '--principal', 'a'],
  ['scim-set-principal', ...user('entra', ANN.id), '--principal', '../a'],
  ['scim-users', '--source', 'A b'],
])('the command %s %s %s %s %s %s fails and changes nothing', async (...args) => {
  const before = await store.scim.list('entra', 'User', 0, 10);
  const { code, err } = await run(...args);
  expect([code, err]).toEqual([1, expect.stringMatching(/no such provisioned user|must be/)]);
  expect(await store.scim.list('entra', 'User', 0, 10)).toEqual(before);
});
