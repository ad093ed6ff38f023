/** Authentication by a real Keystone, without a token cache: every request validates its token. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sign } from '../../lib/signing/sdk-hmac.ts';
import { type Backend, startBackend } from './backend.ts';
import { type Iam, iamOf, type KeystoneUser } from './iam.ts';
import { type Keystone, startKeystone } from './keystone.ts';

let keystone: Keystone;
let otherKeystone: Keystone;
let iam: Iam;
let backend: Backend;
let project: string;
let administrator: KeystoneUser;
let token: string;

beforeAll(async () => {
  [keystone, otherKeystone] = await Promise.all([startKeystone(), startKeystone()]);
  iam = iamOf(keystone);
  backend = await startBackend(keystone, 0);
  project = await iam.addProject();
  administrator = await iam.addUser(project, 'KMS Administrator');
  token = await iam.token(administrator, { project });
});

afterAll(async () => {
  await backend?.remove();
  await keystone?.remove();
  await otherKeystone?.remove();
});

const createKey = (from: string | undefined, at = project) =>
  backend.kms(from, at, 'create-key', { key_alias: `alias-${Math.random().toString(36).slice(2)}` });

/** Returns the number of keys of the project. */
async function keyCount(): Promise<number> {
  const { body } = await backend.kms(token, project, 'list-keys');
  return body.keys.length;
}

/** Sends a create-key that must create no key. @returns status and code of the reply */
async function refusedCreateKey(from: string | undefined, at = project) {
  const before = await keyCount();
  const { status, body } = await createKey(from, at);
  expect(await keyCount()).toBe(before);
  return { status, code: body.error_code };
}

test('a token for the project may create and list keys', async () => {
  const created = await createKey(token);
  expect(created.status).toBe(200);
  const listed = await backend.kms(token, project, 'list-keys');
  expect(listed.status).toBe(200);
  expect(listed.body.keys).toContain(created.body.key_info.key_id);
});

test('a new key belongs to the domain that Keystone returns for the user', async () => {
  const domain = await iam.addDomain();
  const domainProject = await iam.addProject(domain);
  const user = await iam.addUser(domainProject, 'KMS Administrator', domain);
  const own = await iam.token(user, { project: domainProject });
  const created = await createKey(own, domainProject);
  expect(created.body.key_info.domain_id).toBe(domain);
  const { key_id } = created.body.key_info;
  const described = await backend.kms(own, domainProject, 'describe-key', { key_id });
  expect(described.body.key_info).toMatchObject({ key_id, domain_id: domain });
});

test('only the creator of a key may revoke its grants, not another user of the project', async () => {
  const other = await iam.token(await iam.addUser(project, 'KMS Administrator'), { project });
  const { key_id } = (await createKey(token)).body.key_info;
  const grant = { key_id, grantee_principal: administrator.id, operations: ['describe-key'] };
  const { grant_id } = (await backend.kms(token, project, 'create-grant', grant)).body;
  const refused = await backend.kms(other, project, 'revoke-grant', { key_id, grant_id });
  expect([refused.status, refused.body.error_code]).toEqual([403, 'KMS.0306']);
  const before = await backend.kms(token, project, 'list-grants', { key_id });
  expect(before.body.grants).toMatchObject([{ grant_id, issuing_principal: administrator.id }]);
  expect((await backend.kms(token, project, 'revoke-grant', { key_id, grant_id })).status).toBe(200);
  const after = await backend.kms(token, project, 'list-grants', { key_id });
  expect(after.body.grants).toEqual([]);
});

test('KMS CMKReadOnlyAccess may list keys and not create any', async () => {
  const reader = await iam.token(await iam.addUser(project, 'KMS CMKReadOnlyAccess'), { project });
  expect((await backend.kms(reader, project, 'list-keys')).status).toBe(200);
  expect(await refusedCreateKey(reader)).toEqual({ status: 403, code: 'KMS.0307' });
});

test('a role that is not in the table of roles has no permission', async () => {
  const user = await iam.addUser(project, 'operator of something else');
  const other = await iam.token(user, { project });
  expect((await backend.kms(other, project, 'list-keys')).body.error_code).toBe('KMS.0307');
  expect(await refusedCreateKey(other)).toEqual({ status: 403, code: 'KMS.0307' });
});

test('a token for another project is refused, even if its user has a role in both projects', async () => {
  const otherProject = await iam.addProject();
  await iam.giveRole(administrator, 'KMS Administrator', { project: otherProject });
  const foreign = await iam.token(administrator, { project: otherProject });
  expect(await refusedCreateKey(foreign)).toEqual({ status: 403, code: 'KMS.0321' });
  expect((await createKey(foreign, otherProject)).status).toBe(200);
});

test('an unscoped token is refused', async () => {
  expect(await refusedCreateKey(await iam.token(administrator, 'unscoped'))).toEqual({ status: 403, code: 'KMS.0321' });
});

