/** Also tests: lib/identity/login-limits.ts. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Caller, RequestTrace } from '../../lib/domain/request-context.ts';
import type { NewAccessKey, NewUser } from '../../lib/identity/accounts.ts';
import type { Login, TokenLogin } from '../../lib/identity/tokens.ts';
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
});

const callerOf = (userId: string, domainId: string, ...roles: string[]): Caller => ({ userId, domainId, roles });
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
    'a project by name in a domain',
    () => ({ ...loginById(), project: { name: 'eu-test-1', domain: { name: 'acme' } } }),
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
  [
    'a project name that exists only in another domain than the given one',
    (login) => ({ ...login, project: { name: 'eu-test-1', domain: { name: 'other' } } }),
  ],
  ['a project in an unknown domain', (login) => ({ ...login, project: { name: 'eu-test-1', domain: { name: 'no' } } })],
  ['the scope of another domain', (login) => ({ ...login, domain: { id: fixture.foreign.domain.domainId } })],
  ['the scope of an unknown domain', (login) => ({ ...login, domain: { name: 'nowhere' } })],
  ['a project without a role', (login) => ({ ...login, project: { id: fixture.foreign.project.projectId } })],
])('a login with %s is refused with the same error as any other', async (_, alter) => {
  await expectKmsError(fixture.tokens.issue(alter(loginById())), 'Keystone.401', UNAUTHORIZED);
});

test('a token with a lifetime expires after it, and a token issued from it expires with it at the latest', async () => {
  const short = await fixture.tokens.issue({ ...loginById(), lifetimeSeconds: 3600 });
  expect(short.info.expires_at).toBe('2026-11-22T07:27:27.123000Z');
  fixture.clock.nowMs += 600_000;
  const exchange = async (lifetimeSeconds?: number) =>
    (await fixture.tokens.issue({ token: short.token, lifetimeSeconds })).info.expires_at;
  expect(await exchange()).toBe('2026-11-22T07:27:27.123000Z');
  expect(await exchange(86_400)).toBe('2026-11-22T07:27:27.123000Z');
  expect(await exchange(60)).toBe('2026-11-22T06:38:27.123000Z');
});

test('a disabled user gets no token', async () => {
  const leaver = await fixture.addUser('leaver');
  await fixture.accounts.setUserEnabled(leaver.user_id, false);
  await expectKmsError(fixture.issueToken(leaver), 'Keystone.401', UNAUTHORIZED);
});

test('a login that is being checked while the password is reset gets no token', async () => {
  const changer = await fixture.addUser('changer');
  const pending = fixture.issueToken(changer);
  await fixture.accounts.resetPassword(changer.user_id);
  const token = await pending.catch(() => '');
  const caller = callerOf(changer.user_id, changer.domain_id);
  await expectKmsError(fixture.tokens.check(caller, token), 'Keystone.404', NO_TOKEN);
});

test('a user whose last role was removed gets no token for the project', async () => {
  const leaver = await fixture.addUser('no-roles');
  await fixture.accounts.removeRole(leaver.user_id, fixture.home.project.projectId, 'KMS CMKFullAccess');
  await expectKmsError(fixture.issueToken(leaver), 'Keystone.401', UNAUTHORIZED);
});

test('a login is traced with the id of the user, or with a keyed hash of an unknown name or id', async () => {
  const traceOf = async (login: Login) => {
    const trace: RequestTrace = {};
    await fixture.tokens.issue(login, '', trace).catch(codeOf);
    return trace.user;
  };
  expect(await traceOf(loginById())).toBe(user.user_id);
  expect(await traceOf({ ...loginById(), password: 'wrong' })).toBe(user.user_id);
  const named = (name: string) => ({ ...loginById(), user: { name, domain: { name: 'acme' } } });
  expect(await traceOf(named('ann'))).toBe(user.user_id);
  const typed = 'correct horse battery staple';
  const unknown = await traceOf(named(typed));
  expect(unknown).toMatch(/^unknown:[0-9a-f]{32}$/);
  expect(await traceOf(named(typed))).toBe(unknown);
  expect(await traceOf(named(`${typed}r`))).not.toBe(unknown);
  expect(await traceOf({ ...loginById(), user: { id: typed } })).toBe(unknown);
  // Without the key, the hash cannot be compared with guesses.
  expect(unknown).not.toContain(createHash('sha256').update(typed).digest('hex').slice(0, 32));
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

test.each<[string, () => { id: string } | { name: string }]>([
  ['id', () => ({ id: fixture.home.domain.domainId })],
  ['name', () => ({ name: 'acme' })],
])(
  'a login with the scope of the domain of the user, by %s, gets a token with the domain, and without project and roles',
  async (_, domain) => {
    const { token, info } = await fixture.tokens.issue({ ...loginById(), domain: domain() });
    const { domainId: id, name } = fixture.home.domain;
    expect(info).toEqual({ ...expectedInfo(false), domain: { id, name } });
    const headers = { 'x-auth-token': token };
    const request = { method: 'GET', path: '/', query: '', headers, body: new Uint8Array() };
    const caller = await fixture.authenticator.authenticate(request, fixture.home.project.projectId);
    expect([caller.projectId, caller.roles]).toEqual([undefined, []]);
  },
);

test('a login with the scope of a project and of a domain gets a token for the project', async () => {
  const project = { id: fixture.home.project.projectId };
  const { info } = await fixture.tokens.issue({ ...loginById(), project, domain: { name: 'acme' } });
  expect(info).toEqual(expectedInfo(true));
});

test('a token gets a token of the same user for another scope, which ends when the first one ends', async () => {
  const { token } = await fixture.tokens.issue(loginById());
  fixture.clock.nowMs = START_MS + 60_000;
  const project = { id: fixture.home.project.projectId };
  const second = await fixture.tokens.issue({ token, project });
  const methods = ['password', 'token'];
  expect(second.info).toEqual({ ...expectedInfo(true), issued_at: '2026-11-22T06:28:27.123000Z', methods });
  expect(second.token).not.toBe(token);
  const third = await fixture.tokens.issue({ token: second.token });
  expect(third.info).toEqual({ ...expectedInfo(false), issued_at: '2026-11-22T06:28:27.123000Z', methods });
  expect(await fixture.tokens.check(callerOf(user.user_id, user.domain_id), third.token)).toEqual(third.info);
});

test('ending a token ends all tokens that were issued from it, and not the one from which it was issued', async () => {
  const caller = callerOf(user.user_id, user.domain_id);
  const login = await fixture.issueToken(user);
  const exchange = async (token: string) => (await fixture.tokens.issue({ token })).token;
  const first = await exchange(login);
  const [second, sibling] = [await exchange(first), await exchange(login)];
  await fixture.tokens.revoke(caller, first);
  for (const token of [first, second]) {
    await expectKmsError(fixture.tokens.check(caller, token), 'Keystone.404', NO_TOKEN);
    await expectKmsError(fixture.tokens.issue({ token }), 'Keystone.401', UNAUTHORIZED);
  }
  for (const token of [login, sibling]) await fixture.tokens.check(caller, token);
  await fixture.tokens.revoke(caller, login);
  await expectKmsError(fixture.tokens.check(caller, sibling), 'Keystone.404', NO_TOKEN);
});

test('tokens can be exchanged for others 8 times in a row', async () => {
  let token = await fixture.issueToken(user);
  for (let round = 0; round < 8; round += 1) token = (await fixture.tokens.issue({ token })).token;
  const text = `${UNAUTHORIZED} Log in with the password again: tokens can be exchanged 8 times in a row.`;
  await expectKmsError(fixture.tokens.issue({ token }), 'Keystone.401', text);
});

test('100 logins a minute with the tokens that come from one login work, and more are Keystone.429', async () => {
  const token = await fixture.issueToken(user);
  const { token: derived } = await fixture.tokens.issue({ token });
  const exchanges = await Promise.all(
    Array.from({ length: 110 }, (_, n) =>
      fixture.tokens.issue({ token: n % 2 ? token : derived }).then(() => 'issued', codeOf),
    ),
  );
  expect(exchanges.filter((outcome) => outcome === 'issued')).toHaveLength(99);
  expect(exchanges.filter((outcome) => outcome === 'Keystone.429')).toHaveLength(11);
  await fixture.tokens.issue({ token: await fixture.issueToken(user) });
  fixture.clock.nowMs = START_MS + 59_000;
  await expect(fixture.tokens.issue({ token })).rejects.toMatchObject({ retryAfterSeconds: 1 });
  fixture.clock.nowMs = START_MS + 60_000;
  await fixture.tokens.issue({ token });
});

test.each<[string, () => Promise<TokenLogin>]>([
  ['an unknown token', async () => ({ token: 'x' })],
  ['an expired token', async () => expired(await fixture.issueToken(user))],
  ['a token of a disabled user', async () => disabled(await fixture.addUser('exchanges'))],
  [
    'a project in which the user has no role',
    async () => ({ token: await fixture.issueToken(user), project: FOREIGN }),
  ],
])('a login with %s is refused with the error of a wrong password', async (_, login) => {
  await expectKmsError(fixture.tokens.issue(await login()), 'Keystone.401', UNAUTHORIZED);
});

const FOREIGN = { name: 'eu-test-1', domain: { name: 'other' } };

function expired(token: string): TokenLogin {
  fixture.clock.nowMs = START_MS + DAY_MS;
  return { token };
}

async function disabled(leaver: NewUser): Promise<TokenLogin> {
  const token = await fixture.issueToken(leaver);
  await fixture.accounts.setUserEnabled(leaver.user_id, false);
  return { token };
}

test('a user may revoke a token of their own: it is unknown afterwards, and their other tokens remain valid', async () => {
  const [token, other] = [await fixture.issueToken(user), await fixture.issueToken(user)];
  const caller = callerOf(user.user_id, user.domain_id);
  await fixture.tokens.revoke(caller, token);
  await expectKmsError(fixture.tokens.check(caller, token), 'Keystone.404', NO_TOKEN);
  await expectKmsError(fixture.tokens.revoke(caller, token), 'Keystone.404', NO_TOKEN);
  await expectKmsError(fixture.tokens.issue({ token }), 'Keystone.401', UNAUTHORIZED);
  expect(await fixture.tokens.check(caller, other)).toEqual(expectedInfo(true));
});

test.each(['te_admin', 'Security Administrator'])(
  'a %s may end any token of the domain and none of another',
  async (role) => {
    const token = await fixture.issueToken(user);
    const { home, foreign } = fixture;
    const caller = callerOf('someone', home.domain.domainId, role);
    const foreignCaller = { ...caller, projectId: foreign.project.projectId };
    await expectKmsError(fixture.tokens.revoke(foreignCaller, token), 'Keystone.404', NO_TOKEN);
    await fixture.tokens.revoke({ ...caller, projectId: home.project.projectId }, token);
    await expectKmsError(fixture.tokens.check(callerOf(user.user_id, user.domain_id), token), 'Keystone.404', NO_TOKEN);
  },
);

test('a user without an administrator role may not revoke the tokens of others', async () => {
  const token = await fixture.issueToken(user);
  const { domain, project } = fixture.home;
  const caller = { ...callerOf('someone', domain.domainId, 'KMS Administrator'), projectId: project.projectId };
  await expectKmsError(fixture.tokens.revoke(caller, token), 'Keystone.404', NO_TOKEN);
  expect(await fixture.tokens.check(callerOf(user.user_id, user.domain_id), token)).toEqual(expectedInfo(true));
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

test('passwords that were correct before are checked although guesses from 300 networks fill the queue', async () => {
  const others = await Promise.all(['behind-1', 'behind-2'].map((name) => fixture.addUser(name)));
  const loginOf = ({ user_id: id, password }: NewUser) => fixture.tokens.issue({ user: { id }, password }, '192.0.2.1');
  for (const other of others) await loginOf(other);
  const wrong = { ...loginById(), password: 'wrong' };
  const guesses = Array.from({ length: 300 }, (_, n) =>
    fixture.tokens.issue(wrong, `2001:db8:0:${n}::1`).catch(codeOf),
  );
  const issued = await Promise.all(others.map(loginOf));
  expect(issued.map(({ info }) => info.user.name)).toEqual(['behind-1', 'behind-2']);
  const refused = (await Promise.all(guesses)).filter((code) => code === 'Keystone.429');
  expect(refused).toHaveLength(300 - 257 + 2);
});

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
