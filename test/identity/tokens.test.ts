import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Caller } from '../../lib/domain/request-context.ts';
import type { NewAccessKey, NewUser } from '../../lib/identity/accounts.ts';
import type { Login } from '../../lib/identity/tokens.ts';
import { type DirectoryFixture, expectKmsError, openDirectoryFixture, START_MS } from './fixture.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const UNAUTHORIZED = 'The request you have made requires authentication.';
const NO_TOKEN = 'X-Subject-Token is invalid in the request';

let fixture: DirectoryFixture;
let user: NewUser & NewAccessKey;
beforeAll(async () => {
  fixture = await openDirectoryFixture();
  user = await fixture.addUser('ann');
});
beforeEach(() => {
  fixture.clock.nowMs = START_MS;
});
afterAll(() => fixture.close());

/** The expected token object of `user`, issued at START_MS. */
const expectedInfo = (project: boolean) => ({
  expires_at: '2026-11-23T06:27:27.123000Z',
  issued_at: '2026-11-22T06:27:27.123000Z',
  methods: ['password'],
  user: {
    id: user.user_id,
    name: 'ann',
    domain: { id: fixture.home.domain.domainId, name: 'acme' },
    password_expires_at: '',
  },
  ...(project && {
    project: {
      id: fixture.home.project.projectId,
      name: 'eu-test-1',
      domain: { id: fixture.home.domain.domainId, name: 'acme' },
    },
  }),
  roles: project ? [{ id: '0', name: 'KMS CMKFullAccess' }] : [],
  catalog: [],
});

const loginById = (): Login => ({ user: { id: user.user_id }, password: user.password });

test.each<[string, () => Login]>([
  ['user and project by id', () => ({ ...loginById(), project: { id: fixture.home.project.projectId } })],
  [
    'user, domain and project by name',
    () => ({
      user: { name: 'ann', domain: { name: 'acme' } },
      password: user.password,
      project: { name: 'eu-test-1' },
    }),
  ],
  [
    'the domain by id',
    () => ({
      user: { name: 'ann', domain: { id: fixture.home.domain.domainId } },
      password: user.password,
      project: { name: 'eu-test-1' },
    }),
  ],
])('a login with %s gets a token for 24 hours', async (_, login) => {
  const { token, info } = await fixture.tokens.issue(login());
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(info).toEqual(expectedInfo(true));
});

test('a login without a project gets a token without project and roles', async () => {
  expect((await fixture.tokens.issue(loginById())).info).toEqual(expectedInfo(false));
});

test('each login gets a different token', async () => {
  const tokens = await Promise.all([1, 2, 3].map(() => fixture.issueToken(user)));
  expect(new Set(tokens).size).toBe(3);
});

test.each<[string, (login: Login) => Login]>([
  ['a wrong password', (login) => ({ ...login, password: 'wrong' })],
  ['the password in another case', (login) => ({ ...login, password: swapCase(login.password) })],
  ['an unknown user id', (login) => ({ ...login, user: { id: '0'.repeat(32) } })],
  ['an unknown user name', (login) => ({ ...login, user: { name: 'bob', domain: { name: 'acme' } } })],
  ['an unknown domain name', (login) => ({ ...login, user: { name: 'ann', domain: { name: 'nowhere' } } })],
  ['an unknown domain id', (login) => ({ ...login, user: { name: 'ann', domain: { id: '0'.repeat(32) } } })],
  [
    'a domain to which the user does not belong',
    (login) => ({ ...login, user: { name: 'ann', domain: { name: 'other' } } }),
  ],
  ['an unknown project id', (login) => ({ ...login, project: { id: '0'.repeat(32) } })],
  ['an unknown project name', (login) => ({ ...login, project: { name: 'eu-test-2' } })],
  ['a project without a role', (login) => ({ ...login, project: { id: fixture.foreign.project.projectId } })],
])('a login with %s is refused with the same error as any other', async (_, alter) => {
  await expectKmsError(fixture.tokens.issue(alter(loginById())), 'Keystone.401', UNAUTHORIZED);
});

test('a disabled user gets no token', async () => {
  const leaver = await fixture.addUser('leaver');
  await fixture.accounts.setUserEnabled(leaver.user_id, false);
  await expectKmsError(fixture.issueToken(leaver), 'Keystone.401', UNAUTHORIZED);
});

test('a user whose last role was removed gets no token for the project', async () => {
  const leaver = await fixture.addUser('no-roles');
  await fixture.accounts.removeRole(leaver.user_id, fixture.home.project.projectId, 'KMS CMKFullAccess');
  await expectKmsError(fixture.issueToken(leaver), 'Keystone.401', UNAUTHORIZED);
});

