import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AccountError } from '../../lib/identity/accounts.ts';
import { type DirectoryFixture, expectKmsError, openDirectoryFixture } from './fixture.ts';

let fixture: DirectoryFixture;
beforeAll(async () => {
  fixture = await openDirectoryFixture();
});
afterAll(() => fixture.close());

const UNKNOWN_ID = '0'.repeat(32);

/** Everything that accounts can write. */
async function storedAccounts() {
  const { directory } = fixture.store;
  return [await directory.projects(), await directory.users(), await directory.accessKeys()];
}

async function expectRefused(call: Promise<unknown>, message: string, before: unknown): Promise<void> {
  await expect(call).rejects.toEqual(new AccountError(message));
  expect(await storedAccounts()).toEqual(before);
}

test('a project is created with its domain; a second project of the domain uses the same one', async () => {
  const first = await fixture.accounts.createProject('eu-1', 'umbrella');
  const second = await fixture.accounts.createProject('eu-2', 'umbrella');
  expect(first).toEqual({
    domain: { domainId: expect.stringMatching(/^[0-9a-f]{32}$/), name: 'umbrella' },
    project: {
      projectId: expect.stringMatching(/^[0-9a-f]{32}$/),
      domainId: first.domain.domainId,
      name: 'eu-1',
    },
  });
  expect(second.domain).toEqual(first.domain);
  expect(await fixture.store.directory.project(second.project.projectId)).toEqual(second.project);
});

test('generated ids, keys and passwords have the documented forms and are all different', async () => {
  const users = await Promise.all(Array.from({ length: 20 }, (_, index) => fixture.addUser(`user-${index}`)));
  for (const user of users) {
    expect(user.user_id).toMatch(/^[0-9a-f]{32}$/);
    expect(user.access_key).toMatch(/^[A-Z0-9]{20}$/);
    expect(user.secret_key).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(user.password).toMatch(/^[\w-]{24}$/);
  }
  for (const name of ['user_id', 'access_key', 'secret_key', 'password'] as const) {
    expect(new Set(users.map((user) => user[name])).size).toBe(20);
  }
});

test('creating a user returns its id, name, role, domain and password', async () => {
  const user = await fixture.accounts.createUser(fixture.home.project.projectId, 'b.o_b@acme-1', 'te_admin');
  expect(user).toEqual({
    user_id: expect.any(String),
    name: 'b.o_b@acme-1',
    role: 'te_admin',
    domain_id: fixture.home.domain.domainId,
    domain_name: 'acme',
    password: expect.any(String),
  });
  expect(await fixture.store.directory.rolesOf(user.user_id, fixture.home.project.projectId)).toEqual(['te_admin']);
});

test('the same name in two domains names two users', async () => {
  const first = await fixture.addUser('twin');
  const second = await fixture.addUser('twin', 'te_admin', fixture.foreign.project.projectId);
  expect(second.user_id).not.toBe(first.user_id);
});

test.each(['', ' ', 'a b', 'a/b', 'ä', 'a\n', '$(id)', 'x'.repeat(65)])(
  'the name %j is refused, and nothing is stored',
  async (name) => {
    const before = await storedAccounts();
    const message = (what: string) => `the ${what} must be 1 to 64 letters, digits or . _ @ -`;
    await expectRefused(fixture.accounts.createProject(name, 'acme'), message('project name'), before);
    await expectRefused(fixture.accounts.createProject('fine', name), message('domain name'), before);
    const projectId = fixture.home.project.projectId;
    await expectRefused(fixture.accounts.createUser(projectId, name, 'te_admin'), message('user name'), before);
  },
);

test('creating an existing project or user is refused, and nothing is stored', async () => {
  await fixture.addUser('once');
  const before = await storedAccounts();
  await expectRefused(
    fixture.accounts.createProject('eu-test-1', 'acme'),
    'domain acme already has a project eu-test-1',
    before,
  );
  await expectRefused(
    fixture.accounts.createUser(fixture.home.project.projectId, 'once', 'te_admin'),
    'there is already a user once in this domain; add-role gives it a role in a project',
    before,
  );
});

