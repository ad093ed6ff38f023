import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DemoUser } from '../../../local/demo.ts';
import { resultCodes, sendConcurrently } from '../../support/concurrent-requests.ts';
import { grantIdsOn, newGrant, newKey, okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

/** Source: KMS API reference, revoke-grant, request examples. */
const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';
const ABSENT_KEY = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';
const ABSENT_GRANT = '7c9a3286af4fcca5f0a385ad13e1d21a50e27b6dbcab50f37f30f93b8939827d';

let service: TestService;
let keyId: string;
let grantId: string;
beforeAll(async () => {
  service = await startService();
  for (const user of [service.creator, service.grantee, service.reader, service.administrator]) {
    await service.token(user);
  }
});
afterAll(() => service.stop());
beforeEach(async () => {
  keyId = await newKey(service);
  grantId = await newGrant(service, keyId);
});

/** A millisecond after what was before, so that events have an order. */
function revoke(user: DemoUser, fields = {}): Promise<ApiResponse> {
  service.clock.nowMs += 1;
  return service.kms(user, 'revoke-grant', { key_id: keyId, grant_id: grantId, ...fields });
}

async function expectRefused(asked: () => Promise<ApiResponse>, refusal: [number, string]): Promise<ApiResponse> {
  const rows = await storedRows(service);
  const answer = await asked();
  expectError(answer, refusal);
  expect(await storedRows(service)).toEqual(rows);
  return answer;
}

const NOT_ALLOWED: [number, string] = [403, 'KMS.0306'];

describe('the key creator revokes', () => {
  test('a grant: 200 with {}, and it is gone from every list and total', async () => {
    const kept = await newGrant(service, keyId);
    const { status, body } = await revoke(service.creator);
    expect([status, body]).toEqual([200, {}]);
    const list = okBody(await service.kms(service.reader, 'list-grants', { key_id: keyId }));
    expect([list.grants.length, list.grants[0].grant_id, list.total]).toEqual([1, kept, 1]);
    const retirable = okBody(await service.kms(service.creator, 'list-retirable-grants', {}));
    expect(JSON.stringify(retirable)).not.toContain(grantId);
  });

  test('by the id in upper or mixed case', async () => {
    expect(okBody(await revoke(service.creator, { grant_id: grantId.toUpperCase() }))).toEqual({});
    expect(await grantIdsOn(service, keyId)).toEqual([]);
  });

  test('a grant that another issued', async () => {
    await newGrant(service, keyId, { operations: ['create-grant', 'describe-key'] });
    const passedOn = await newGrant(service, keyId, { operations: ['describe-key'] }, service.grantee);
    okBody(await revoke(service.creator, { grant_id: passedOn }));
    expect(await grantIdsOn(service, keyId)).not.toContain(passedOn);
  });

  test('a grant, and leaves what its grantee passed on', async () => {
    const open = await newGrant(service, keyId, { operations: ['create-grant', 'describe-key'] });
    const passedOn = await newGrant(service, keyId, { operations: ['describe-key'] }, service.grantee);
    okBody(await revoke(service.creator, { grant_id: open }));
    expect(await grantIdsOn(service, keyId)).toEqual([grantId, passedOn]);
  });

  test('on a key that is disabled or waits for deletion', async () => {
    const second = await newGrant(service, keyId);
    okBody(await service.kms(service.creator, 'disable-key', { key_id: keyId }));
    okBody(await revoke(service.creator));
    okBody(await service.kms(service.creator, 'schedule-key-deletion', { key_id: keyId, pending_days: '7' }));
    okBody(await revoke(service.creator, { grant_id: second }));
    expect(await grantIdsOn(service, keyId)).toEqual([]);
  });
});

describe('is refused, and the grant stays', () => {
  test('to anyone but the key creator: KMS.0306, for an administrator, the grantee and the issuer too', async () => {
    await newGrant(service, keyId, { operations: ['create-grant', 'describe-key', 'retire-grant'] });
    const passedOn = await newGrant(service, keyId, { operations: ['describe-key'] }, service.grantee);
    const tenant = await service.addUser('tenant', 'te_admin');
    await service.token(tenant);
    for (const user of [service.administrator, service.grantee, tenant]) {
      for (const grant_id of [grantId, passedOn, ABSENT_GRANT]) {
        await expectRefused(() => revoke(user, { grant_id }), NOT_ALLOWED);
      }
    }
  });

  test('for a grant of another key: KMS.2502', async () => {
    const key_id = await newKey(service);
    await expectRefused(() => revoke(service.creator, { key_id }), [400, 'KMS.2502']);
  });

  test('a second time: KMS.2501, as for a grant that never was', async () => {
    okBody(await revoke(service.creator));
    const second = await expectRefused(() => revoke(service.creator), [400, 'KMS.2501']);
    const never = await expectRefused(() => revoke(service.creator, { grant_id: ABSENT_GRANT }), [400, 'KMS.2501']);
    expect(second.body.error_msg).toBe(never.body.error_msg);
  });

  test('for a key of another project: 404 KMS.0207, told as of a key that is nowhere', async () => {
    const foreigner = await service.foreignUser();
    await service.token(foreigner, foreigner.project_id);
    const body = { key_id: keyId, grant_id: grantId };
    const send = () => service.kms(foreigner, 'revoke-grant', body, foreigner.project_id);
    const foreign = await expectRefused(send, [404, 'KMS.0207']);
    const absent = await expectRefused(() => revoke(service.creator, { key_id: ABSENT_KEY }), [404, 'KMS.0207']);
    expect(foreign.body.error_msg).toBe(absent.body.error_msg);

    // Its own key with our grant: told as of a grant that is nowhere.
    const create = await service.kms(foreigner, 'create-key', { key_alias: 'own' }, foreigner.project_id);
    const own = okBody(create).key_info.key_id;
    const asked = (grant_id: string) => () =>
      service.kms(foreigner, 'revoke-grant', { key_id: own, grant_id }, foreigner.project_id);
    const ours = await expectRefused(asked(grantId), [400, 'KMS.2501']);
    const none = await expectRefused(asked(ABSENT_GRANT), [400, 'KMS.2501']);
    expect(ours.body.error_msg).toBe(none.body.error_msg);
  });

  test('with a malformed key_id: KMS.0205', async () => {
    for (const key_id of ['', 'x', keyId.toUpperCase(), keyId.slice(1), `${keyId}0`, `${keyId}\n`, 7, [keyId]]) {
      await expectRefused(() => revoke(service.creator, { key_id }), [400, 'KMS.0205']);
    }
  });

  test('with a malformed grant_id: KMS.2501', async () => {
    const long = `${grantId}0`;
    for (const grant_id of ['', 'x', grantId.slice(1), long, `g${grantId.slice(1)}`, `${grantId}\n`, 7, [grantId]]) {
      await expectRefused(() => revoke(service.creator, { grant_id }), [400, 'KMS.2501']);
    }
  });
});

describe('sixteen times at once', () => {
  const sixteen = (fields = {}) => {
    service.clock.nowMs += 1;
    return sendConcurrently(service, service.creator, 'revoke-grant', { key_id: keyId, grant_id: grantId, ...fields });
  };
  const eventsOf = () => service.events.list(service.demo.project_id, { grantId }, 100);

  test('is done once: one 200, fifteen KMS.2501, one event, and the total is exact', async () => {
    await newGrant(service, keyId);
    expect(resultCodes(await sixteen())).toEqual(['200', ...Array(15).fill('KMS.2501')]);
    expect((await eventsOf()).map(({ action }) => action)).toEqual(['revoke-grant', 'create-grant']);
    expect(okBody(await service.kms(service.reader, 'list-grants', { key_id: keyId })).total).toBe(1);
  });

  test('with one sequence is done once too, and all hear of it: sixteen 200', async () => {
    const answers = await sixteen({ sequence: SEQUENCE });
    expect(answers.map(({ status, body }) => [status, body])).toEqual(Array(16).fill([200, {}]));
    expect((await eventsOf()).map(({ action }) => action)).toEqual(['revoke-grant', 'create-grant']);
  });
});

test('the same request again with its sequence gets {} and does nothing; another sequence is KMS.2501', async () => {
  okBody(await revoke(service.creator, { sequence: SEQUENCE }));
  const rows = await storedRows(service);
  expect(okBody(await revoke(service.creator, { sequence: SEQUENCE }))).toEqual({});
  expect(await storedRows(service)).toEqual(rows);
  const other = SEQUENCE.replace('9', '8');
  await expectRefused(() => revoke(service.creator, { sequence: other }), [400, 'KMS.2501']);
});

test('a revoke leaves an event that tells who, through which channel, with which request, and the grant as it was', async () => {
  const answer = await revoke(service.creator, { sequence: SEQUENCE });
  const [event] = await service.events.list(service.demo.project_id, { grantId }, 1);
  expect(event).toMatchObject({
    action: 'revoke-grant',
    actor: service.creator.user_id,
    channel: 'http',
    requestId: answer.headers.get('x-request-id'),
    sequence: SEQUENCE,
    keyId,
    grant: { grant_id: grantId, grantee_principal: service.grantee.user_id, operations: ['encrypt-data'] },
  });
});
