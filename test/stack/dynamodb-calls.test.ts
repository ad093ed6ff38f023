/** Compares the calls of functions to DynamoDB with the permissions of their roles; DynamoDB Local checks none. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { deleteOwnDueKeys } from '../../lib/authority/due-keys.ts';
import type { DemoUser } from '../../local/demo.ts';
import { newGrant, newKey, okBody } from '../support/create.ts';
import { dynamodbEndpoint } from '../support/dynamodb.ts';
import { type FakeDynamodb, startFakeDynamodb } from '../support/fake-dynamodb.ts';
import { sendSigned } from '../support/send-signed.ts';
import { type ApiResponse, startService, type TestService } from '../support/service.ts';
import { allows, partsOf, type Use, usesOf } from './dynamodb-uses.ts';
import { fits, KINDS } from './roles.ts';

/** dynamodb-hooks.test.ts covers these. */
const HOOK_FUNCTIONS = ['chat', 'find-lost-work', 'job', 'notification', 'scim', 'ssf', 'webhook', 'work'];

const DAY_MS = 24 * 60 * 60 * 1000;

let recorder: FakeDynamodb;
let service: TestService;
/** By name of the function. */
const uses = new Map<string, Use[]>();

/** Runs `work` and records its calls to DynamoDB as those of the function. */
async function recordUses<T>(name: string, work: () => Promise<T>): Promise<T> {
  recorder.requests.length = 0;
  const result = await work();
  uses.set(name, [...(uses.get(name) ?? []), ...recorder.requests.flatMap(usesOf)]);
  return result;
}

const kms = (name: string, body: object, user = service.creator): Promise<ApiResponse> =>
  recordUses(name, () => service.kms(user, name, body));

const login = (user: object) =>
  recordUses('create-token', () =>
    service.send('/v3/auth/tokens', {
      body: {
        auth: {
          identity: { methods: ['password'], password: { user } },
          scope: { project: { name: service.demo.region } },
        },
      },
    }),
  );

