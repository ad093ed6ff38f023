/** create-grant: who may create a grant, on which keys, and how many. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { DemoUser } from '../../../local/demo.ts';
import { resultCodes, sendConcurrently } from '../../support/concurrent-requests.ts';
import { grantIdsOn, grantsOn, newGrant, newKey, okBody } from '../../support/create.ts';
import { expectError, expectErrorAndNoWrite } from '../../support/expect-error.ts';
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

const NOT_ALLOWED: [number, string] = [403, 'KMS.0306'];

test('at GRANTS_PER_KEY grants a key accepts no more: KMS.2404; a revoke makes room, and other keys are not affected', async () => {
  const ids = [];
  for (let n = 0; n < 3; n += 1) ids.push(await newGrant(service, keyId));
  await expectErrorAndNoWrite(service, () => create(service.creator, ['encrypt-data']), [400, 'KMS.2404']);
  await newGrant(service, await newKey(service));
  okBody(await service.kms(service.creator, 'revoke-grant', { key_id: keyId, grant_id: ids[1] }));
  const last = await newGrant(service, keyId);
  await expectErrorAndNoWrite(service, () => create(service.creator, ['encrypt-data']), [400, 'KMS.2404']);
  expect(await grantIdsOn(service, keyId)).toEqual([ids[0], ids[2], last]);
});

test('16 concurrent requests do not exceed GRANTS_PER_KEY', async () => {
  const body = { key_id: keyId, grantee_principal: service.reader.user_id, operations: ['encrypt-data'] };
  expect(resultCodes(await sendConcurrently(service, service.creator, 'create-grant', body))).toEqual([
    ...Array(3).fill('200'),
    ...Array(13).fill('KMS.2404'),
  ]);
  expect(await grantsOn(service, keyId)).toHaveLength(3);
});

test('a disabled key accepts no grant, KMS.0209, until it is enabled', async () => {
  okBody(await service.kms(service.creator, 'disable-key', { key_id: keyId }));
  await expectErrorAndNoWrite(service, () => create(service.creator, ['encrypt-data']), [400, 'KMS.0209']);
  okBody(await service.kms(service.creator, 'enable-key', { key_id: keyId }));
  expect((await create(service.creator, ['encrypt-data'])).status).toBe(200);
});

test('a key that is pending deletion accepts no grant: KMS.0210; after cancel-key-deletion it is disabled: KMS.0209', async () => {
  okBody(await service.kms(service.creator, 'schedule-key-deletion', { key_id: keyId, pending_days: '7' }));
  await expectErrorAndNoWrite(service, () => create(service.creator, ['encrypt-data']), [400, 'KMS.0210']);
  okBody(await service.kms(service.creator, 'cancel-key-deletion', { key_id: keyId }));
  await expectErrorAndNoWrite(service, () => create(service.creator, ['encrypt-data']), [400, 'KMS.0209']);
});

test('a user who neither created the key nor holds a grant may not create one, whatever the role: KMS.0306', async () => {
  for (const user of [service.grantee, service.administrator]) {
    await expectErrorAndNoWrite(service, () => create(user, ['encrypt-data']), NOT_ALLOWED);
  }
});

test('a grantee needs create-grant, and may grant only operations that it holds: else KMS.0306', async () => {
  await newGrant(service, keyId, { operations: ['encrypt-data', 'decrypt-data'] });
  await expectErrorAndNoWrite(service, () => create(service.grantee, ['encrypt-data']), NOT_ALLOWED);

  await newGrant(service, keyId, { operations: ['create-grant', 'describe-key'] });
  await expectErrorAndNoWrite(service, () => create(service.grantee, ['describe-key', 'retire-grant']), NOT_ALLOWED);
  await expectErrorAndNoWrite(service, () => create(service.grantee, ['encrypt-datakey']), NOT_ALLOWED);
  const { grant_id } = okBody(await create(service.grantee, ['describe-key', 'create-grant']));
  const grant = (await grantsOn(service, keyId)).find((listed) => listed.grant_id === grant_id);
  expect(grant).toMatchObject({
    issuing_principal: service.grantee.user_id,
    grantee_principal: service.reader.user_id,
    operations: ['describe-key', 'create-grant'],
  });
});

test('a grantee may grant the operations of all its grants on the key, each until the last grant with it is revoked', async () => {
  const first = await newGrant(service, keyId, { operations: ['create-grant', 'describe-key'] });
  const second = await newGrant(service, keyId, { operations: ['encrypt-data'] });
  const issuedByGrantee = okBody(await create(service.grantee, ['encrypt-data', 'describe-key'])).grant_id;
  okBody(await service.kms(service.creator, 'revoke-grant', { key_id: keyId, grant_id: second }));
  await expectErrorAndNoWrite(service, () => create(service.grantee, ['encrypt-data']), NOT_ALLOWED);
  okBody(await service.kms(service.creator, 'revoke-grant', { key_id: keyId, grant_id: first }));
  await expectErrorAndNoWrite(service, () => create(service.grantee, ['describe-key']), NOT_ALLOWED);
  expect(await grantIdsOn(service, keyId)).toEqual([issuedByGrantee]);
});

test('create-grant on one key does not allow grants on another key: KMS.0306', async () => {
  await newGrant(service, keyId, { operations: ['create-grant', 'describe-key'] });
  const other = await newKey(service);
  await expectErrorAndNoWrite(service, () => create(service.grantee, ['describe-key'], { key_id: other }), NOT_ALLOWED);
});

test('each user of a domain may use the create-grant of a grant to the domain', async () => {
  const fields = { grantee_principal: service.grantee.domain_id, grantee_principal_type: 'domain' };
  await newGrant(service, keyId, { ...fields, operations: ['create-grant', 'describe-key'] });
  await expectErrorAndNoWrite(service, () => create(service.grantee, ['encrypt-data']), NOT_ALLOWED);
  for (const user of [service.grantee, service.administrator]) {
    expect((await create(user, ['describe-key'])).status).toBe(200);
  }
});

test('a user and a domain with the same id are different grantees: KMS.0306', async () => {
  const operations = ['create-grant', 'describe-key'];
  await newGrant(service, keyId, { grantee_principal: service.grantee.domain_id, operations });
  await newGrant(service, keyId, { grantee_principal_type: 'domain', operations });
  await expectErrorAndNoWrite(service, () => create(service.grantee, ['describe-key']), NOT_ALLOWED);
});

test('GRANTS_PER_KEY counts the grants that grantees issue', async () => {
  await newGrant(service, keyId, { operations: ['create-grant', 'describe-key'] });
  for (let n = 0; n < 2; n += 1) okBody(await create(service.grantee, ['describe-key']));
  await expectErrorAndNoWrite(service, () => create(service.grantee, ['describe-key']), [400, 'KMS.2404']);
});

test('a key of another project gets the same 404 KMS.0207 as an unknown key', async () => {
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
