/** Also tests: lib/identity/domain-administration.ts, lib/validation/keystone.ts, lib/http/serialize-directory.ts. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { logger } from '../../../lib/logger.ts';
import type { DemoUser } from '../../../local/demo.ts';
import { okBody } from '../../support/create.ts';
import { expectError, expectKeystoneError } from '../../support/expect-error.ts';
import { storedRows } from '../../support/stored-rows.ts';
import { type DirectoryService, sendAs, startDirectoryService } from './fixture.ts';

/** Source of the forms: OpenStack Identity API v3, "List users", "Show user details", "Update user". */
let service: DirectoryService;
beforeAll(async () => {
  service = await startDirectoryService();
});
afterAll(() => service.stop());

const send = (request: string, body?: object | string) => sendAs(service, service.tenant, request, body);
const wireOf = ({ user_id, name, domain_id }: DemoUser, enabled = true) => ({
  id: user_id,
  name,
  domain_id,
  enabled,
  description: '',
  password_expires_at: null,
  options: {},
  links: { self: `/v3/users/${user_id}` },
});
const namesOf = ({ users }: { users: { name: string }[] }) => users.map(({ name }) => name);

test('te_admin lists the users of the domain by name, without passwords', async () => {
  const { creator, grantee, reader, administrator, tenant } = service;
  expect(okBody(await send('GET /v3/users'))).toEqual({
    users: [administrator, creator, grantee, reader, tenant].map((user) => wireOf(user)),
    links: { self: '/v3/users', next: null, previous: null },
  });
});

test('the list can be limited to a name and to the own domain', async () => {
  const domain = service.tenant.domain_id;
  expect(namesOf(okBody(await send('GET /v3/users?name=reader')))).toEqual(['reader']);
  expect(namesOf(okBody(await send('GET /v3/users?name=stranger')))).toEqual([]);
  expect(namesOf(okBody(await send(`GET /v3/users?name=reader&domain_id=${domain}`)))).toEqual(['reader']);
  expect(namesOf(okBody(await send(`GET /v3/users?domain_id=${service.stranger.domain_id}`)))).toEqual([]);
});

test('links.next leads through the pages of the list', async () => {
  const names: string[] = [];
  let path: string | null = '/v3/users?limit=2';
  while (path !== null) {
    const page: { users: { name: string }[]; links: { next: string | null } } = okBody(await send(`GET ${path}`));
    expect(page.users.length).toBeLessThanOrEqual(2);
    names.push(...namesOf(page));
    path = page.links.next;
  }
  expect(names).toEqual(['administrator', 'creator', 'grantee', 'reader', 'tenant']);
  for (const query of ['limit=0', 'limit=-1', 'limit=x', 'marker=unknown', `marker=${service.stranger.user_id}`]) {
    expectKeystoneError(await send(`GET /v3/users?${query}`), 400, 'Bad Request');
  }
});

test('disabling a user revokes the tokens of the user, and enabling does not bring them back', async () => {
  const user = await service.addUser('leaver', 'KMS Administrator');
  const list = async () => (await service.kms(user, 'list-keys', {})).status;
  expect(await list()).toBe(200);
  const path = `/v3/users/${user.user_id}`;
  expect(okBody(await send(`PATCH ${path}`, { user: { enabled: false } }))).toEqual({ user: wireOf(user, false) });
  expect(okBody(await send(`GET ${path}`))).toEqual({ user: wireOf(user, false) });
  expect(await list()).toBe(401);
  expect(okBody(await send(`PATCH ${path}`, { user: { enabled: true } }))).toEqual({ user: wireOf(user) });
  expect(await list()).toBe(401);
  expect((await service.services.store.directory.user(user.user_id))?.enabled).toBe(true);
});

test('each change writes one log line that says who changed whom', async () => {
  const info = jest.spyOn(logger, 'info');
  const { user_id } = service.reader;
  const { headers } = await send(`PATCH /v3/users/${user_id}`, { user: { enabled: true } });
  expect(info.mock.calls.filter(([message]) => message === 'directory')).toEqual([
    [
      'directory',
      {
        request_id: headers.get('x-request-id'),
        action: 'enable-user',
        caller: service.tenant.user_id,
        project_id: service.demo.project_id,
        user_id,
      },
    ],
  ]);
  info.mockRestore();
});

test('a user of another domain and an unknown one get the same 404, and nothing is written', async () => {
  const rows = await storedRows(service);
  const texts = new Set<string>();
  for (const id of [service.stranger.user_id, 'unknown', 'x'.repeat(2000)]) {
    for (const [method, body] of [
      ['GET', undefined],
      ['PATCH', { user: { enabled: false } }],
    ] as const) {
      const answer = await send(`${method} /v3/users/${id}`, body);
      expectKeystoneError(answer, 404, 'Not Found');
      texts.add(answer.body.error.message);
    }
  }
  expect([...texts]).toEqual(['The resource could not be found.']);
  const own = await sendAs(service, service.stranger, 'GET /v3/users');
  expect(namesOf(okBody(own))).toEqual(['stranger']);
  const path = `/v3/users/${service.reader.user_id}`;
  expectKeystoneError(
    await sendAs(service, service.stranger, `PATCH ${path}`, { user: { enabled: false } }),
    404,
    'Not Found',
  );
  expect(await storedRows(service)).toEqual(rows);
});

test('any change but enabled is 400 and changes nothing, also together with enabled', async () => {
  const rows = await storedRows(service);
  for (const body of [
    {},
    '',
    'not JSON',
    { user: {} },
    { user: { enabled: 'false' } },
    { user: { enabled: null } },
    { user: { enabled: false, name: 'other' } },
    { user: { enabled: false, password: 'secret-of-somebody' } },
    { user: { enabled: false }, more: 1 },
    '{"user":{"enabled":false,"enabled":true}}',
  ]) {
    const answer = await send(`PATCH /v3/users/${service.reader.user_id}`, body);
    expectKeystoneError(answer, 400, 'Bad Request');
    expect(answer.body.error.message).not.toContain('secret-of-somebody');
  }
  expect(await storedRows(service)).toEqual(rows);
});

test('nobody can disable themself: 400, and nothing is written', async () => {
  const rows = await storedRows(service);
  const answer = await send(`PATCH /v3/users/${service.tenant.user_id}`, { user: { enabled: false } });
  expectKeystoneError(answer, 400, 'Bad Request');
  expect(answer.body.error.message).toContain('You cannot disable yourself');
  expect(await storedRows(service)).toEqual(rows);
});

test('other roles may not use the API: 403, and nothing is written', async () => {
  const rows = await storedRows(service);
  const path = `/v3/users/${service.reader.user_id}`;
  for (const user of [service.administrator, service.creator]) {
    expectError(await sendAs(service, user, 'GET /v3/users'), [403, 'KMS.0307']);
    expectError(await sendAs(service, user, `PATCH ${path}`, { user: { enabled: false } }), [403, 'KMS.0307']);
  }
  expect(await storedRows(service)).toEqual(rows);
});