test('a token for a domain is refused, with a project id and with the domain id in the URL', async () => {
  const domain = await iam.addDomain();
  const domainProject = await iam.addProject(domain);
  const user = await iam.addUser(domainProject, 'KMS Administrator', domain);
  await iam.giveRole(user, 'KMS Administrator', { domain });
  const scoped = await iam.token(user, { domain });
  expect(await refusedCreateKey(scoped)).toEqual({ status: 403, code: 'KMS.0321' });
  expect((await createKey(scoped, domainProject)).body.error_code).toBe('KMS.0321');
  expect((await createKey(scoped, domain)).body.error_code).toBe('KMS.0321');
});

test('a token for the whole system is refused', async () => {
  const user = await iam.addUser(project, 'KMS Administrator');
  await iam.giveRole(user, 'KMS Administrator', { system: { all: true } });
  expect(await refusedCreateKey(await iam.token(user, { system: { all: true } }))).toEqual({
    status: 403,
    code: 'KMS.0321',
  });
});

test('the token of a disabled user is refused from the next request on, also after the user is enabled again', async () => {
  const user = await iam.addUser(project, 'KMS Administrator');
  const own = await iam.token(user, { project });
  expect((await createKey(own)).status).toBe(200);
  await iam.setEnabled(user, false);
  expect(await refusedCreateKey(own)).toEqual({ status: 401, code: 'APIGW.0301' });
  await iam.setEnabled(user, true);
  expect(await refusedCreateKey(own)).toEqual({ status: 401, code: 'APIGW.0301' });
});

test('a removed role has no effect from the next request on; without any role the token is refused', async () => {
  const user = await iam.addUser(project, 'KMS Administrator');
  await iam.giveRole(user, 'KMS CMKReadOnlyAccess', { project });
  const own = await iam.token(user, { project });
  expect((await createKey(own)).status).toBe(200);
  await iam.removeRole(user, 'KMS Administrator', project);
  expect(await refusedCreateKey(own)).toEqual({ status: 403, code: 'KMS.0307' });
  expect((await backend.kms(own, project, 'list-keys')).status).toBe(200);
  await iam.removeRole(user, 'KMS CMKReadOnlyAccess', project);
  expect((await backend.kms(own, project, 'list-keys')).status).toBe(401);
});

test('a revoked token is refused from the next request on', async () => {
  const own = await iam.token(administrator, { project });
  expect((await createKey(own)).status).toBe(200);
  await iam.revoke(own);
  expect(await refusedCreateKey(own)).toEqual({ status: 401, code: 'APIGW.0301' });
});

test('a token of another Keystone is refused', async () => {
  const their = iamOf(otherKeystone);
  const theirProject = await their.addProject();
  const user = await their.addUser(theirProject, 'KMS Administrator');
  const foreign = await their.token(user, { project: theirProject });
  expect(foreign).toMatch(/^gAAAAA/);
  expect(await refusedCreateKey(foreign)).toEqual({ status: 401, code: 'APIGW.0301' });
  expect((await createKey(foreign, theirProject)).body.error_code).toBe('APIGW.0301');
});

test('a request signed with AK/SK is refused, with or without a token', async () => {
  const path = `/v1.0/${project}/kms/create-key`;
  const body = Buffer.from('{"key_alias":"signed"}');
  const headers = {
    'content-type': 'application/json',
    'x-sdk-date': new Date().toISOString().replace(/[-:]|\.\d+/g, ''),
  };
  const authorization = sign(
    { method: 'POST', path, query: '', headers, body },
    { accessKey: 'A'.repeat(20), secretKey: 's'.repeat(40) },
    ['content-type', 'x-sdk-date'],
  );
  const before = await keyCount();
  for (const more of [{}, { 'x-auth-token': token }]) {
    const answer = await backend.send(path, { method: 'POST', headers: { ...headers, authorization, ...more }, body });
    expect([answer.status, answer.body.error_code]).toEqual([401, 'APIGW.0301']);
  }
  expect(await keyCount()).toBe(before);
});

test.each([
  ['no token', undefined],
  ['garbage', 'garbage'],
  ['a random text in the form of a token', `gAAAAA${'x'.repeat(180)}`],
  ['a token without its last character', () => token.slice(0, -1)],
  [
    'a token with one character changed',
    () => `${token.slice(0, 40)}${token[40] === 'A' ? 'B' : 'A'}${token.slice(41)}`,
  ],
  ['two tokens in one header', () => `${token}, ${token}`],
])('%s is refused', async (_what, from) => {
  const sent = typeof from === 'function' ? from() : from;
  expect(await refusedCreateKey(sent)).toEqual({ status: 401, code: 'APIGW.0301' });
});

test('with an external IAM, the token and project APIs are 404', async () => {
  const headers = { 'X-Auth-Token': token, 'X-Subject-Token': token };
  for (const [method, path] of [
    ['POST', '/v3/auth/tokens'],
    ['GET', '/v3/auth/tokens'],
    ['GET', '/v3/projects'],
  ] as const) {
    const answer = await backend.send(path, { method, headers });
    expect([answer.status, answer.body.error_code]).toEqual([404, 'APIGW.0101']);
  }
});

test('the log contains no token', () => {
  expect(backend.output()).toMatch(/"status":401/);
  expect(backend.output()).not.toContain(token);
});