beforeAll(async () => {
  recorder = await startFakeDynamodb(dynamodbEndpoint());
  // The calls of a worker would be recorded as those of the function.
  service = await startService({ DYNAMODB_ENDPOINT: recorder.endpoint }, false);
  const { creator, grantee, administrator, demo } = service;
  const headers = { 'X-Auth-Token': await service.token(creator), 'X-Subject-Token': await service.token(creator) };
  await service.token(grantee);
  await service.token(administrator);

  const { user_id: id, name, password } = creator;
  expect((await login({ id, password })).status).toBe(201);
  expect((await login({ name, password, domain: { name: creator.domain_name } })).status).toBe(201);
  okBody(await recordUses('check-token', () => service.send('/v3/auth/tokens', { method: 'GET', headers })));
  okBody(await recordUses('projects', () => service.send('/v3/projects', { method: 'GET', headers })));
  for (const [name, path] of [
    ['caller', '/v1.0/caller'],
    ['projects', `/v3/projects/${demo.project_id}`],
    ['domains', '/v3/auth/domains'],
    ['domains', `/v3/domains/${creator.domain_id}`],
    ['catalog', '/v3/auth/catalog'],
    ['regions', '/v3/regions'],
    ['versions', '/'],
    ['identity-version', '/v3'],
    ['kms-version', '/v1.0'],
  ] as const) {
    expect((await recordUses(name, () => service.send(path, { method: 'GET', headers }))).status).toBeLessThan(400);
  }
  for (const name of ['console', 'docs']) await recordUses(name, () => fetch(`${service.url}/${name}`));
  const other = { identity: { methods: ['token'], token: { id: headers['X-Auth-Token'] } } };
  const exchange = () => service.send('/v3/auth/tokens', { body: { auth: other } });
  const subject = (await recordUses('create-token', exchange)).headers.get('x-subject-token') ?? '';
  const revocation = { 'X-Auth-Token': await service.token(service.reader), 'X-Subject-Token': subject };
  const tenant = await service.addUser('tenant', 'te_admin');
  const send = (sent: Record<string, string>) =>
    recordUses('delete-token', () => service.send('/v3/auth/tokens', { method: 'DELETE', headers: sent }));
  expect((await send(revocation)).status).toBe(404);
  expect((await send({ ...revocation, 'X-Auth-Token': await service.token(tenant) })).status).toBe(204);

  await administer(tenant);

  const key_id = await recordUses('create-key', () => newKey(service));
  const signed = (body: object) =>
    recordUses('create-grant', () =>
      sendSigned(service, creator, `/v1.0/${demo.project_id}/kms/create-grant`, JSON.stringify(body)),
    );
  const operations = ['create-grant', 'retire-grant', 'encrypt-data'];
  const grant = { key_id, grantee_principal: grantee.user_id, operations, retiring_principal: creator.user_id };
  const { grant_id } = okBody(await signed(grant));
  expect((await signed({ ...grant, key_id: '00000000-0000-4000-8000-000000000000' })).status).not.toBe(200);
  okBody(
    await kms(
      'create-grant',
      { ...grant, grantee_principal: creator.user_id, sequence: '919c82d4-8046-4722-9094-35c3c6524cff' },
      grantee,
    ),
  );
  okBody(await kms('list-grants', { key_id }));
  okBody(await kms('list-grants', { key_id, grantee_principal: grantee.user_id, limit: '1', marker: '1' }));
  okBody(await kms('list-retirable-grants', {}, grantee));
  okBody(await kms('list-principal-grants', { grantee_principal: grantee.user_id }, administrator));
  const all = { grantee_principal: grantee.user_id, key_id, sequence: '919c82d4-8046-4722-9094-35c3c6524cfe' };
  okBody(await kms('revoke-principal-grants', { ...all, dry_run: true }, administrator));
  okBody(await kms('list-keys', { key_state: '2', key_spec: 'ALL' }));
  okBody(await kms('describe-key', { key_id }));
  okBody(await kms('list-key-usage', {}));
  okBody(await kms('list-issued-grants', { issuing_principal: creator.user_id }));
  okBody(await kms('describe-principals', { principals: [grantee.user_id, grantee.domain_id, 'nobody'] }));
  for (const query of [grantee.user_id, grantee.name, grant_id, key_id, '0'.repeat(32)]) {
    okBody(await kms('search', { query }));
  }
  okBody(await kms('disable-key', { key_id }));
  okBody(await kms('enable-key', { key_id }));
  okBody(await kms('retire-grant', { key_id, grant_id }, grantee));
  okBody(await kms('revoke-grant', { key_id, grant_id: await newGrant(service, key_id) }));
  await newGrant(service, key_id);
  expect(okBody(await kms('revoke-principal-grants', all, administrator))).toMatchObject({ revoked: 1 });
  await newGrant(service, key_id);
  const selection = { grantee_principal: grantee.user_id, key_id };
  const { digest } = okBody(await kms('create-revocation-job', { ...selection, dry_run: true }, administrator));
  const creation = { ...selection, digest, reason: 'left', sequence: '919c82d4-8046-4722-9094-35c3c6524cfd' };
  const { job_id } = (await kms('create-revocation-job', creation, administrator)).body;
  okBody(await kms('stop-job', { job_id, sequence: creation.sequence }, administrator));
  okBody(await kms('retry-job', { job_id, sequence: creation.sequence }, administrator));
  okBody(await kms('list-jobs', {}));
  okBody(await kms('list-grant-events', {}));
  okBody(await kms('list-grant-events', { grantee_principal: grantee.user_id }));
  okBody(await kms('schedule-key-deletion', { key_id, pending_days: '7' }));
  okBody(await kms('cancel-key-deletion', { key_id }));
  okBody(await service.kms(creator, 'schedule-key-deletion', { key_id, pending_days: '7' }));
  service.clock.nowMs += 8 * DAY_MS;
  expect(await recordUses('delete-due-keys', () => deleteOwnDueKeys(service.services))).toBe(1);
  await recordUses('unmatched', () => service.send('/nowhere'));
  // Many calls to DynamoDB Local, which is slow on a busy machine.
}, 120_000);

