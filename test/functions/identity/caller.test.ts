import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sign } from '../../../lib/signing/sdk-hmac.ts';
import type { DemoUser } from '../../../local/demo.ts';
import { okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { startService, type TestService } from '../../support/service.ts';

/** Source: KMS user guide, permissions of KMS CMKReadOnlyAccess. */
const READS = ['kms:cmk:get', 'kms:cmk:list', 'kms:grant:list'];

let service: TestService;
beforeAll(async () => {
  service = await startService({ GRANTS_PER_KEY: '70', KEYS_PER_PROJECT: '30' });
});
afterAll(() => service.stop());

const read = (headers: Record<string, string>) => service.send('/v1.0/caller', { method: 'GET', headers });
const readBy = async (user: DemoUser, projectId?: string) =>
  read({ 'X-Auth-Token': await service.token(user, projectId) });

/** @param projectId sent as X-Project-Id, which SDKs include in the signature */
function signedHeaders(user: DemoUser, projectId?: string): Record<string, string> {
  const date = new Date(service.clock.nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const headers = { 'x-sdk-date': date, ...(projectId !== undefined && { 'x-project-id': projectId }) };
  const request = { method: 'GET', path: '/v1.0/caller', query: '', headers, body: new Uint8Array() };
  const keys = { accessKey: user.access_key, secretKey: user.secret_key };
  return { ...headers, authorization: sign(request, keys, Object.keys(headers).sort()) };
}

test('a caller sees who they are, what they may do in the project of the token, and the settings of the service', async () => {
  const { reader, demo } = service;
  expect(okBody(await readBy(reader))).toEqual({
    user_id: reader.user_id,
    user_name: 'reader',
    domain_id: reader.domain_id,
    domain_name: 'demo',
    project_id: demo.project_id,
    project_name: 'local-1',
    roles: ['KMS CMKReadOnlyAccess'],
    permissions: READS,
    permissions_decided_by: 'roles',
    authority: 'standalone',
    identity: 'directory',
    grants_per_key: 70,
    keys_per_project: 30,
    jobs: true,
    region: 'local-1',
  });
});

test('a signed request with a signed X-Project-Id gets the same answer as a token', async () => {
  const { reader, demo } = service;
  const byToken = okBody(await readBy(reader));
  expect(okBody(await read(signedHeaders(reader, demo.project_id)))).toEqual(byToken);
});

test('only the permissions that a role has are listed, each once', async () => {
  const { administrator, creator, demo, services } = service;
  const revokeAny = 'kms:grant:revoke-any';
  expect(okBody(await readBy(administrator)).permissions).toContain(revokeAny);
  const { permissions } = okBody(await readBy(creator));
  expect(permissions).not.toContain(revokeAny);
  expect(permissions).toEqual(expect.arrayContaining([...READS, 'kms:grant:create', 'kms:grant:revoke']));
  const both = await service.addUser('both', 'KMS CMKReadOnlyAccess');
  await services.store.directory.addRole(both.user_id, demo.project_id, 'KMS Nothing');
  await services.store.directory.addRole(both.user_id, demo.project_id, 'KMS CMKFullAccess');
  expect(okBody(await readBy(both)).permissions).toEqual(permissions);
});

test('credentials without a project have no roles and no permissions', async () => {
  const { reader, services } = service;
  const login = { user: { id: reader.user_id }, password: reader.password };
  const { token } = await services.tokens.issue(login);
  for (const headers of [{ 'X-Auth-Token': token }, signedHeaders(reader)]) {
    const body = okBody(await read(headers));
    expect(body).toMatchObject({ user_id: reader.user_id, user_name: 'reader', roles: [], permissions: [] });
    expect(Object.keys(body)).not.toContain('project_id');
  }
});

test('a caller of a project that the service does not serve has no permissions there', async () => {
  const { reader, services } = service;
  services.config.projects = ['another'];
  const body = okBody(await readBy(reader));
  services.config.projects = undefined;
  expect(body).toMatchObject({ roles: ['KMS CMKReadOnlyAccess'], permissions: [] });
});

test('where the upstream checks roles, the caller has all documented permissions, and extensions as the role allows', async () => {
  const { reader, administrator, services } = service;
  const documented = okBody(await readBy(service.creator)).permissions;
  services.checksRoles = false;
  const replies = [okBody(await readBy(reader)), okBody(await readBy(administrator))];
  services.checksRoles = true;
  expect(replies[0]).toMatchObject({ permissions: documented, permissions_decided_by: 'upstream', jobs: false });
  expect(replies[1].permissions).toEqual(expect.arrayContaining([...documented, 'kms:grant:revoke-any']));
});

test('missing or invalid credentials get 401', async () => {
  expectError(await read({}), [401, 'APIGW.0301']);
  expectError(await read({ 'X-Auth-Token': 'garbage' }), [401, 'APIGW.0301']);
  const { reader, demo } = service;
  const forged = { ...reader, secret_key: `${reader.secret_key}x` };
  expectError(await read(signedHeaders(forged, demo.project_id)), [401, 'APIGW.0301']);
});
