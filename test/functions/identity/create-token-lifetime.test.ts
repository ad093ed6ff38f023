/** `auth.lifetime_seconds`, with which a frontend gets a token for a shorter time than documented. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { expectKeystoneError } from '../../support/expect-error.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

function login(more: object, token?: string): Promise<ApiResponse> {
  const { user_id: id, password } = service.creator;
  const byPassword = { methods: ['password'], password: { user: { id, password } } };
  const identity = token === undefined ? byPassword : { methods: ['token'], token: { id: token } };
  return service.send('/v3/auth/tokens', { body: { auth: { identity, ...more } } });
}

const tokenOf = ({ headers }: ApiResponse) => headers.get('x-subject-token') ?? '';
const lifetimeOf = ({ body: { token } }: ApiResponse) => Date.parse(token.expires_at) - Date.parse(token.issued_at);
const listKeys = async (token: string) =>
  (await service.send(`/v1.0/${service.demo.project_id}/kms/list-keys`, { headers: { 'X-Auth-Token': token } })).status;

test.each([60, 3600, 86_400])('a token for %i seconds expires after them', async (seconds) => {
  const reply = await login({ lifetime_seconds: seconds, scope: { project: { id: service.demo.project_id } } });
  expect([reply.status, lifetimeOf(reply)]).toEqual([201, seconds * 1000]);
  service.clock.nowMs += seconds * 1000 - 1;
  expect(await listKeys(tokenOf(reply))).toBe(200);
  service.clock.nowMs += 1;
  expect(await listKeys(tokenOf(reply))).toBe(401);
});

test('without lifetime_seconds, a token is valid for 24 hours', async () => {
  expect(lifetimeOf(await login({}))).toBe(24 * 60 * 60 * 1000);
});

test('the sign-in of a frontend: the token of the project ends with the unscoped token or before, and is revoked with it', async () => {
  const unscoped = await login({ lifetime_seconds: 3600 });
  const scope = { project: { id: service.demo.project_id } };
  service.clock.nowMs += 600_000;
  const longer = await login({ scope, lifetime_seconds: 86_400 }, tokenOf(unscoped));
  expect(longer.body.token.expires_at).toBe(unscoped.body.token.expires_at);
  const shorter = await login({ scope, lifetime_seconds: 60 }, tokenOf(unscoped));
  expect([shorter.status, lifetimeOf(shorter)]).toEqual([201, 60_000]);
  expect(await listKeys(tokenOf(longer))).toBe(200);
  const headers = { 'X-Auth-Token': tokenOf(unscoped), 'X-Subject-Token': tokenOf(unscoped) };
  expect((await service.send('/v3/auth/tokens', { method: 'DELETE', headers })).status).toBe(204);
  expect(await listKeys(tokenOf(longer))).toBe(401);
});

test.each([59, 86_401, 0, -60, 60.5, '3600', '', null, true, [3600], {}, 1e300])(
  'a lifetime of %j is refused with a text that names the field, and no token is created',
  async (lifetime_seconds) => {
    const rows = await storedRows(service);
    const reply = await login({ lifetime_seconds });
    expectKeystoneError(reply, 400, 'Bad Request');
    expect(reply.body.error.message).toContain('auth.lifetime_seconds must be a whole number from 60 to 86400.');
    expect(await storedRows(service)).toEqual(rows);
  },
);