/** Calls the APIs of te_admin, with a token and signed. */
async function administer(tenant: DemoUser): Promise<void> {
  const { demo, reader } = service;
  const path = join(service.dataDir, 'hooks.json');
  const secrets = ['whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz'];
  const idp = { kind: 'standard', secrets, projects: [demo.project_id], actions: ['principal.disabled'] };
  const people = { ...idp, kind: 'scim' };
  writeFileSync(path, JSON.stringify({ idp, people }));
  service.services.config.hooks = { kind: 'file', path };
  const mapping = { source: 'idp', identity: 'ann@example.com', grantee_principal: reader.user_id };
  okBody(await kms('create-mapping', mapping, tenant));
  okBody(await kms('list-sources', {}, tenant));
  okBody(await kms('list-mappings', {}, tenant));
  okBody(await kms('list-mappings', { identity: mapping.identity }, tenant));
  const signed = `/v1.0/${demo.project_id}/kms/delete-mapping`;
  const mappingJson = JSON.stringify(mapping);
  okBody(await recordUses('delete-mapping', () => sendSigned(service, tenant, signed, mappingJson)));

  const { scim } = service.services.store;
  const meta = { createdAtMs: 0, modifiedAtMs: 0, version: 1 };
  const id = '01a226ad-0b37-7bf4-b9f7-ca573154096d';
  const person = { source: 'people', type: 'User', id, userName: 'ann', externalId: '7', active: true } as const;
  await scim.add({ ...person, ...meta });
  okBody(await kms('list-provisioned-users', { source: 'people' }, tenant));
  okBody(await kms('list-provisioned-users', { source: 'people', identity: 'Ann' }, tenant));
  okBody(await kms('update-provisioned-user', { source: 'people', user_id: id }, tenant));
  okBody(await kms('update-provisioned-user', { source: 'people', user_id: id, remove: true }, tenant));

  const headers = { 'X-Auth-Token': await service.token(tenant) };
  const user = `/v3/users/${reader.user_id}`;
  const credentials = '/v3.0/OS-CREDENTIAL/credentials';
  const status = { credential: { status: 'active' } };
  for (const [name, method, path, body] of [
    ['users', 'GET', '/v3/users', undefined],
    ['users', 'GET', `/v3/users?name=${reader.name}`, undefined],
    ['users', 'GET', user, undefined],
    ['users', 'PATCH', user, { user: { enabled: true } }],
    ['access-keys', 'GET', credentials, undefined],
    ['access-keys', 'GET', `${credentials}?user_id=${reader.user_id}`, undefined],
    ['access-keys', 'PUT', `${credentials}/${reader.access_key}`, status],
  ] as const) {
    okBody(await recordUses(name, () => service.send(path, { method, headers, body })));
  }
}

afterAll(async () => {
  await service.stop();
  await recorder.stop();
});

test('every function was called', () => {
  const all = Object.values(KINDS).flatMap(({ functions }) => functions);
  expect([...uses.keys()].sort()).toEqual(all.filter((name) => !HOOK_FUNCTIONS.includes(name)).sort());
});

test.each(Object.entries(KINDS))('%s allows every call that its functions make', (_, { functions, may }) => {
  const refused = functions.flatMap((name) =>
    (uses.get(name) ?? []).filter((use) => !may.some((permission) => allows(permission, use))),
  );
  expect(refused).toEqual([]);
});

test.each(['ChangerRole', 'JobsRole', 'LoginRole', 'RevokeTokenRole', 'MappingRole', 'DirectoryRole'])(
  '%s allows no writes that none of its functions makes',
  (kind) => {
    const { functions = [], may = [] } = KINDS[kind] ?? {};
    const isWrite = (action: string) => /:(?:Put|Update|Delete)Item$/.test(action);
    const writes = functions.flatMap((name) => uses.get(name) ?? []).filter(({ action }) => isWrite(action));
    const allowed = may.map(partsOf).filter(({ action }) => isWrite(action));
    const patterns = allowed.flatMap((permission) => permission.patterns ?? []);
    expect(patterns.length).toBeGreaterThan(0);
    expect(patterns.filter((pattern) => !writes.some(({ pk }) => fits(pk, pattern)))).toEqual([]);
  },
);

test.each(['MappingRole', 'DirectoryRole'])('%s allows no partition that none of its functions uses', (kind) => {
  const { functions = [], may = [] } = KINDS[kind] ?? {};
  const used = functions.flatMap((name) => uses.get(name) ?? []);
  const patterns = may.flatMap((permission) => partsOf(permission).patterns ?? []);
  expect(patterns.filter((pattern) => !used.some(({ pk }) => fits(pk, pattern)))).toEqual([]);
});
