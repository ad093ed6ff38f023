import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DemoUser } from '../../../local/demo.ts';
import { grantIdsOn, newGrant, newKey, okBody } from '../../support/create.ts';
import { expectErrorAndNoWrite } from '../../support/expect-error.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';
const ABSENT = '7c9a3286af4fcca5f0a385ad13e1d21a50e27b6dbcab50f37f30f93b8939827d';

let service: TestService;
let keyId: string;
beforeAll(async () => {
  service = await startService();
  for (const user of [service.creator, service.grantee, service.reader, service.administrator]) {
    await service.token(user);
  }
});
afterAll(() => service.stop());
beforeEach(async () => {
  keyId = await newKey(service);
});

const retire = (user: DemoUser, grant_id: string, key_id = keyId, fields = {}) =>
  service.kms(user, 'retire-grant', { key_id, grant_id, ...fields });

const NOT_ALLOWED: [number, string] = [403, 'KMS.0306'];

describe('retire-grant returns 200 with {} and removes the grant', () => {
  async function expectRetired(response: Promise<ApiResponse>): Promise<void> {
    const { status, body } = await response;
    expect([status, body]).toEqual([200, {}]);
    expect(await grantIdsOn(service, keyId)).toEqual([]);
  }

  test('the issuer may retire a grant', async () => {
    await expectRetired(retire(service.creator, await newGrant(service, keyId)));
  });

  test('the retiring principal may retire a grant without being its grantee', async () => {
    const grant = await newGrant(service, keyId, { retiring_principal: service.administrator.user_id });
    await expectRetired(retire(service.administrator, grant));
  });

  test('the grantee may retire a grant that includes retire-grant', async () => {
    const grant = await newGrant(service, keyId, { operations: ['describe-key', 'retire-grant'] });
    await expectRetired(retire(service.grantee, grant));
  });

  test('any user of a grantee domain may retire a grant that includes retire-grant', async () => {
    const fields = { grantee_principal: service.grantee.domain_id, grantee_principal_type: 'domain' };
    const grant = await newGrant(service, keyId, { ...fields, operations: ['describe-key', 'retire-grant'] });
    await expectRetired(retire(service.administrator, grant));
  });

  test('retire-grant accepts the grant id in upper case', async () => {
    await expectRetired(retire(service.creator, (await newGrant(service, keyId)).toUpperCase()));
  });

  test('a grant on a key that is disabled or pending deletion can be retired', async () => {
    const [first = '', second = ''] = [await newGrant(service, keyId), await newGrant(service, keyId)];
    okBody(await service.kms(service.creator, 'disable-key', { key_id: keyId }));
    okBody(await retire(service.creator, first));
    okBody(await service.kms(service.creator, 'schedule-key-deletion', { key_id: keyId, pending_days: '7' }));
    await expectRetired(retire(service.creator, second));
  });
});

