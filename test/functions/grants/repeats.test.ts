/** Repeated changes of grants: a recorded answer is given only while it is true. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { grantIdsOn, grantsOn, newKey, okBody } from '../../support/create.ts';
import { expectError, expectErrorAndNoWrite } from '../../support/expect-error.ts';
import { sendSigned } from '../../support/send-signed.ts';
import { startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

/** In caller mode the backend passes the caller's token on, so there is no AK/SK. */
const isCallerMode = process.env['TEST_UPSTREAM'] === 'caller';
/** Source: KMS API reference, create-grant, request examples. */
const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';

let service: TestService;
let keyId: string;
beforeAll(async () => {
  service = await startService();
  await service.token(service.creator);
});
afterAll(() => service.stop());
beforeEach(async () => {
  keyId = await newKey(service);
});

const createInput = (fields: object = {}) => ({
  key_id: keyId,
  grantee_principal: 'grantee',
  operations: ['describe-key'],
  ...fields,
});
const withToken = async (name: string, body: object, headers: Record<string, string> = {}) =>
  service.send(`/v1.0/${service.demo.project_id}/kms/${name}`, {
    headers: { 'X-Auth-Token': await service.token(service.creator), ...headers },
    body,
  });
const create = (fields: object = {}, headers: Record<string, string> = {}) =>
  withToken('create-grant', createInput(fields), headers);
const revoke = (grantId: string, fields: object = {}) =>
  withToken('revoke-grant', { key_id: keyId, grant_id: grantId, ...fields });

describe.each([
  ['a sequence', { sequence: SEQUENCE }, {}],
  ['an Idempotency-Key', {}, { 'Idempotency-Key': '"8e03978e-40d5-43dd-bc93-6894a57f9324"' }],
])('create-grant with %s', (_, fields, headers) => {
  test('a repeated create-grant returns the first grant while it exists, and writes nothing', async () => {
    const first = okBody(await create(fields, headers));
    const rows = await storedRows(service);
    expect(okBody(await create(fields, headers))).toEqual(first);
    expect(await storedRows(service)).toEqual(rows);
  });

  test('a repeated create-grant creates a new grant after the first one was revoked, and later repeats return the new one', async () => {
    const first = okBody(await create(fields, headers));
    okBody(await revoke(first.grant_id));
    const second = okBody(await create(fields, headers));
    expect(second).not.toEqual(first);
    expect(okBody(await create(fields, headers))).toEqual(second);
    expect(await grantIdsOn(service, keyId)).toEqual([second.grant_id]);
  });

  test('a repeated create-grant succeeds once the reason of an earlier refusal is gone', async () => {
    okBody(await withToken('disable-key', { key_id: keyId }));
    expectError(await create(fields, headers), [400, 'KMS.0209']);
    okBody(await withToken('enable-key', { key_id: keyId }));
    const { grant_id } = okBody(await create(fields, headers));
    expect(await grantIdsOn(service, keyId)).toEqual([grant_id]);
  });
});

test('another Idempotency-Key, or the same one with another body, makes a new grant', async () => {
  const key = { 'Idempotency-Key': 'a' };
  const ids = [
    okBody(await create({}, key)).grant_id,
    okBody(await create({}, { 'Idempotency-Key': 'b' })).grant_id,
    okBody(await create({ name: 'other' }, key)).grant_id,
    okBody(await create({ sequence: SEQUENCE }, key)).grant_id,
  ];
  expect(new Set(ids).size).toBe(4);
  expect(okBody(await create({}, key)).grant_id).toBe(ids[0]);
});

test('an Idempotency-Key of 255 characters is accepted; an empty, a longer one and one with a space are refused', async () => {
  okBody(await create({}, { 'Idempotency-Key': 'k'.repeat(255) }));
  for (const value of ['', 'k'.repeat(256), 'a b', 'é']) {
    await expectErrorAndNoWrite(service, () => create({}, { 'Idempotency-Key': value }), [400, 'KMS.0308']);
  }
});

