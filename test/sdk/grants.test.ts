import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startService, type TestService } from '../support/service.ts';
import { failure, type SdkClient, type SdkReply, sdkClient } from './client.ts';

let service: TestService;
let creator: SdkClient;
let grantee: SdkClient;
let keyId: string;

beforeAll(async () => {
  service = await startService();
  const where = { projectId: service.demo.project_id };
  creator = sdkClient(service.url, service.creator, where);
  grantee = sdkClient(service.url, service.grantee, where);
  keyId = service.demo.keys[0]?.key_id ?? '';
});
beforeEach(() => {
  service.clock.nowMs = Date.now();
});
afterAll(() => service.stop());

const idsOf = ({ grants }: SdkReply) => grants.map((grant: { grant_id: string }) => grant.grant_id);
const listed = async () => idsOf(await creator.listGrants({ key_id: keyId }));

test('the SDK lists the grants of a key', async () => {
  const reply = await creator.listGrants({ key_id: keyId, limit: '2', marker: '' });
  expect(reply).toEqual({
    grants: [
      {
        key_id: keyId,
        grant_id: service.demo.grants[0]?.grant_id,
        name: 'orders-service',
        grantee_principal: service.grantee.user_id,
        grantee_principal_type: 'user',
        operations: ['encrypt-data', 'decrypt-data'],
        issuing_principal: service.creator.user_id,
        creation_date: expect.stringMatching(/^\d{13}$/),
      },
      expect.objectContaining({ grant_id: service.demo.grants[1]?.grant_id, name: 'orders-archive' }),
    ],
    next_marker: service.demo.grants[1]?.grant_id,
    truncated: 'true',
    total: 3,
    httpStatusCode: 200,
  });
  const last = await creator.listGrants({ key_id: keyId, limit: '2', marker: reply.next_marker });
  expect(idsOf(last)).toEqual([service.demo.grants[2]?.grant_id]);
  expect(last).toMatchObject({ next_marker: '', truncated: 'false', total: 3 });
});

test('the SDK creates a grant, which is then listed', async () => {
  const reply = await creator.createGrant({
    key_id: keyId,
    grantee_principal: service.reader.user_id,
    operations: ['describe-key'],
    name: 'made-by-the-sdk',
    sequence: '3f1b62f8-0000-4000-8000-000000000001',
  });
  expect(reply).toEqual({ grant_id: expect.stringMatching(/^[0-9a-f]{64}$/), httpStatusCode: 200 });
  expect(await listed()).toContain(reply.grant_id);
});

test('the SDK revokes a grant, which is then no longer listed', async () => {
  const revoked = service.demo.grants[0];
  expect(await creator.cancelGrant({ ...revoked })).toEqual({ httpStatusCode: 200 });
  expect(await listed()).not.toContain(revoked?.grant_id);
});

test('the SDK lists the grants that its user may retire, and retires one', async () => {
  const retirable = service.demo.grants[1];
  expect(idsOf(await grantee.listRetirableGrants({ limit: '', marker: '' }))).toEqual([retirable?.grant_id]);
  expect(await grantee.cancelSelfGrant({ ...retirable })).toEqual({ httpStatusCode: 200 });
  expect(await listed()).not.toContain(retirable?.grant_id);
  expect(await grantee.listRetirableGrants({})).toEqual({
    grants: [],
    next_marker: '',
    truncated: 'false',
    total: 0,
    httpStatusCode: 200,
  });
});

test('the SDK parses an error: status, code, message and request id', async () => {
  const error = await failure(creator.cancelGrant({ key_id: keyId, grant_id: '0'.repeat(64) }));
  expect(error).toMatchObject({
    name: 'ClientRequestException',
    httpStatusCode: 400,
    errorCode: 'KMS.2501',
    errorMsg: 'Invalid grant ID.',
    requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
});

test.each([
  ['a malformed key id', { key_id: 'x' }, 400, 'KMS.0205'],
  ['no key id', {}, 400, 'KMS.0204'],
  ['an unknown key', { key_id: '00000000-0000-0000-0000-000000000000' }, 404, 'KMS.0207'],
  ['a malformed limit', { key_id: '00000000-0000-0000-0000-000000000000', limit: 'abc' }, 400, 'KMS.1601'],
])('the SDK parses the error for %s', async (_, body, httpStatusCode, errorCode) => {
  expect(await failure(creator.listGrants(body))).toMatchObject({ httpStatusCode, errorCode });
});

test('a revoke by another user than the creator of the key fails in the SDK with KMS.0306, and revokes nothing', async () => {
  const before = await listed();
  const error = await failure(grantee.cancelGrant({ ...service.demo.grants[2] }));
  expect(error).toMatchObject({ httpStatusCode: 403, errorCode: 'KMS.0306' });
  expect(await listed()).toEqual(before);
});
