import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { deleteDueKeys } from '../../../lib/authority/standalone/key-deletion.ts';
import { resultCodes, sendConcurrently } from '../../support/concurrent-requests.ts';
import { okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const create = (fields: object) => service.kms(service.administrator, 'create-key', fields);
const describeKey = async (key_id: string) =>
  okBody(await service.kms(service.reader, 'describe-key', { key_id })).key_info;

test("create-key returns 200 with the key id and the caller's domain, and the key is enabled", async () => {
  const { status, body } = await create({ key_alias: 'test' });
  expect([status, body]).toEqual([
    200,
    {
      key_info: {
        key_id: expect.stringMatching(/^[0-9a-z]{8}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{12}$/),
        domain_id: service.administrator.domain_id,
      },
    },
  ]);
  expect(await describeKey(body.key_info.key_id)).toMatchObject({ key_alias: 'test', key_state: '2' });
});

test('create-key with every field creates a key with these values', async () => {
  const { key_info } = okBody(
    await create({
      key_alias: 'A:/_-9',
      key_description: 'der Schlüssel der Aufträge 密钥',
      key_spec: 'RSA_2048',
      key_usage: 'ENCRYPT_DECRYPT',
      origin: 'kms',
      enterprise_project_id: '0',
      sequence: SEQUENCE,
    }),
  );
  expect(await describeKey(key_info.key_id)).toMatchObject({
    key_alias: 'A:/_-9',
    key_description: 'der Schlüssel der Aufträge 密钥',
    key_spec: 'RSA_2048',
    key_usage: 'ENCRYPT_DECRYPT',
    origin: 'kms',
  });
});

/** Source: KMS API reference, create-key, `key_usage`: the default of each kind of key. */
test.each([
  [undefined, 'AES_256', 'ENCRYPT_DECRYPT'],
  ['AES_256', 'AES_256', 'ENCRYPT_DECRYPT'],
  ['SM4', 'SM4', 'ENCRYPT_DECRYPT'],
  ['RSA_4096', 'RSA_4096', 'SIGN_VERIFY'],
  ['EC_P256', 'EC_P256', 'SIGN_VERIFY'],
  ['SM2', 'SM2', 'SIGN_VERIFY'],
  ['HMAC_256', 'HMAC_256', 'GENERATE_VERIFY_MAC'],
])('key_spec %j creates a key of spec %s with usage %s', async (key_spec, spec, usage) => {
  const { key_info } = okBody(await create({ key_alias: `spec-${key_spec}`, key_spec }));
  expect(await describeKey(key_info.key_id)).toMatchObject({ key_spec: spec, key_usage: usage });
});

test('a repeat with the same sequence gets the first answer and creates no second key', async () => {
  const body = { key_alias: 'once', sequence: SEQUENCE };
  const first = okBody(await create(body));
  const rows = await storedRows(service);
  expect(okBody(await create(body))).toEqual(first);
  expect(await storedRows(service)).toEqual(rows);
});

test('an alias can be used again after its key is deleted', async () => {
  const { key_info } = okBody(await create({ key_alias: 'passing' }));
  okBody(
    await service.kms(service.administrator, 'schedule-key-deletion', { key_id: key_info.key_id, pending_days: '7' }),
  );
  expectError(await create({ key_alias: 'passing' }), [400, 'KMS.1104']);
  const { nowMs } = service.clock;
  try {
    // delete-due-keys waits for one minute after the deletion date, for cancellations in progress.
    service.clock.nowMs = nowMs + 7 * DAY_MS + 60_000;
    expect(await deleteDueKeys(service.services.store.grants, service.services.now)).toBe(1);
  } finally {
    service.clock.nowMs = nowMs;
  }
  expect((await create({ key_alias: 'passing' })).status).toBe(200);
});

test('16 concurrent requests with one alias create one key', async () => {
  const answers = await sendConcurrently(service, service.administrator, 'create-key', { key_alias: 'raced' });
  expect(resultCodes(answers)).toEqual(['200', ...Array(15).fill('KMS.1104')]);
});

describe('create-key refuses invalid fields and writes nothing', () => {
  let rows: Record<string, unknown[]>;
  beforeAll(async () => {
    rows = await storedRows(service);
  });
  afterEach(async () => {
    expect(await storedRows(service)).toEqual(rows);
  });

  test('an alias that another key of the project has: KMS.1104', async () => {
    expectError(await create({ key_alias: 'orders' }), [400, 'KMS.1104']);
  });

  test.each(['', ' ', 'a b', 'a.b', 'é', 'a\n', 'a'.repeat(256), 'mine/default', '/default', 7, true, ['a'], {}])(
    'key_alias %j: KMS.1101',
    async (key_alias) => {
      expectError(await create({ key_alias }), [400, 'KMS.1101']);
    },
  );

  test.each(['a'.repeat(256), 7, true, ['a'], {}])('key_description %j: KMS.1103', async (key_description) => {
    expectError(await create({ key_alias: 'new', key_description }), [400, 'KMS.1103']);
  });

  test.each([
    { key_spec: 'AES_128' },
    { key_spec: 'aes_256' },
    { key_spec: 'ALL' },
    { key_spec: 256 },
    { key_usage: 'SIGN' },
    { key_usage: 'SIGN_VERIFY' },
    { key_spec: 'EC_P256', key_usage: 'ENCRYPT_DECRYPT' },
    { key_spec: 'HMAC_256', key_usage: 'SIGN_VERIFY' },
    { key_spec: 'constructor' },
    { origin: 'external' },
    { origin: 1 },
  ])('create-key with %j: KMS.0308', async (fields) => {
    expectError(await create({ key_alias: 'new', ...fields }), [400, 'KMS.0308']);
  });
});
