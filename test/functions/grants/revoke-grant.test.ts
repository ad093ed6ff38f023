import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DemoUser } from '../../../local/demo.ts';
import { resultCodes, sendConcurrently } from '../../support/concurrent-requests.ts';
import { grantIdsOn, newGrant, newKey, okBody } from '../../support/create.ts';
import { expectErrorAndNoWrite } from '../../support/expect-error.ts';
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

/** Sends each revoke a millisecond later than the one before, so that events have a fixed order. */
function revoke(user: DemoUser, fields = {}): Promise<ApiResponse> {
  service.clock.nowMs += 1;
  return service.kms(user, 'revoke-grant', { key_id: keyId, grant_id: grantId, ...fields });
}

const NOT_ALLOWED: [number, string] = [403, 'KMS.0306'];

describe('the key creator may revoke a grant', () => {
  test('revoke-grant returns 200 with {}, and the grant is in no list and no total any more', async () => {
    const remaining = await newGrant(service, keyId);
    const { status, body } = await revoke(service.creator);
    expect([status, body]).toEqual([200, {}]);
    const list = okBody(await service.kms(service.reader, 'list-grants', { key_id: keyId }));
    expect([list.grants.length, list.grants[0].grant_id, list.total]).toEqual([1, remaining, 1]);
    const retirable = okBody(await service.kms(service.creator, 'list-retirable-grants', {}));
    expect(JSON.stringify(retirable)).not.toContain(grantId);
  });

  test('revoke-grant accepts the grant id in upper case', async () => {
    expect(okBody(await revoke(service.creator, { grant_id: grantId.toUpperCase() }))).toEqual({});
    expect(await grantIdsOn(service, keyId)).toEqual([]);
  });

  test('the key creator may revoke a grant that a grantee issued', async () => {
    await newGrant(service, keyId, { operations: ['create-grant', 'describe-key'] });
    const issuedByGrantee = await newGrant(service, keyId, { operations: ['describe-key'] }, service.grantee);
    okBody(await revoke(service.creator, { grant_id: issuedByGrantee }));
    expect(await grantIdsOn(service, keyId)).not.toContain(issuedByGrantee);
  });

  test('revoking a grant leaves the grants that its grantee issued', async () => {
    const delegating = await newGrant(service, keyId, { operations: ['create-grant', 'describe-key'] });
    const issuedByGrantee = await newGrant(service, keyId, { operations: ['describe-key'] }, service.grantee);
    okBody(await revoke(service.creator, { grant_id: delegating }));
    expect(await grantIdsOn(service, keyId)).toEqual([grantId, issuedByGrantee]);
  });

  test('a grant on a key that is disabled or pending deletion can be revoked', async () => {
    const second = await newGrant(service, keyId);
    okBody(await service.kms(service.creator, 'disable-key', { key_id: keyId }));
    okBody(await revoke(service.creator));
    okBody(await service.kms(service.creator, 'schedule-key-deletion', { key_id: keyId, pending_days: '7' }));
    okBody(await revoke(service.creator, { grant_id: second }));
    expect(await grantIdsOn(service, keyId)).toEqual([]);
  });
});