test('one login runs and 256 wait; more are Keystone.429, and later logins work again', async () => {
  const logins = Array.from({ length: 270 }, () => fixture.tokens.issue(loginById()).then(() => 'issued', codeOf));
  const outcomes = await Promise.all(logins);
  expect(outcomes.filter((outcome) => outcome === 'issued')).toHaveLength(257);
  expect(outcomes.filter((outcome) => outcome === 'Keystone.429')).toHaveLength(13);
  expect((await fixture.tokens.issue(loginById())).info).toEqual(expectedInfo(false));
});

test('failed logins that have ended do not count as concurrent logins', async () => {
  const wrong = { ...loginById(), password: 'wrong' };
  for (let round = 0; round < 2; round += 1) {
    const outcomes = await Promise.all(Array.from({ length: 16 }, () => fixture.tokens.issue(wrong).catch(codeOf)));
    expect(outcomes).toEqual(Array(16).fill('Keystone.401'));
  }
});

test('guesses from one address delay the login of another address by one password check', async () => {
  const wrong = { ...loginById(), password: 'wrong' };
  const order: string[] = [];
  const guesses = Array.from({ length: 300 }, () =>
    fixture.tokens.issue(wrong, '192.0.2.1').catch(() => order.push('guess')),
  );
  await fixture.tokens.issue(loginById(), '192.0.2.2');
  order.push('login');
  await Promise.all(guesses);
  // The 43 guesses that found no place were refused at once.
  expect(order.indexOf('login') - (300 - 257)).toBeLessThanOrEqual(3);
});

test('a password that was correct before is checked before the guesses from the same address', async () => {
  await fixture.tokens.issue(loginById(), '192.0.2.1');
  const wrong = { ...loginById(), password: 'wrong' };
  const order: string[] = [];
  const guesses = Array.from({ length: 300 }, () =>
    fixture.tokens.issue(wrong, '192.0.2.1').catch(() => order.push('guess')),
  );
  await fixture.tokens.issue(loginById(), '192.0.2.1');
  order.push('login');
  await Promise.all(guesses);
  expect(order.indexOf('login') - (300 - 257)).toBeLessThanOrEqual(3);
});

const callerOf = (userId: string, domainId: string, ...roles: string[]): Caller => ({ userId, domainId, roles });

test('every user may look up their own tokens', async () => {
  const token = await fixture.issueToken(user);
  const caller = callerOf(user.user_id, user.domain_id);
  expect(await fixture.tokens.check(caller, token)).toEqual(expectedInfo(true));
});

test.each(['te_admin', 'Security Administrator'])(
  'a %s may look up any token of the domain and none of another domain',
  async (role) => {
    const token = await fixture.issueToken(user);
    const { home, foreign } = fixture;
    const caller = callerOf('someone', home.domain.domainId, role);
    const inDomain = { ...caller, projectId: home.project.projectId };
    expect(await fixture.tokens.check(inDomain, token)).toEqual(expectedInfo(true));
    // A role counts in the domain of the project in which it was given.
    const inOtherDomain = { ...caller, projectId: foreign.project.projectId };
    for (const otherCaller of [inOtherDomain, caller]) {
      await expectKmsError(fixture.tokens.check(otherCaller, token), 'Keystone.404', NO_TOKEN);
    }
  },
);

test.each(['KMS Administrator', 'KMS CMKFullAccess', 'KMS CMKReadOnlyAccess', 'no such role'])(
  'a %s may not look up the tokens of others',
  async (role) => {
    const { domain, project } = fixture.home;
    const caller = { ...callerOf('someone', domain.domainId, role), projectId: project.projectId };
    await expectKmsError(fixture.tokens.check(caller, await fixture.issueToken(user)), 'Keystone.404', NO_TOKEN);
  },
);

test('an unknown token, an expired one and one of a disabled user are all reported as not found', async () => {
  const { projectId } = fixture.home.project;
  const caller = { ...callerOf(user.user_id, user.domain_id, 'te_admin'), projectId };
  const token = await fixture.issueToken(user);
  await expectKmsError(fixture.tokens.check(caller, 'x'), 'Keystone.404', NO_TOKEN);
  const leaver = await fixture.addUser('leaver-2');
  const leaverToken = await fixture.issueToken(leaver);
  await fixture.accounts.setUserEnabled(leaver.user_id, false);
  await expectKmsError(fixture.tokens.check(caller, leaverToken), 'Keystone.404', NO_TOKEN);
  fixture.clock.nowMs = START_MS + DAY_MS;
  await expectKmsError(fixture.tokens.check(caller, token), 'Keystone.404', NO_TOKEN);
});

const codeOf = (error: { code?: unknown }) => error.code;

function swapCase(text: string): string {
  return [...text].map((char) => (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase())).join('');
}