test('an unknown project, user, access key or role is refused with a hint, and nothing is stored', async () => {
  const { accounts, home } = fixture;
  const { user_id } = await fixture.addUser('there');
  const { projectId } = home.project;
  const before = await storedAccounts();
  const noProject = `there is no project ${UNKNOWN_ID}; see list-projects`;
  const noUser = `there is no user ${UNKNOWN_ID}; see list-users`;
  await expectRefused(accounts.createUser(UNKNOWN_ID, 'new', 'te_admin'), noProject, before);
  await expectRefused(accounts.addRole(user_id, UNKNOWN_ID, 'te_admin'), noProject, before);
  await expectRefused(accounts.addRole(UNKNOWN_ID, projectId, 'te_admin'), noUser, before);
  await expectRefused(accounts.createAccessKey(UNKNOWN_ID), noUser, before);
  await expectRefused(accounts.setUserEnabled(UNKNOWN_ID, false), noUser, before);
  await expectRefused(accounts.resetPassword(UNKNOWN_ID), noUser, before);
  await expectRefused(accounts.deleteUser(UNKNOWN_ID), noUser, before);
  const noKey = 'there is no access key NONE; see list-access-keys';
  await expectRefused(accounts.setAccessKeyEnabled('NONE', false), noKey, before);
  await expectRefused(accounts.deleteAccessKey('NONE'), noKey, before);
  await expectRefused(
    accounts.removeRole(user_id, projectId, 'te_admin'),
    `user ${user_id} has no role te_admin in project ${projectId}; see list-users`,
    before,
  );
});

test('an unknown role cannot be given to a user', async () => {
  const { user_id } = await fixture.addUser('roles');
  const before = await storedAccounts();
  const message =
    'unknown role; one of: te_admin, KMS Administrator, kms_adm, KMS CMKFullAccess, KMS CMKReadOnlyAccess, Security Administrator';
  const { projectId } = fixture.home.project;
  await expectRefused(fixture.accounts.createUser(projectId, 'new', 'root'), message, before);
  await expectRefused(fixture.accounts.addRole(user_id, projectId, 'te_Admin'), message, before);
  expect(await fixture.store.directory.rolesOf(user_id, projectId)).toEqual(['KMS CMKFullAccess']);
});

test('adding a role twice adds it once, and removing it once removes it', async () => {
  const { user_id } = await fixture.addUser('twice');
  const { projectId } = fixture.home.project;
  const rolesOf = () => fixture.store.directory.rolesOf(user_id, projectId);
  await fixture.accounts.addRole(user_id, projectId, 'KMS CMKFullAccess');
  expect(await rolesOf()).toEqual(['KMS CMKFullAccess']);
  await fixture.accounts.removeRole(user_id, projectId, 'KMS CMKFullAccess');
  expect(await rolesOf()).toEqual([]);
});

test('a new password replaces the former one, which no longer logs in', async () => {
  const user = await fixture.addUser('forgetful');
  const { password } = await fixture.accounts.resetPassword(user.user_id);
  expect(password).toMatch(/^[\w-]{24}$/);
  await expectKmsError(fixture.issueToken(user), 'Keystone.401');
  expect(await fixture.issueToken({ ...user, password })).toMatch(/^[\w-]{43}$/);
});

test('after a user was deleted, another one can have the name', async () => {
  const first = await fixture.addUser('phoenix');
  await fixture.accounts.deleteUser(first.user_id);
  const second = await fixture.addUser('phoenix');
  await expectKmsError(fixture.issueToken(first), 'Keystone.401');
  expect(await fixture.issueToken(second)).toMatch(/^[\w-]{43}$/);
});

test('all characters are equally likely in secret keys', async () => {
  const { user_id } = await fixture.addUser('many-keys');
  const keys = await Promise.all(Array.from({ length: 1000 }, () => fixture.accounts.createAccessKey(user_id)));
  const counts = new Map<string, number>();
  for (const char of keys.map((key) => key.secret_key).join('')) counts.set(char, (counts.get(char) ?? 0) + 1);
  const expected = 40_000 / 62;
  const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  expect(counts.size).toBe(62);
  // With 61 degrees of freedom, one run in 100 million exceeds 140; a plain `byte % 62` gives about 300.
  expect(chiSquared).toBeLessThan(140);
});
