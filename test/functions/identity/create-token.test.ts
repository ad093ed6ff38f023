import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { useRealCost } from '../../support/cheap-passwords.ts';
import { expectKeystoneError } from '../../support/expect-error.ts';
import { startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

// So that logins overlap.
useRealCost();

/** Bodies and replies as in the IAM API reference, "Obtaining a User Token Through Password Authentication". */
let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const send = (user: unknown, scope?: unknown) =>
  service.send('/v3/auth/tokens', {
    body: { auth: { identity: { methods: ['password'], password: { user } }, ...(scope !== undefined && { scope }) } },
  });

describe('a login', () => {
  test('a login by name, domain name and project id returns 201, the token in X-Subject-Token and the token object in the body', async () => {
    const { nowMs } = service.clock;
    service.clock.nowMs = Date.UTC(2026, 10, 22, 6, 27, 27, 15);
    const { name, password, user_id, domain_id } = service.creator;
    const user = { name, password, domain: { name: 'demo' } };
    const { status, headers, body } = await send(user, { project: { id: service.demo.project_id } });
    service.clock.nowMs = nowMs;
    expect([status, body]).toEqual([
      201,
      {
        token: {
          issued_at: '2026-11-22T06:27:27.015000Z',
          expires_at: '2026-11-23T06:27:27.015000Z',
          methods: ['password'],
          user: { id: user_id, name: 'creator', domain: { id: domain_id, name: 'demo' }, password_expires_at: '' },
          project: { id: service.demo.project_id, name: 'local-1', domain: { id: domain_id, name: 'demo' } },
          roles: [{ id: '0', name: 'KMS CMKFullAccess' }],
          catalog: ['/v3', '/v1.0', `/v1.0/${service.demo.project_id}`].map((path, index) => {
            const type = ['identity', 'kms', 'kmsv1'][index];
            const url = `${service.url}${path}`;
            const endpoint = {
              id: `${type}-public`,
              interface: 'public',
              region: 'local-1',
              region_id: 'local-1',
              url,
            };
            return { id: type, type, name: type, endpoints: [endpoint] };
          }),
        },
      },
    ]);
    expect(headers.get('x-subject-token')).toMatch(/^\S{32,}$/);
    expect(headers.get('content-type')).toBe('application/json');
  });

  test.each(['user id', 'name and domain name', 'name and domain id'])(
    'a login by %s returns a token that the APIs accept',
    async (by) => {
      const { name, password, user_id, domain_id, domain_name } = service.reader;
      const user = {
        'user id': { id: user_id, password },
        'name and domain name': { name, password, domain: { name: domain_name } },
        'name and domain id': { name, password, domain: { id: domain_id } },
      }[by];
      for (const project of [{ id: service.demo.project_id }, { name: 'local-1' }]) {
        const { status, headers, body } = await send(user, { project });
        expect([status, body.token.project.id]).toEqual([201, service.demo.project_id]);
        const list = await service.send(`/v1.0/${service.demo.project_id}/kms/list-keys`, {
          headers: { 'X-Auth-Token': headers.get('x-subject-token') ?? '' },
        });
        expect([list.status, list.body.total]).toEqual([200, 2]);
      }
    },
  );

  test('a login without a scope returns a token without a project or roles, which no project accepts', async () => {
    const { user_id: id, password } = service.creator;
    const { status, headers, body } = await send({ id, password });
    expect([status, body.token.project, body.token.roles]).toEqual([201, undefined, []]);
    const list = await service.send(`/v1.0/${service.demo.project_id}/kms/list-keys`, {
      headers: { 'X-Auth-Token': headers.get('x-subject-token') ?? '' },
    });
    expect([list.status, list.body.error_code]).toEqual([403, 'KMS.0321']);
  });

  test.each(['unscoped', { unscoped: {} }])(
    'a login with the scope %j returns a token without a project',
    async (scope) => {
      const { user_id: id, password } = service.creator;
      const { status, body } = await send({ id, password }, scope);
      expect([status, body.token.project, body.token.domain]).toEqual([201, undefined, undefined]);
    },
  );

  test('a login with the scope of the domain returns a token with the domain, which no project accepts', async () => {
    const { user_id: id, password, domain_id } = service.creator;
    const { status, headers, body } = await send({ id, password }, { domain: { name: 'demo' } });
    expect([status, body.token.project, body.token.domain]).toEqual([201, undefined, { id: domain_id, name: 'demo' }]);
    expect(body.token.catalog.map(({ type }: { type: string }) => type)).toEqual(['identity', 'kms']);
    const list = await service.send(`/v1.0/${service.demo.project_id}/kms/list-keys`, {
      headers: { 'X-Auth-Token': headers.get('x-subject-token') ?? '' },
    });
    expect([list.status, list.body.error_code]).toEqual([403, 'KMS.0321']);
  });

  test('a login with a token and another scope returns a token that the APIs accept', async () => {
    const { user_id: id, password } = service.creator;
    const unscoped = (await send({ id, password })).headers.get('x-subject-token');
    const identity = { methods: ['token'], token: { id: unscoped } };
    const scope = { project: { name: 'local-1', domain: { name: 'demo' } } };
    const { status, headers, body } = await service.send('/v3/auth/tokens', { body: { auth: { identity, scope } } });
    expect([status, body.token.methods, body.token.project.id]).toEqual([
      201,
      ['password', 'token'],
      service.demo.project_id,
    ]);
    const list = await service.send(`/v1.0/${service.demo.project_id}/kms/list-keys`, {
      headers: { 'X-Auth-Token': headers.get('x-subject-token') ?? '' },
    });
    expect(list.status).toBe(200);
  });

  test('each login returns another token, also with ?nocatalog=true and unknown fields', async () => {
    const { user_id: id, password } = service.creator;
    const body = { auth: { identity: { methods: ['password'], password: { user: { id, password, x: 1 } } }, y: {} } };
    const path = '/v3/auth/tokens?nocatalog=true';
    const answers = [await service.send(path, { body }), await service.send(path, { body })];
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    for (const answer of answers) expect(answer.body.token).not.toHaveProperty('catalog');
    expect(new Set(answers.map(({ headers }) => headers.get('x-subject-token'))).size).toBe(2);
  });

  test('the store has only the hash of a token', async () => {
    const { user_id: id, password } = service.creator;
    const token = (await send({ id, password })).headers.get('x-subject-token') ?? '';
    const rows = JSON.stringify(await storedRows(service));
    expect([rows.includes(token), rows.includes(password)]).toEqual([false, false]);
  });
});

describe('a login that fails is 401 and creates no token', () => {
  async function expectUnauthorized(user: object, scope: object): Promise<string> {
    const rows = await storedRows(service);
    const answer = await send(user, scope);
    expectKeystoneError(answer, 401, 'Unauthorized');
    expect(answer.headers.get('x-subject-token')).toBeNull();
    expect(await storedRows(service)).toEqual(rows);
    return answer.body.error.message;
  }

  test('a wrong password, an unknown user and a user of another domain get the same 401', async () => {
    const { name, user_id: id, password, domain_name } = service.creator;
    const project = { project: { id: service.demo.project_id } };
    const foreigner = await service.foreignUser();
    const messages = [
      await expectUnauthorized({ id, password: `${password}x` }, project),
      await expectUnauthorized({ id, password: service.grantee.password }, project),
      await expectUnauthorized({ name, password: 'x', domain: { name: domain_name } }, project),
      await expectUnauthorized({ id: 'f'.repeat(32), password }, project),
      await expectUnauthorized({ name: 'nobody', password, domain: { name: domain_name } }, project),
      await expectUnauthorized({ name, password, domain: { name: 'nowhere' } }, project),
      await expectUnauthorized({ name, password, domain: { name: 'other' } }, project),
      await expectUnauthorized({ name, password, domain: { id: foreigner.domain_id } }, project),
      await expectUnauthorized({ name: 'CREATOR', password, domain: { name: domain_name } }, project),
    ];
    expect(new Set(messages).size).toBe(1);
  });

  test('a login to a project without a role, or to an unknown project, is 401', async () => {
    const { user_id: id, password } = service.creator;
    const { project } = await service.services.accounts.createProject('second', 'demo');
    for (const wrong of [{ id: project.projectId }, { name: 'second' }, { id: 'x' }, { name: 'nowhere' }]) {
      await expectUnauthorized({ id, password }, { project: wrong });
    }
  });

  test('a login to a domain other than that of the user, or with an unknown token, is 401', async () => {
    const { user_id: id, password } = service.creator;
    for (const domain of [{ name: 'other' }, { id: 'x' }]) await expectUnauthorized({ id, password }, { domain });
    const identity = { methods: ['token'], token: { id: 'garbage' } };
    expectKeystoneError(await service.send('/v3/auth/tokens', { body: { auth: { identity } } }), 401, 'Unauthorized');
  });

  test("a disabled user cannot log in, and the user's tokens are refused from then on", async () => {
    const user = await service.addUser('leaver', 'KMS CMKReadOnlyAccess');
    const { user_id: id, password } = user;
    expect((await service.kms(user, 'list-keys')).status).toBe(200);
    await service.services.accounts.setUserEnabled(id, false);
    await expectUnauthorized({ id, password }, { project: { id: service.demo.project_id } });
    expect((await service.kms(user, 'list-keys')).status).toBe(401);
  });
});

test("a login with a body of another form is 400 in Keystone's form and creates no token", async () => {
  const { user_id: id, name, password } = service.creator;
  const user = { id, password };
  const identity = { methods: ['password'], password: { user } };
  const rows = await storedRows(service);
  for (const body of [
    undefined,
    {},
    { auth: null },
    { auth: {} },
    { auth: { identity: {} } },
    { auth: { identity: { ...identity, methods: [] } } },
    { auth: { identity: { ...identity, methods: ['token'] } } },
    { auth: { identity: { ...identity, methods: ['password', 'totp'] } } },
    { auth: { identity: { ...identity, methods: 'password' } } },
    { auth: { identity: { methods: ['password'] } } },
    { auth: { identity: { methods: ['password'], password: { user: { id } } } } },
    { auth: { identity: { methods: ['password'], password: { user: { id, password: '' } } } } },
    { auth: { identity: { methods: ['password'], password: { user: { id, password: ['x'] } } } } },
    { auth: { identity: { methods: ['password'], password: { user: { id, password: 'x'.repeat(257) } } } } },
    { auth: { identity: { methods: ['password'], password: { user: { name, password } } } } },
    { auth: { identity: { methods: ['password'], password: { user: { name, password, domain: 'demo' } } } } },
    { auth: { identity: { methods: ['token'], token: {} } } },
    { auth: { identity: { methods: ['token'], token: { id: '' } } } },
    { auth: { identity: { methods: ['hw_assume_role'], hw_assume_role: { domain_name: 'x', agency_name: 'y' } } } },
    { auth: { identity, scope: 'project' } },
    { auth: { identity, scope: { domain: {} } } },
    { auth: { identity, scope: { system: { all: true } } } },
    { auth: { identity, scope: { 'OS-TRUST:trust': { id: 'x' } } } },
    { auth: { identity, scope: { project: { name: 'local-1', domain: 'demo' } } } },
    { auth: { identity, scope: { project: {} } } },
    { auth: { identity, scope: { project: { id: 7 } } } },
    { auth: { identity, scope: { project: 'local-1' } } },
  ]) {
    expectKeystoneError(await service.send('/v3/auth/tokens', { body }), 400, 'Bad Request');
  }
  expect(await storedRows(service)).toEqual(rows);
});

test("a login with a body that is not a JSON object is 400 in Keystone's form", async () => {
  for (const body of ['', 'not JSON', '[]', 'null', '"x"', '{"auth":{},"auth":{}}', '{"auth":{"__proto__":{}}}']) {
    expectKeystoneError(await service.send('/v3/auth/tokens', { body }), 400, 'Bad Request');
  }
});

test('concurrent logins with a wrong password are 401 each, and a login among them succeeds', async () => {
  const { user_id: id, password } = service.creator;
  const guesses = Array.from({ length: 4 }, () => send({ id, password: `${password}x` }));
  expect((await send({ id, password })).status).toBe(201);
  expect((await Promise.all(guesses)).map(({ status }) => status)).toEqual(Array(4).fill(401));
});