test('a repeated revoke-grant and retire-grant with one sequence succeed, as the grant is gone', async () => {
  for (const name of ['revoke-grant', 'retire-grant']) {
    const { grant_id } = okBody(await create());
    const send = () => withToken(name, { key_id: keyId, grant_id, sequence: SEQUENCE });
    expect(okBody(await send())).toEqual({});
    const rows = await storedRows(service);
    expect(okBody(await send())).toEqual({});
    expect(await storedRows(service)).toEqual(rows);
  }
});

(isCallerMode ? describe.skip : describe)('signed requests', () => {
  type Headers = Parameters<typeof sendSigned>[4];
  const send = (name: string, body: object, headers?: Headers) =>
    sendSigned(service, service.creator, `/v1.0/${service.demo.project_id}/kms/${name}`, JSON.stringify(body), headers);
  /** The date of a captured request. */
  const dated = () => ({
    signed: { 'x-sdk-date': new Date(service.clock.nowMs).toISOString().replace(/[-:]|\.\d+/g, '') },
  });

  test('60 byte-identical create-grants within a second create 60 grants', async () => {
    const captured = dated();
    const replies = await Promise.all(Array.from({ length: 60 }, () => send('create-grant', createInput(), captured)));
    const ids = replies.map((reply) => okBody(reply).grant_id);
    expect(new Set(ids).size).toBe(60);
    expect(await grantsOn(service, keyId)).toHaveLength(60);
  });

  test('create, revoke, create within a second with equal signatures ends with the second grant', async () => {
    const captured = dated();
    const first = okBody(await send('create-grant', createInput(), captured));
    okBody(await send('revoke-grant', { key_id: keyId, grant_id: first.grant_id }, captured));
    const second = okBody(await send('create-grant', createInput(), captured));
    expect(second).not.toEqual(first);
    expect(await grantIdsOn(service, keyId)).toEqual([second.grant_id]);
  });

  test('a captured create-grant gets the first answer after 2 s while the grant exists, and is refused later', async () => {
    const captured = dated();
    const first = okBody(await send('create-grant', createInput(), captured));
    service.clock.nowMs += 2_000;
    const rows = await storedRows(service);
    expect(okBody(await send('create-grant', createInput(), captured))).toEqual(first);
    expect(await storedRows(service)).toEqual(rows);
    okBody(await revoke(first.grant_id));
    const refused = await expectErrorAndNoWrite(service, () => send('create-grant', createInput(), captured), [
      401,
      'APIGW.0301',
    ]);
    expect(refused.body.error_msg).toContain('Sign the request again.');
  });

  test('an Idempotency-Key works in a signed request, whether it is signed or not', async () => {
    const key = { 'idempotency-key': 'order-7' };
    const signed = { signed: { ...dated().signed, ...key } };
    const unsigned = { ...dated(), unsigned: key };
    for (const headers of [signed, unsigned]) {
      const first = okBody(await send('create-grant', createInput({ name: 'signed' }), headers));
      expect(okBody(await send('create-grant', createInput({ name: 'signed' }), headers))).toEqual(first);
      service.clock.nowMs += 2_000;
      expect(okBody(await send('create-grant', createInput({ name: 'signed' }), headers))).toEqual(first);
    }
  });

  test('a captured request with a sequence, sent again with an added unsigned Idempotency-Key, changes nothing', async () => {
    const captured = dated();
    const input = createInput({ sequence: SEQUENCE });
    const first = okBody(await send('create-grant', input, captured));
    const more = { ...captured, unsigned: { 'idempotency-key': 'added' } };
    expect(okBody(await send('create-grant', input, more))).toEqual(first);
    service.clock.nowMs += 2_000;
    expect(okBody(await send('create-grant', input, more))).toEqual(first);
    expect(await grantIdsOn(service, keyId)).toEqual([first.grant_id]);
  });
});
