import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AccountError } from '../../lib/identity/accounts.ts';
import { openWorld, type World } from './fixture.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const NOBODY = '0'.repeat(32);

/** All that the accounts have written. */
async function written() {
  const { directory } = world.store;
  return [await directory.projects(), await directory.users(), await directory.accessKeys()];
}

async function expectRefused(call: Promise<unknown>, message: string, before: unknown): Promise<void> {
  await expect(call).rejects.toEqual(new AccountError(message));
  expect(await written()).toEqual(before);
}

test('a project is made with its domain; a second one of the domain shares it', async () => {
  const first = await world.accounts.createProject('eu-1', 'umbrella');
  const second = await world.accounts.createProject('eu-2', 'umbrella');
  expect(first).toEqual({
    domain: { domainId: expect.stringMatching(/^[0-9a-f]{32}$/), name: 'umbrella' },
    project: {
      projectId: expect.stringMatching(/^[0-9a-f]{32}$/),
      domainId: first.domain.domainId,
      name: 'eu-1',
    },
  });
  expect(second.domain).toEqual(first.domain);
  expect(await world.store.directory.project(second.project.projectId)).toEqual(second.project);
});

test('random credentials have the form of the cloud, and no two are alike', async () => {
  const users = await Promise.all(Array.from({ length: 20 }, (_, index) => world.addUser(`user-${index}`)));
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

test('a new user is told whole, once', async () => {
  const user = await world.accounts.createUser(world.home.project.projectId, 'b.o_b@acme-1', 'te_admin');
  expect(user).toEqual({
    user_id: expect.any(String),
    name: 'b.o_b@acme-1',
    role: 'te_admin',
    domain_id: world.home.domain.domainId,
    domain_name: 'acme',
    password: expect.any(String),
  });
  expect(await world.store.directory.rolesOf(user.user_id, world.home.project.projectId)).toEqual(['te_admin']);
});

test('the same name in another domain is another user', async () => {
  const here = await world.addUser('twin');
  const there = await world.addUser('twin', 'te_admin', world.elsewhere.project.projectId);
  expect(there.user_id).not.toBe(here.user_id);
});

test.each(['', ' ', 'a b', 'a/b', 'ä', 'a\n', '$(id)', 'x'.repeat(65)])(
  '%j is no name, and nothing is made',
  async (name) => {
    const before = await written();
    const bad = (what: string) => `the ${what} must be 1 to 64 letters, digits or . _ @ -`;
    await expectRefused(world.accounts.createProject(name, 'acme'), bad('project name'), before);
    await expectRefused(world.accounts.createProject('fine', name), bad('domain name'), before);
    const projectId = world.home.project.projectId;
    await expectRefused(world.accounts.createUser(projectId, name, 'te_admin'), bad('user name'), before);
  },
);

test('what is there already is refused, and nothing is made', async () => {
  await world.addUser('once');
  const before = await written();
  await expectRefused(
    world.accounts.createProject('eu-test-1', 'acme'),
    'domain acme already has a project eu-test-1',
    before,
  );
  await expectRefused(
    world.accounts.createUser(world.home.project.projectId, 'once', 'te_admin'),
    'there is already a user once in this domain; add-role gives it a role in a project',
    before,
  );
});

test('what is not there is refused with where to look, and nothing is made', async () => {
  const { accounts, home } = world;
  const { user_id } = await world.addUser('there');
  const { projectId } = home.project;
  const before = await written();
  const noProject = `there is no project ${NOBODY}; see list-projects`;
  const noUser = `there is no user ${NOBODY}; see list-users`;
  await expectRefused(accounts.createUser(NOBODY, 'new', 'te_admin'), noProject, before);
  await expectRefused(accounts.addRole(user_id, NOBODY, 'te_admin'), noProject, before);
  await expectRefused(accounts.addRole(NOBODY, projectId, 'te_admin'), noUser, before);
  await expectRefused(accounts.createAccessKey(NOBODY), noUser, before);
  await expectRefused(accounts.setUserEnabled(NOBODY, false), noUser, before);
  await expectRefused(
    accounts.setAccessKeyEnabled('NONE', false),
    'there is no access key NONE; see list-access-keys',
    before,
  );
  await expectRefused(
    accounts.removeRole(user_id, projectId, 'te_admin'),
    `user ${user_id} has no role te_admin in project ${projectId}; see list-users`,
    before,
  );
});

test('a role that is not in the table cannot be given', async () => {
  const { user_id } = await world.addUser('roles');
  const before = await written();
  const message =
    'unknown role; one of: te_admin, KMS Administrator, kms_adm, KMS CMKFullAccess, KMS CMKReadOnlyAccess, Security Administrator';
  const { projectId } = world.home.project;
  await expectRefused(world.accounts.createUser(projectId, 'new', 'root'), message, before);
  await expectRefused(world.accounts.addRole(user_id, projectId, 'te_Admin'), message, before);
  expect(await world.store.directory.rolesOf(user_id, projectId)).toEqual(['KMS CMKFullAccess']);
});

test('a role given twice is there once, and taken away once', async () => {
  const { user_id } = await world.addUser('twice');
  const { projectId } = world.home.project;
  const rolesOf = () => world.store.directory.rolesOf(user_id, projectId);
  await world.accounts.addRole(user_id, projectId, 'KMS CMKFullAccess');
  expect(await rolesOf()).toEqual(['KMS CMKFullAccess']);
  await world.accounts.removeRole(user_id, projectId, 'KMS CMKFullAccess');
  expect(await rolesOf()).toEqual([]);
});

test('secret keys use their whole alphabet evenly', async () => {
  const { user_id } = await world.addUser('many-keys');
  const keys = await Promise.all(Array.from({ length: 1000 }, () => world.accounts.createAccessKey(user_id)));
  const counts = new Map<string, number>();
  for (const char of keys.map((key) => key.secret_key).join('')) counts.set(char, (counts.get(char) ?? 0) + 1);
  const expected = 40_000 / 62;
  const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  expect(counts.size).toBe(62);
  // With 61 degrees of freedom one in a hundred million is over 140; a plain `byte % 62` comes to some 300.
  expect(chiSquared).toBeLessThan(140);
});
