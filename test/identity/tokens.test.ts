import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Caller } from '../../lib/domain/request-context.ts';
import type { NewAccessKey, NewUser } from '../../lib/identity/accounts.ts';
import type { Login } from '../../lib/identity/tokens.ts';
import { expectCode, openWorld, START_MS, type World } from './fixture.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const UNAUTHORIZED = 'The request you have made requires authentication.';
const NO_TOKEN = 'X-Subject-Token is invalid in the request';

let world: World;
let user: NewUser & NewAccessKey;
beforeAll(async () => {
  world = await openWorld();
  user = await world.addUser('ann');
});
beforeEach(() => {
  world.clock.nowMs = START_MS;
});
afterAll(() => world.close());

/** The token object as it is to be told of `user`, issued at START_MS. */
const infoOf = (project: boolean) => ({
  expires_at: '2026-11-23T06:27:27.123000Z',
  issued_at: '2026-11-22T06:27:27.123000Z',
  methods: ['password'],
  user: {
    id: user.user_id,
    name: 'ann',
    domain: { id: world.home.domain.domainId, name: 'acme' },
    password_expires_at: '',
  },
  ...(project && {
    project: {
      id: world.home.project.projectId,
      name: 'eu-test-1',
      domain: { id: world.home.domain.domainId, name: 'acme' },
    },
  }),
  roles: project ? [{ id: '0', name: 'KMS CMKFullAccess' }] : [],
  catalog: [],
});

const byId = (): Login => ({ user: { id: user.user_id }, password: user.password });

test.each<[string, () => Login]>([
  ['all by id', () => ({ ...byId(), project: { id: world.home.project.projectId } })],
  [
    'all by name',
    () => ({
      user: { name: 'ann', domain: { name: 'acme' } },
      password: user.password,
      project: { name: 'eu-test-1' },
    }),
  ],
  [
    'a domain by id',
    () => ({
      user: { name: 'ann', domain: { id: world.home.domain.domainId } },
      password: user.password,
      project: { name: 'eu-test-1' },
    }),
  ],
])('a password gets a token of 24 hours: %s', async (_, login) => {
  const { token, info } = await world.tokens.issue(login());
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(info).toEqual(infoOf(true));
});

test('a login without a project gets a token for none', async () => {
  expect((await world.tokens.issue(byId())).info).toEqual(infoOf(false));
});

test('every login gets a token of its own', async () => {
  const tokens = await Promise.all([1, 2, 3].map(() => world.tokenOf(user)));
  expect(new Set(tokens).size).toBe(3);
});

test.each<[string, (login: Login) => Login]>([
  ['a wrong password', (login) => ({ ...login, password: 'wrong' })],
  ['the password in another case', (login) => ({ ...login, password: swapCase(login.password) })],
  ['an unknown user id', (login) => ({ ...login, user: { id: '0'.repeat(32) } })],
  ['an unknown user name', (login) => ({ ...login, user: { name: 'bob', domain: { name: 'acme' } } })],
  ['an unknown domain name', (login) => ({ ...login, user: { name: 'ann', domain: { name: 'nowhere' } } })],
  ['an unknown domain id', (login) => ({ ...login, user: { name: 'ann', domain: { id: '0'.repeat(32) } } })],
  ['the domain of someone else', (login) => ({ ...login, user: { name: 'ann', domain: { name: 'other' } } })],
  ['an unknown project id', (login) => ({ ...login, project: { id: '0'.repeat(32) } })],
  ['an unknown project name', (login) => ({ ...login, project: { name: 'eu-test-2' } })],
  ['a project without a role', (login) => ({ ...login, project: { id: world.elsewhere.project.projectId } })],
])('%s is refused, and no answer tells which it was', async (_, alter) => {
  await expectCode(world.tokens.issue(alter(byId())), 'Keystone.401', UNAUTHORIZED);
});