describe('revoke-grant is refused and the grant stays', () => {
  test('only the key creator may revoke: an administrator, the grantee and the issuer get KMS.0306', async () => {
    await newGrant(service, keyId, { operations: ['create-grant', 'describe-key', 'retire-grant'] });
    const issuedByGrantee = await newGrant(service, keyId, { operations: ['describe-key'] }, service.grantee);
    const tenant = await service.addUser('tenant', 'te_admin');
    await service.token(tenant);
    for (const user of [service.administrator, service.grantee, tenant]) {
      for (const grant_id of [grantId, issuedByGrantee, ABSENT_GRANT]) {
        await expectErrorAndNoWrite(service, () => revoke(user, { grant_id }), NOT_ALLOWED);
      }
    }
  });

  test('a grant of another key: KMS.2502', async () => {
    const key_id = await newKey(service);
    await expectErrorAndNoWrite(service, () => revoke(service.creator, { key_id }), [400, 'KMS.2502']);
  });

  test('a second revoke of the same grant returns KMS.2501, as for an unknown grant', async () => {
    okBody(await revoke(service.creator));
    const second = await expectErrorAndNoWrite(service, () => revoke(service.creator), [400, 'KMS.2501']);
    const unknown = await expectErrorAndNoWrite(service, () => revoke(service.creator, { grant_id: ABSENT_GRANT }), [
      400,
      'KMS.2501',
    ]);
    expect(second.body.error_msg).toBe(unknown.body.error_msg);
  });

  test('a key of another project gets the same 404 KMS.0207 as an unknown key', async () => {
    const foreigner = await service.foreignUser();
    await service.token(foreigner, foreigner.project_id);
    const body = { key_id: keyId, grant_id: grantId };
    const send = () => service.kms(foreigner, 'revoke-grant', body, foreigner.project_id);
    const foreign = await expectErrorAndNoWrite(service, send, [404, 'KMS.0207']);
    const absent = await expectErrorAndNoWrite(service, () => revoke(service.creator, { key_id: ABSENT_KEY }), [
      404,
      'KMS.0207',
    ]);
    expect(foreign.body.error_msg).toBe(absent.body.error_msg);

    // The foreigner's own key with a grant of the demo project: the same reply as for an unknown grant.
    const foreignKey = await newKey(service, foreigner);
    const revokeOnForeignKey = (grant_id: string) => () =>
      service.kms(foreigner, 'revoke-grant', { key_id: foreignKey, grant_id }, foreigner.project_id);
    const demoGrant = await expectErrorAndNoWrite(service, revokeOnForeignKey(grantId), [400, 'KMS.2501']);
    const unknownGrant = await expectErrorAndNoWrite(service, revokeOnForeignKey(ABSENT_GRANT), [400, 'KMS.2501']);
    expect(demoGrant.body.error_msg).toBe(unknownGrant.body.error_msg);
  });

  test('a malformed key_id: KMS.0205', async () => {
    for (const key_id of ['', 'x', keyId.toUpperCase(), keyId.slice(1), `${keyId}0`, `${keyId}\n`, 7, [keyId]]) {
      await expectErrorAndNoWrite(service, () => revoke(service.creator, { key_id }), [400, 'KMS.0205']);
    }
  });

  test('a malformed grant_id: KMS.2501', async () => {
    const long = `${grantId}0`;
    for (const grant_id of ['', 'x', grantId.slice(1), long, `g${grantId.slice(1)}`, `${grantId}\n`, 7, [grantId]]) {
      await expectErrorAndNoWrite(service, () => revoke(service.creator, { grant_id }), [400, 'KMS.2501']);
    }
  });
});

describe('16 concurrent revokes of one grant', () => {
  const revokeConcurrently = (fields = {}) => {
    service.clock.nowMs += 1;
    return sendConcurrently(service, service.creator, 'revoke-grant', { key_id: keyId, grant_id: grantId, ...fields });
  };
  const eventsOf = () => service.events.list(service.demo.project_id, { grantId }, 100);

  test('of 16 concurrent revokes one returns 200 and 15 KMS.2501, with one event and an exact total', async () => {
    await newGrant(service, keyId);
    expect(resultCodes(await revokeConcurrently())).toEqual(['200', ...Array(15).fill('KMS.2501')]);
    expect((await eventsOf()).map(({ action }) => action)).toEqual(['revoke-grant', 'create-grant']);
    expect(okBody(await service.kms(service.reader, 'list-grants', { key_id: keyId })).total).toBe(1);
  });

  test('16 concurrent revokes with one sequence all return 200, and one event is stored', async () => {
    const answers = await revokeConcurrently({ sequence: SEQUENCE });
    expect(answers.map(({ status, body }) => [status, body])).toEqual(Array(16).fill([200, {}]));
    expect((await eventsOf()).map(({ action }) => action)).toEqual(['revoke-grant', 'create-grant']);
  });
});

test('a repeat with the same sequence gets {} and writes nothing; another sequence gets KMS.2501', async () => {
  okBody(await revoke(service.creator, { sequence: SEQUENCE }));
  const rows = await storedRows(service);
  expect(okBody(await revoke(service.creator, { sequence: SEQUENCE }))).toEqual({});
  expect(await storedRows(service)).toEqual(rows);
  const other = SEQUENCE.replace('9', '8');
  await expectErrorAndNoWrite(service, () => revoke(service.creator, { sequence: other }), [400, 'KMS.2501']);
});

test('a revoke stores an event with the actor, channel, request id, sequence, and the grant as it was', async () => {
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
