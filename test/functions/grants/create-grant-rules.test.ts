/** Who may create a grant, on which key, and how many. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { DemoUser } from '../../../local/demo.ts';
import { resultCodes, sendConcurrently } from '../../support/concurrent-requests.ts';
import { grantIdsOn, grantsOn, newGrant, newKey, okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

let service: TestService;
let keyId: string;
beforeAll(async () => {
  service = await startService({ GRANTS_PER_KEY: '3' });
  for (const user of [service.creator, service.grantee, service.administrator]) await service.token(user);
});
afterAll(() => service.stop());
beforeEach(async () => {
  keyId = await newKey(service);
});

function create(user: DemoUser, operations: string[], fields = {}): Promise<ApiResponse> {
  const grantee_principal = service.reader.user_id;
  return service.kms(user, 'create-grant', { key_id: keyId, grantee_principal, operations, ...fields });
}

async function expectRefused(asked: () => Promise<ApiResponse>, refusal: [number, string]): Promise<void> {
  const rows = await storedRows(service);
  expectError(await asked(), refusal);
  expect(await storedRows(service)).toEqual(rows);
}

const NOT_ALLOWED: [number, string] = [403, 'KMS.0306'];

test('past GRANTS_PER_KEY a key takes no more: KMS.2404; a revoke makes room; other keys have their own', async () => {
  const ids = [];
  for (let n = 0; n < 3; n += 1) ids.push(await newGrant(service, keyId));
  await expectRefused(() => create(service.creator, ['encrypt-data']), [400, 'KMS.2404']);
  await newGrant(service, await newKey(service));
  okBody(await service.kms(service.creator, 'revoke-grant', { key_id: keyId, grant_id: ids[1] }));
  const last = await newGrant(service, keyId);
  await expectRefused(() => create(service.creator, ['encrypt-data']), [400, 'KMS.2404']);
  expect(await grantIdsOn(service, keyId)).toEqual([ids[0], ids[2], last]);
});

test('sixteen creates at once do not get past the quota', async () => {
  const body = { key_id: keyId, grantee_principal: service.reader.user_id, operations: ['encrypt-data'] };
  expect(resultCodes(await sendConcurrently(service, service.creator, 'create-grant', body))).toEqual([
    ...Array(3).fill('200'),
    ...Array(13).fill('KMS.2404'),
  ]);
  expect(await grantsOn(service, keyId)).toHaveLength(3);
});

test('a disabled key takes no grant: KMS.0209; enabled again it does', async () => {
  okBody(await service.kms(service.creator, 'disable-key', { key_id: keyId }));
  await expectRefused(() => create(service.creator, ['encrypt-data']), [400, 'KMS.0209']);
  okBody(await service.kms(service.creator, 'enable-key', { key_id: keyId }));
  expect((await create(service.creator, ['encrypt-data'])).status).toBe(200);
});

test('a key that waits for deletion takes no grant: KMS.0210; kept, it is disabled first', async () => {
  okBody(await service.kms(service.creator, 'schedule-key-deletion', { key_id: keyId, pending_days: '7' }));
  await expectRefused(() => create(service.creator, ['encrypt-data']), [400, 'KMS.0210']);
  okBody(await service.kms(service.creator, 'cancel-key-deletion', { key_id: keyId }));
  await expectRefused(() => create(service.creator, ['encrypt-data']), [400, 'KMS.0209']);
});

test('a user without a grant may not, whatever the role: KMS.0306', async () => {
  for (const user of [service.grantee, service.administrator]) {
    await expectRefused(() => create(user, ['encrypt-data']), NOT_ALLOWED);
  }
});

test('a grantee without create-grant may not, and with it passes on only what it holds', async () => {
  await newGrant(service, keyId, { operations: ['encrypt-data', 'decrypt-data'] });
  await expectRefused(() => create(service.grantee, ['encrypt-data']), NOT_ALLOWED);

  await newGrant(service, keyId, { operations: ['create-grant', 'describe-key'] });
  await expectRefused(() => create(service.grantee, ['describe-key', 'retire-grant']), NOT_ALLOWED);
  await expectRefused(() => create(service.grantee, ['encrypt-datakey']), NOT_ALLOWED);
  const { grant_id } = okBody(await create(service.grantee, ['describe-key', 'create-grant']));
  const grant = (await grantsOn(service, keyId)).find((one) => one.grant_id === grant_id);
  expect(grant).toMatchObject({
    issuing_principal: service.grantee.user_id,
    grantee_principal: service.reader.user_id,
    operations: ['describe-key', 'create-grant'],
  });
});

test('what a grantee holds is the union of its grants on the key, and ends with the last that has it', async () => {
  const first = await newGrant(service, keyId, { operations: ['create-grant', 'describe-key'] });
  const second = await newGrant(service, keyId, { operations: ['encrypt-data'] });
  const passedOn = okBody(await create(service.grantee, ['encrypt-data', 'describe-key'])).grant_id;
  okBody(await service.kms(service.creator, 'revoke-grant', { key_id: keyId, grant_id: second }));
  await expectRefused(() => create(service.grantee, ['encrypt-data']), NOT_ALLOWED);
  okBody(await service.kms(service.creator, 'revoke-grant', { key_id: keyId, grant_id: first }));
  await expectRefused(() => create(service.grantee, ['describe-key']), NOT_ALLOWED);
  expect(await grantIdsOn(service, keyId)).toEqual([passedOn]);
});

test('a grant on one key allows nothing on another', async () => {
  await newGrant(service, keyId, { operations: ['create-grant', 'describe-key'] });
  const other = await newKey(service);
  await expectRefused(() => create(service.grantee, ['describe-key'], { key_id: other }), NOT_ALLOWED);
});

test('a grant to a domain is held by each of its users', async () => {
  const fields = { grantee_principal: service.grantee.domain_id, grantee_principal_type: 'domain' };
  await newGrant(service, keyId, { ...fields, operations: ['create-grant', 'describe-key'] });
  await expectRefused(() => create(service.grantee, ['encrypt-data']), NOT_ALLOWED);
  for (const user of [service.grantee, service.administrator]) {
    expect((await create(user, ['describe-key'])).status).toBe(200);
  }
});

test('a user and a domain never stand for each other, even with equal ids', async () => {
  const operations = ['create-grant', 'describe-key'];
  await newGrant(service, keyId, { grantee_principal: service.grantee.domain_id, operations });
  await newGrant(service, keyId, { grantee_principal_type: 'domain', operations });
  await expectRefused(() => create(service.grantee, ['describe-key']), NOT_ALLOWED);
});

test('the quota counts grants that are passed on', async () => {
  await newGrant(service, keyId, { operations: ['create-grant', 'describe-key'] });
  for (let n = 0; n < 2; n += 1) okBody(await create(service.grantee, ['describe-key']));
  await expectRefused(() => create(service.grantee, ['describe-key']), [400, 'KMS.2404']);
});

test('a key of another project is no key: 404 KMS.0207, told as of one that is nowhere', async () => {
  const foreigner = await service.foreignUser();
  await service.token(foreigner, foreigner.project_id);
  const rows = await storedRows(service);
  const body = { key_id: keyId, grantee_principal: foreigner.user_id, operations: ['encrypt-data'] };
  const foreign = await service.kms(foreigner, 'create-grant', body, foreigner.project_id);
  const absent = await create(service.creator, ['encrypt-data'], { key_id: '0d0466b0-e727-4d9c-b35d-f84bb474a37f' });
  for (const answer of [foreign, absent]) expectError(answer, [404, 'KMS.0207']);
  expect(foreign.body.error_msg).toBe(absent.body.error_msg);
  expect(await storedRows(service)).toEqual(rows);
});