describe('retire-grant is refused and the grant stays', () => {
  test('a grantee without retire-grant, and a user unrelated to the grant, may not retire it: KMS.0306', async () => {
    const grant = await newGrant(service, keyId, { retiring_principal: service.reader.user_id });
    await expectErrorAndNoWrite(service, () => retire(service.grantee, grant), NOT_ALLOWED);
    await expectErrorAndNoWrite(service, () => retire(service.administrator, grant), NOT_ALLOWED);
    expect(await grantIdsOn(service, keyId)).toEqual([grant]);
  });

  test('the key creator may not retire a grant that another user issued: KMS.0306', async () => {
    await newGrant(service, keyId, { operations: ['create-grant', 'describe-key'] });
    const fields = { grantee_principal: service.administrator.user_id, operations: ['describe-key'] };
    const issuedByGrantee = await newGrant(service, keyId, fields, service.grantee);
    await expectErrorAndNoWrite(service, () => retire(service.creator, issuedByGrantee), NOT_ALLOWED);
    okBody(await retire(service.grantee, issuedByGrantee));
  });

  test('a grantee may not retire a grant with the retire-grant of another grant: KMS.0306', async () => {
    await newGrant(service, keyId, { operations: ['describe-key', 'retire-grant'] });
    const other = await newGrant(service, keyId);
    await expectErrorAndNoWrite(service, () => retire(service.grantee, other), NOT_ALLOWED);
  });

  test('a user and a domain with the same id are different principals: KMS.0306', async () => {
    const operations = ['describe-key', 'retire-grant'];
    const asDomain = await newGrant(service, keyId, { grantee_principal_type: 'domain', operations });
    await expectErrorAndNoWrite(service, () => retire(service.grantee, asDomain), NOT_ALLOWED);
    const asUser = await newGrant(service, keyId, { grantee_principal: service.grantee.domain_id, operations });
    await expectErrorAndNoWrite(service, () => retire(service.grantee, asUser), NOT_ALLOWED);
    const retirer = await newGrant(service, keyId, { retiring_principal: service.grantee.domain_id });
    await expectErrorAndNoWrite(service, () => retire(service.grantee, retirer), NOT_ALLOWED);
  });

  test('a retiring principal whose role may not retire grants: KMS.0307', async () => {
    const grant = await newGrant(service, keyId, { retiring_principal: service.reader.user_id });
    await expectErrorAndNoWrite(service, () => retire(service.reader, grant), [403, 'KMS.0307']);
  });

  test('a grant of another key: KMS.2502; a key of another project: 404 KMS.0207', async () => {
    const grant = await newGrant(service, keyId);
    const other = await newKey(service);
    await expectErrorAndNoWrite(service, () => retire(service.creator, grant, other), [400, 'KMS.2502']);
    const foreigner = await service.foreignUser();
    await service.token(foreigner, foreigner.project_id);
    const body = { key_id: keyId, grant_id: grant };
    await expectErrorAndNoWrite(service, () => service.kms(foreigner, 'retire-grant', body, foreigner.project_id), [
      404,
      'KMS.0207',
    ]);
  });

  test('a second retire of a grant, and an unknown grant: KMS.2501', async () => {
    const grant = await newGrant(service, keyId);
    okBody(await retire(service.creator, grant));
    await expectErrorAndNoWrite(service, () => retire(service.creator, grant), [400, 'KMS.2501']);
    await expectErrorAndNoWrite(service, () => retire(service.creator, ABSENT), [400, 'KMS.2501']);
  });

  test('a malformed key_id: KMS.0205; a malformed grant_id: KMS.2501', async () => {
    const grant = await newGrant(service, keyId);
    for (const key_id of ['', 'x', keyId.toUpperCase()]) {
      await expectErrorAndNoWrite(service, () => retire(service.creator, grant, key_id), [400, 'KMS.0205']);
    }
    for (const grant_id of ['', 'x', grant.slice(1), `${grant}0`, `g${grant.slice(1)}`, ` ${grant}`]) {
      await expectErrorAndNoWrite(service, () => retire(service.creator, grant_id), [400, 'KMS.2501']);
    }
  });
});

test('retiring a grant leaves the grants that its grantee issued', async () => {
  const grant = await newGrant(service, keyId, { operations: ['create-grant', 'describe-key', 'retire-grant'] });
  const issuedByGrantee = await newGrant(service, keyId, { operations: ['describe-key'] }, service.grantee);
  okBody(await retire(service.grantee, grant));
  expect(await grantIdsOn(service, keyId)).toEqual([issuedByGrantee]);
});

test('a repeated retire-grant with the same sequence gets {} and writes nothing', async () => {
  const grant = await newGrant(service, keyId);
  expect(okBody(await retire(service.creator, grant, keyId, { sequence: SEQUENCE }))).toEqual({});
  const rows = await storedRows(service);
  expect(okBody(await retire(service.creator, grant, keyId, { sequence: SEQUENCE }))).toEqual({});
  expect(await storedRows(service)).toEqual(rows);
});