test('a disabled user gets no token', async () => {
  const leaver = await world.addUser('leaver');
  await world.accounts.setUserEnabled(leaver.user_id, false);
  await expectCode(world.tokenOf(leaver), 'Keystone.401', UNAUTHORIZED);
});

test('a user whose last role was taken away gets no token for the project', async () => {
  const leaver = await world.addUser('no-roles');
  await world.accounts.removeRole(leaver.user_id, world.home.project.projectId, 'KMS CMKFullAccess');
  await expectCode(world.tokenOf(leaver), 'Keystone.401', UNAUTHORIZED);
});

test('16 logins may be under way; one more is Keystone.429 and, once they are through, welcome', async () => {
  const logins = Array.from({ length: 20 }, () => world.tokens.issue(byId()).then(() => 'issued', codeOf));
  const outcomes = await Promise.all(logins);
  expect(outcomes.filter((outcome) => outcome === 'issued')).toHaveLength(16);
  expect(outcomes.filter((outcome) => outcome === 'Keystone.429')).toHaveLength(4);
  expect((await world.tokens.issue(byId())).info).toEqual(infoOf(false));
});

test('logins that fail give their places back', async () => {
  const wrong = { ...byId(), password: 'wrong' };
  for (let round = 0; round < 2; round += 1) {
    const outcomes = await Promise.all(Array.from({ length: 16 }, () => world.tokens.issue(wrong).catch(codeOf)));
    expect(outcomes).toEqual(Array(16).fill('Keystone.401'));
  }
});

const callerOf = (userId: string, domainId: string, ...roles: string[]): Caller => ({ userId, domainId, roles });

test('anyone may look at a token of their own', async () => {
  const token = await world.tokenOf(user);
  const caller = callerOf(user.user_id, user.domain_id);
  expect(await world.tokens.check(caller, token)).toEqual(infoOf(true));
});

test.each(['te_admin', 'Security Administrator'])(
  '%s may look at any token of the domain, of no other',
  async (role) => {
    const token = await world.tokenOf(user);
    const { home, elsewhere } = world;
    const caller = callerOf('someone', home.domain.domainId, role);
    const here = { ...caller, projectId: home.project.projectId };
    expect(await world.tokens.check(here, token)).toEqual(infoOf(true));
    // The role counts where it was given: in another domain's project it says nothing about the user's own domain.
    const there = { ...caller, projectId: elsewhere.project.projectId };
    for (const stranger of [there, caller]) {
      await expectCode(world.tokens.check(stranger, token), 'Keystone.404', NO_TOKEN);
    }
  },
);

test.each(['KMS Administrator', 'KMS CMKFullAccess', 'KMS CMKReadOnlyAccess', 'no such role'])(
  "%s may not look at another's token",
  async (role) => {
    const { domain, project } = world.home;
    const caller = { ...callerOf('someone', domain.domainId, role), projectId: project.projectId };
    await expectCode(world.tokens.check(caller, await world.tokenOf(user)), 'Keystone.404', NO_TOKEN);
  },
);

test('a token that is none, has expired, or is of a disabled user is told of as none', async () => {
  const { projectId } = world.home.project;
  const caller = { ...callerOf(user.user_id, user.domain_id, 'te_admin'), projectId };
  const token = await world.tokenOf(user);
  await expectCode(world.tokens.check(caller, 'x'), 'Keystone.404', NO_TOKEN);
  const leaver = await world.addUser('leaver-2');
  const leaverToken = await world.tokenOf(leaver);
  await world.accounts.setUserEnabled(leaver.user_id, false);
  await expectCode(world.tokens.check(caller, leaverToken), 'Keystone.404', NO_TOKEN);
  world.clock.nowMs = START_MS + DAY_MS;
  await expectCode(world.tokens.check(caller, token), 'Keystone.404', NO_TOKEN);
});

const codeOf = (error: { code?: unknown }) => error.code;

function swapCase(text: string): string {
  return [...text].map((char) => (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase())).join('');
}
