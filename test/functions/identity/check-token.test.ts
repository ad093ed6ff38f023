import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { tokensOf } from '../../../lib/identity/tokens.ts';
import type { DemoUser } from '../../../local/demo.ts';
import { expectError, expectKeystoneError } from '../../support/expect-error.ts';
import { startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

/** Source: IAM API reference, "Verifying a Token". */
const DAY_MS = 24 * 60 * 60 * 1000;

let service: TestService;
let tenant: DemoUser;
let foreigner: DemoUser & { project_id: string };
beforeAll(async () => {
  service = await startService();
  tenant = await service.addUser('tenant', 'te_admin');
  foreigner = await service.foreignUser('te_admin');
  for (const user of [...service.demo.users, tenant]) await service.token(user);
  await service.token(foreigner, foreigner.project_id);
});
afterAll(() => service.stop());

const send = (headers: Record<string, string>) => service.send('/v3/auth/tokens', { method: 'GET', headers });
const check = (token: string, subject: string) => send({ 'X-Auth-Token': token, 'X-Subject-Token': subject });

describe('GET /v3/auth/tokens returns the token object of login and the token in X-Subject-Token', () => {
  test('a user may check the own token', async () => {
    const { user_id: id, password } = service.creator;
    const project = { id: service.demo.project_id };
    const made = await service.send('/v3/auth/tokens', {
      body: {
        auth: { identity: { methods: ['password'], password: { user: { id, password } } }, scope: { project } },
      },
    });
    const token = made.headers.get('x-subject-token') ?? '';
    const { status, headers, body } = await check(token, token);
    expect([status, body]).toEqual([200, made.body]);
    expect(body.token.user.id).toBe(id);
    expect(headers.get('x-subject-token')).toBe(token);
  });

  test('a user may check one of the own tokens with another', async () => {
    const { user_id: id, password } = service.creator;
    const { token } = await tokensOf(service.services).issue({ user: { id }, password });
    const { status, body } = await check(token, await service.token(service.creator));
    expect([status, body.token.project.id]).toEqual([200, service.demo.project_id]);
  });

  test('HEAD tells without a body whether a token is valid', async () => {
    const token = await service.token(service.creator);
    const head = (subject: string) =>
      service.send('/v3/auth/tokens', {
        method: 'HEAD',
        headers: { 'X-Auth-Token': token, 'X-Subject-Token': subject },
      });
    const valid = await head(token);
    expect([valid.status, valid.body, valid.headers.get('x-subject-token')]).toEqual([200, undefined, token]);
    const invalid = await head('garbage');
    expect([invalid.status, invalid.body, invalid.headers.get('x-subject-token')]).toEqual([404, undefined, null]);
  });

  test('with ?nocatalog, the token object has no catalog', async () => {
    const token = await service.token(service.creator);
    const headers = { 'X-Auth-Token': token, 'X-Subject-Token': token };
    const { body } = await service.send('/v3/auth/tokens?nocatalog', { method: 'GET', headers });
    expect(body.token.user.id).toBe(service.creator.user_id);
    expect(body.token).not.toHaveProperty('catalog');
  });

  test.each(['te_admin', 'Security Administrator'])('%s may check any token of the same domain', async (role) => {
    const administrator = await service.addUser(`checks-${role.length}`, role);
    const answer = await check(await service.token(administrator), await service.token(service.reader));
    expect([answer.status, answer.body.token.user.id]).toEqual([200, service.reader.user_id]);
    expect(answer.body.token.roles).toEqual([{ id: '0', name: 'KMS CMKReadOnlyAccess' }]);
  });
});

describe("GET /v3/auth/tokens returns 404 in Keystone's form, always with the same text", () => {
  async function expectNotFound(token: string, subject: string): Promise<void> {
    const rows = await storedRows(service);
    const answer = await check(token, subject);
    expectKeystoneError(answer, 404, 'Not Found');
    expect(answer.body.error.message).toBe('X-Subject-Token is invalid in the request');
    expect(answer.headers.get('x-subject-token')).toBeNull();
    expect(await storedRows(service)).toEqual(rows);
  }

  test('a user without an administrator role may not check the token of another user: 404', async () => {
    const subject = await service.token(service.creator);
    const keyAdministrator = await service.addUser('keys', 'KMS Administrator');
    for (const user of [service.grantee, service.reader, keyAdministrator]) {
      await expectNotFound(await service.token(user), subject);
    }
  });

  test('an administrator may not check a token of another domain: 404', async () => {
    const ownToken = await service.token(service.creator);
    const otherToken = await service.token(foreigner, foreigner.project_id);
    await expectNotFound(await service.token(tenant), otherToken);
    await expectNotFound(otherToken, ownToken);
  });

  test('an administrator whose own token has no project may not check the token of another user: 404', async () => {
    const { user_id: id, password } = tenant;
    const { token } = await tokensOf(service.services).issue({ user: { id }, password });
    await expectNotFound(token, await service.token(service.creator));
  });

  test('an unknown token: 404', async () => {
    const own = await service.token(tenant);
    for (const subject of ['garbage', `${own}x`, own.slice(1), `${own},${own}`, '__proto__']) {
      await expectNotFound(own, subject);
    }
  });

  test('an expired token: 404', async () => {
    const subject = await service.token(service.reader);
    const { nowMs } = service.clock;
    const late = await service.addUser('late', 'te_admin');
    try {
      service.clock.nowMs = nowMs + DAY_MS - 1;
      const token = await service.token(late);
      expect((await check(token, subject)).status).toBe(200);
      service.clock.nowMs = nowMs + DAY_MS;
      await expectNotFound(token, subject);
    } finally {
      service.clock.nowMs = nowMs;
    }
  });

  test('a token of a disabled user: 404', async () => {
    const leaver = await service.addUser('leaver', 'KMS Administrator');
    const subject = await service.token(leaver);
    expect((await check(await service.token(tenant), subject)).status).toBe(200);
    await service.services.accounts.setUserEnabled(leaver.user_id, false);
    await expectNotFound(await service.token(tenant), subject);
  });
});

test("a check without X-Subject-Token is 400 in Keystone's form", async () => {
  const headers = { 'X-Auth-Token': await service.token(service.creator) };
  expectKeystoneError(await send(headers), 400, 'Bad Request');
  expectKeystoneError(await send({ ...headers, 'X-Subject-Token': '' }), 400, 'Bad Request');
});

test('a check without a valid X-Auth-Token is 401', async () => {
  const subject = { 'X-Subject-Token': await service.token(service.creator) };
  expectError(await send(subject), [401, 'APIGW.0301']);
  expectError(await send({ ...subject, 'X-Auth-Token': 'garbage' }), [401, 'APIGW.0301']);
});
