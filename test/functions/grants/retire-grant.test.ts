import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DemoUser } from '../../../local/demo.ts';
import { grantIdsOn, newGrant, newKey, okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
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

async function expectRefused(asked: () => Promise<ApiResponse>, refusal: [number, string]): Promise<void> {
  const rows = await storedRows(service);
  expectError(await asked(), refusal);
  expect(await storedRows(service)).toEqual(rows);
}

const NOT_ALLOWED: [number, string] = [403, 'KMS.0306'];

describe('is done: 200 with {}, and the grant is gone', () => {
  async function expectRetired(answer: Promise<ApiResponse>): Promise<void> {
    const { status, body } = await answer;
    expect([status, body]).toEqual([200, {}]);
    expect(await grantIdsOn(service, keyId)).toEqual([]);
  }

  test('for the issuer', async () => {
    await expectRetired(retire(service.creator, await newGrant(service, keyId)));
  });

  test('for the retiring principal, who need not be the grantee', async () => {
    const grant = await newGrant(service, keyId, { retiring_principal: service.administrator.user_id });
    await expectRetired(retire(service.administrator, grant));
  });

  test('for the grantee, if it holds retire-grant', async () => {
    const grant = await newGrant(service, keyId, { operations: ['describe-key', 'retire-grant'] });
    await expectRetired(retire(service.grantee, grant));
  });

  test('for any user of a domain that holds retire-grant', async () => {
    const fields = { grantee_principal: service.grantee.domain_id, grantee_principal_type: 'domain' };
    const grant = await newGrant(service, keyId, { ...fields, operations: ['describe-key', 'retire-grant'] });
    await expectRetired(retire(service.administrator, grant));
  });

  test('with the id in upper case', async () => {
    await expectRetired(retire(service.creator, (await newGrant(service, keyId)).toUpperCase()));
  });

  test('on a key that is disabled or waits for deletion', async () => {
    const [first = '', second = ''] = [await newGrant(service, keyId), await newGrant(service, keyId)];
    okBody(await service.kms(service.creator, 'disable-key', { key_id: keyId }));
    okBody(await retire(service.creator, first));
    okBody(await service.kms(service.creator, 'schedule-key-deletion', { key_id: keyId, pending_days: '7' }));
    await expectRetired(retire(service.creator, second));
  });
});

describe('is refused, and the grant stays', () => {
  test('to the grantee without retire-grant, and to a stranger: KMS.0306', async () => {
    const grant = await newGrant(service, keyId, { retiring_principal: service.reader.user_id });
    await expectRefused(() => retire(service.grantee, grant), NOT_ALLOWED);
    await expectRefused(() => retire(service.administrator, grant), NOT_ALLOWED);
    expect(await grantIdsOn(service, keyId)).toEqual([grant]);
  });

  test('to the key creator, where another issued the grant: it may revoke, not retire', async () => {
    await newGrant(service, keyId, { operations: ['create-grant', 'describe-key'] });
    const fields = { grantee_principal: service.administrator.user_id, operations: ['describe-key'] };
    const passedOn = await newGrant(service, keyId, fields, service.grantee);
    await expectRefused(() => retire(service.creator, passedOn), NOT_ALLOWED);
    okBody(await retire(service.grantee, passedOn));
  });

  test('to a holder of retire-grant through another grant', async () => {
    await newGrant(service, keyId, { operations: ['describe-key', 'retire-grant'] });
    const other = await newGrant(service, keyId);
    await expectRefused(() => retire(service.grantee, other), NOT_ALLOWED);
  });

  test('to a user whose id a domain grantee has, and to a domain that a user grantee has', async () => {
    const operations = ['describe-key', 'retire-grant'];
    const asDomain = await newGrant(service, keyId, { grantee_principal_type: 'domain', operations });
    await expectRefused(() => retire(service.grantee, asDomain), NOT_ALLOWED);
    const asUser = await newGrant(service, keyId, { grantee_principal: service.grantee.domain_id, operations });
    await expectRefused(() => retire(service.grantee, asUser), NOT_ALLOWED);
    const retirer = await newGrant(service, keyId, { retiring_principal: service.grantee.domain_id });
    await expectRefused(() => retire(service.grantee, retirer), NOT_ALLOWED);
  });

  test('to a role that may not retire, even as retiring principal: KMS.0307', async () => {
    const grant = await newGrant(service, keyId, { retiring_principal: service.reader.user_id });
    await expectRefused(() => retire(service.reader, grant), [403, 'KMS.0307']);
  });

  test('with the wrong key: KMS.2502; with a key of another project: 404 KMS.0207', async () => {
    const grant = await newGrant(service, keyId);
    const other = await newKey(service);
    await expectRefused(() => retire(service.creator, grant, other), [400, 'KMS.2502']);
    const foreigner = await service.foreignUser();
    await service.token(foreigner, foreigner.project_id);
    const body = { key_id: keyId, grant_id: grant };
    await expectRefused(() => service.kms(foreigner, 'retire-grant', body, foreigner.project_id), [404, 'KMS.0207']);
  });

  test('a second time, and for a grant that never was: KMS.2501', async () => {
    const grant = await newGrant(service, keyId);
    okBody(await retire(service.creator, grant));
    await expectRefused(() => retire(service.creator, grant), [400, 'KMS.2501']);
    await expectRefused(() => retire(service.creator, ABSENT), [400, 'KMS.2501']);
  });

  test('with malformed ids: KMS.0205, KMS.2501', async () => {
    const grant = await newGrant(service, keyId);
    for (const key_id of ['', 'x', keyId.toUpperCase()]) {
      await expectRefused(() => retire(service.creator, grant, key_id), [400, 'KMS.0205']);
    }
    for (const grant_id of ['', 'x', grant.slice(1), `${grant}0`, `g${grant.slice(1)}`, ` ${grant}`]) {
      await expectRefused(() => retire(service.creator, grant_id), [400, 'KMS.2501']);
    }
  });
});

test('retiring takes nothing that the grantee passed on', async () => {
  const grant = await newGrant(service, keyId, { operations: ['create-grant', 'describe-key', 'retire-grant'] });
  const passedOn = await newGrant(service, keyId, { operations: ['describe-key'] }, service.grantee);
  okBody(await retire(service.grantee, grant));
  expect(await grantIdsOn(service, keyId)).toEqual([passedOn]);
});

test('the same request again with its sequence gets {} and does nothing', async () => {
  const grant = await newGrant(service, keyId);
  expect(okBody(await retire(service.creator, grant, keyId, { sequence: SEQUENCE }))).toEqual({});
  const rows = await storedRows(service);
  expect(okBody(await retire(service.creator, grant, keyId, { sequence: SEQUENCE }))).toEqual({});
  expect(await storedRows(service)).toEqual(rows);
});
