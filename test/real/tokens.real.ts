/** Who gets in, by what a real Keystone says of a token; nothing is remembered here, so that every request asks it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sign } from '../../lib/signing/sdk-hmac.ts';
import { type Backend, startBackend } from './backend.ts';
import { type Iam, iamOf, type KeystoneUser } from './iam.ts';
import { type Keystone, startKeystone } from './keystone.ts';

let keystone: Keystone;
let stranger: Keystone;
let iam: Iam;
let backend: Backend;
let project: string;
let administrator: KeystoneUser;
let token: string;

beforeAll(async () => {
  [keystone, stranger] = await Promise.all([startKeystone(), startKeystone()]);
  iam = iamOf(keystone);
  backend = await startBackend(keystone, 0);
  project = await iam.addProject();
  administrator = await iam.addUser(project, 'KMS Administrator');
  token = await iam.token(administrator, { project });
});

afterAll(async () => {
  await backend?.remove();
  await keystone?.remove();
  await stranger?.remove();
});

const createKey = (from: string | undefined, at = project) =>
  backend.kms(from, at, 'create-key', { key_alias: `alias-${Math.random().toString(36).slice(2)}` });

/** How many keys the project has. */
async function keyCount(): Promise<number> {
  const { body } = await backend.kms(token, project, 'list-keys');
  return body.keys.length;
}

/** The refusal of a request to make a key, after which there is none more. */
async function refusalOf(from: string | undefined, at = project) {
  const before = await keyCount();
  const { status, body } = await createKey(from, at);
  expect(await keyCount()).toBe(before);
  return { status, code: body.error_code };
}

test('a token for the project makes a key and lists it', async () => {
  const made = await createKey(token);
  expect(made.status).toBe(200);
  const listed = await backend.kms(token, project, 'list-keys');
  expect(listed.status).toBe(200);
  expect(listed.body.keys).toContain(made.body.key_info.key_id);
});

test('a key belongs to the domain of the user that Keystone names', async () => {
  const domain = await iam.addDomain();
  const its = await iam.addProject(domain);
  const user = await iam.addUser(its, 'KMS Administrator', domain);
  const own = await iam.token(user, { project: its });
  const made = await createKey(own, its);
  expect(made.body.key_info.domain_id).toBe(domain);
  const { key_id } = made.body.key_info;
  const described = await backend.kms(own, its, 'describe-key', { key_id });
  expect(described.body.key_info).toMatchObject({ key_id, domain_id: domain });
});

test('two users of one project are told apart: the one revokes what is hers, the other does not', async () => {
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

test('a role that only reads lists keys and makes none', async () => {
  const reader = await iam.token(await iam.addUser(project, 'KMS CMKReadOnlyAccess'), { project });
  expect((await backend.kms(reader, project, 'list-keys')).status).toBe(200);
  expect(await refusalOf(reader)).toEqual({ status: 403, code: 'KMS.0307' });
});

test('a role that is not known here allows nothing', async () => {
  const user = await iam.addUser(project, 'operator of something else');
  const other = await iam.token(user, { project });
  expect((await backend.kms(other, project, 'list-keys')).body.error_code).toBe('KMS.0307');
  expect(await refusalOf(other)).toEqual({ status: 403, code: 'KMS.0307' });
});

test('a token for another project is refused, with a role there as here', async () => {
  const elsewhere = await iam.addProject();
  await iam.giveRole(administrator, 'KMS Administrator', { project: elsewhere });
  const foreign = await iam.token(administrator, { project: elsewhere });
  expect(await refusalOf(foreign)).toEqual({ status: 403, code: 'KMS.0321' });
  expect((await createKey(foreign, elsewhere)).status).toBe(200);
});

test('an unscoped token is refused', async () => {
  expect(await refusalOf(await iam.token(administrator, 'unscoped'))).toEqual({ status: 403, code: 'KMS.0321' });
});

test('a token for a domain is refused, in a project and in place of one', async () => {
  const domain = await iam.addDomain();
  const its = await iam.addProject(domain);
  const user = await iam.addUser(its, 'KMS Administrator', domain);
  await iam.giveRole(user, 'KMS Administrator', { domain });
  const scoped = await iam.token(user, { domain });
  expect(await refusalOf(scoped)).toEqual({ status: 403, code: 'KMS.0321' });
  expect((await createKey(scoped, its)).body.error_code).toBe('KMS.0321');
  expect((await createKey(scoped, domain)).body.error_code).toBe('KMS.0321');
});

test('a token for the whole system is refused', async () => {
  const user = await iam.addUser(project, 'KMS Administrator');
  await iam.giveRole(user, 'KMS Administrator', { system: { all: true } });
  expect(await refusalOf(await iam.token(user, { system: { all: true } }))).toEqual({ status: 403, code: 'KMS.0321' });
});

test('a disabled user is out with the next request, and stays out with that token when enabled again', async () => {
  const user = await iam.addUser(project, 'KMS Administrator');
  const own = await iam.token(user, { project });
  expect((await createKey(own)).status).toBe(200);
  await iam.setEnabled(user, false);
  expect(await refusalOf(own)).toEqual({ status: 401, code: 'APIGW.0301' });
  await iam.setEnabled(user, true);
  expect(await refusalOf(own)).toEqual({ status: 401, code: 'APIGW.0301' });
});

test('a role that was taken away is gone with the next request, and the last one takes the token with it', async () => {
  const user = await iam.addUser(project, 'KMS Administrator');
  await iam.giveRole(user, 'KMS CMKReadOnlyAccess', { project });
  const own = await iam.token(user, { project });
  expect((await createKey(own)).status).toBe(200);
  await iam.takeRole(user, 'KMS Administrator', project);
  expect(await refusalOf(own)).toEqual({ status: 403, code: 'KMS.0307' });
  expect((await backend.kms(own, project, 'list-keys')).status).toBe(200);
  await iam.takeRole(user, 'KMS CMKReadOnlyAccess', project);
  expect((await backend.kms(own, project, 'list-keys')).status).toBe(401);
});

test('a revoked token is refused at once', async () => {
  const own = await iam.token(administrator, { project });
  expect((await createKey(own)).status).toBe(200);
  await iam.revoke(own);
  expect(await refusalOf(own)).toEqual({ status: 401, code: 'APIGW.0301' });
});

test('a token of another Keystone is refused', async () => {
  const their = iamOf(stranger);
  const theirProject = await their.addProject();
  const user = await their.addUser(theirProject, 'KMS Administrator');
  const foreign = await their.token(user, { project: theirProject });
  expect(foreign).toMatch(/^gAAAAA/);
  expect(await refusalOf(foreign)).toEqual({ status: 401, code: 'APIGW.0301' });
  expect((await createKey(foreign, theirProject)).body.error_code).toBe('APIGW.0301');
});

test('a request signed with AK/SK is refused: only the cloud could check it', async () => {
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
  ['what only looks like a token', `gAAAAA${'x'.repeat(180)}`],
  ['a token that lost its last character', () => token.slice(0, -1)],
  [
    'a token with one character changed',
    () => `${token.slice(0, 40)}${token[40] === 'A' ? 'B' : 'A'}${token.slice(41)}`,
  ],
  ['two tokens in one header', () => `${token}, ${token}`],
])('%s is refused', async (_what, from) => {
  const sent = typeof from === 'function' ? from() : from;
  expect(await refusalOf(sent)).toEqual({ status: 401, code: 'APIGW.0301' });
});

test('this service gives no tokens and tells no projects of its own', async () => {
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

test('no token is in the log', () => {
  expect(backend.output()).toMatch(/"status":401/);
  expect(backend.output()).not.toContain(token);
});
