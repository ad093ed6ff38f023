import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { sendConcurrently } from '../../support/concurrent-requests.ts';
import { grantsOn, newKey, okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

/** Principals and names as the documents print them. Source: KMS API reference, create-grant and list-grants. */
const USER = '13gg44z4g2sglzk0egw0u726zoyzvrs8';
const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';

const ALL_OPERATIONS = [
  'create-datakey',
  'create-datakey-without-plaintext',
  'encrypt-datakey',
  'decrypt-datakey',
  'describe-key',
  'create-grant',
  'retire-grant',
  'encrypt-data',
  'decrypt-data',
];

let service: TestService;
let keyId: string;
const create = (fields: object) =>
  service.kms(service.creator, 'create-grant', {
    key_id: keyId,
    grantee_principal: USER,
    operations: ['describe-key'],
    ...fields,
  });

beforeAll(async () => {
  service = await startService();
  keyId = await newKey(service);
});
afterAll(() => service.stop());

describe('create-grant creates a grant', () => {
  test('create-grant with every field returns an id of 64 lower-case hex digits, and the grant is listed as requested', async () => {
    const key = await newKey(service);
    service.clock.nowMs += 1;
    const { status, body } = await create({
      key_id: key,
      operations: ['create-datakey', 'describe-key'],
      name: 'my_grant',
      grantee_principal_type: 'domain',
      retiring_principal: 'e4hkeeea506ex3wgnzyhi656n8hx8xa3',
    });
    expect([status, body]).toEqual([200, { grant_id: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    expect(await grantsOn(service, key)).toEqual([
      {
        key_id: key,
        grant_id: body.grant_id,
        operations: ['create-datakey', 'describe-key'],
        name: 'my_grant',
        grantee_principal: USER,
        grantee_principal_type: 'domain',
        issuing_principal: service.creator.user_id,
        retiring_principal: 'e4hkeeea506ex3wgnzyhi656n8hx8xa3',
        creation_date: String(service.clock.nowMs),
      },
    ]);
  });

  test('create-grant with the required fields creates a grant to a user, and lists show no other field', async () => {
    const key = await newKey(service);
    const { grant_id } = okBody(await create({ key_id: key }));
    expect(await grantsOn(service, key)).toEqual([
      {
        key_id: key,
        grant_id,
        operations: ['describe-key'],
        grantee_principal: USER,
        grantee_principal_type: 'user',
        issuing_principal: service.creator.user_id,
        creation_date: String(service.clock.nowMs),
      },
    ]);
  });

  test('create-grant accepts every operation, and a repeated operation counts once', async () => {
    const key = await newKey(service);
    okBody(await create({ key_id: key, operations: [...ALL_OPERATIONS, 'describe-key'] }));
    const [grant] = await grantsOn(service, key);
    expect(grant.operations).toEqual(ALL_OPERATIONS);
  });

  test('names and principals may have any allowed length and character', async () => {
    for (const fields of [
      { name: 'a', grantee_principal: 'A', retiring_principal: '0' },
      { name: '09azAZ:/_-'.repeat(25).padEnd(255, 'x'), grantee_principal: 'aZ09'.repeat(16) },
      { retiring_principal: 'aZ09'.repeat(16), name: null, grantee_principal_type: null },
      { grantee_principal: service.creator.user_id },
    ]) {
      expect((await create({ key_id: service.demo.keys[1]?.key_id, ...fields })).status).toBe(200);
    }
  });

  test('a second create-grant with the same fields creates another grant', async () => {
    const key = await newKey(service);
    const first = okBody(await create({ key_id: key, name: 'same' }));
    const second = okBody(await create({ key_id: key, name: 'same' }));
    expect(second.grant_id).not.toBe(first.grant_id);
    expect(await grantsOn(service, key)).toHaveLength(2);
  });

  test('a repeat with the same sequence and body gets the first grant id; with another body it creates another grant', async () => {
    const key = await newKey(service);
    const body = { key_id: key, sequence: SEQUENCE };
    const first = okBody(await create(body));
    const rows = await storedRows(service);
    expect(okBody(await create(body))).toEqual(first);
    expect(await storedRows(service)).toEqual(rows);
    expect(okBody(await create({ ...body, name: 'other' })).grant_id).not.toBe(first.grant_id);
    expect(await grantsOn(service, key)).toHaveLength(2);
  });

  test('16 concurrent requests with one sequence create one grant', async () => {
    const key = await newKey(service);
    const body = { key_id: key, grantee_principal: USER, operations: ['describe-key'], sequence: SEQUENCE };
    const responses = await sendConcurrently(service, service.creator, 'create-grant', body);
    expect(new Set(responses.map((response) => okBody(response).grant_id)).size).toBe(1);
    expect(await grantsOn(service, key)).toHaveLength(1);
  });
});

describe('create-grant refuses invalid fields and writes nothing', () => {
  let rows: Record<string, unknown[]>;
  beforeAll(async () => {
    rows = await storedRows(service);
  });
  afterEach(async () => {
    expect(await storedRows(service)).toEqual(rows);
  });

  const id = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';
  test.each([
    ...['', 'x', id.slice(1), `${id}0`, `${id}\n`, ` ${id}`, id.toUpperCase(), id.replaceAll('-', '')],
    ...[id.replace('e', 'é'), id.replace('0d', '_d'), 7, true, [id], { id }],
  ])('key_id %j: KMS.0205', async (key_id) => {
    expectError(await create({ key_id }), [400, 'KMS.0205']);
  });

  test.each(['0d0466b0-e727-4d9c-b35d-f84bb474a37f', 'zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz'])(
    'an unknown key_id, %s: 404 KMS.0207',
    async (key_id) => {
      expectError(await create({ key_id }), [404, 'KMS.0207']);
    },
  );

  const principals = ['', 'a-b', 'a_b', 'a b', ' a', 'a\n', 'é', '用户', 'a'.repeat(65), 7, true, ['a'], {}];
  test.each(principals)('grantee_principal %j: KMS.2402', async (grantee_principal) => {
    expectError(await create({ grantee_principal }), [400, 'KMS.2402']);
  });
  test.each(principals)('retiring_principal %j: KMS.2402', async (retiring_principal) => {
    expectError(await create({ retiring_principal }), [400, 'KMS.2402']);
  });

  test.each([['create-grant'], ['create-grant', 'create-grant']].map((operations) => [operations]))(
    'operations %j: KMS.2401',
    async (operations) => {
      expectError(await create({ operations }), [400, 'KMS.2401']);
    },
  );

  test.each(
    [
      [],
      ['describe'],
      ['Describe-Key'],
      ['describe-key', 'schedule-key-deletion'],
      ['describe-key', ''],
      ['describe-key', null],
      ['describe-key', 7],
      ['describe-key', ['describe-key']],
      ['__proto__'],
      [...ALL_OPERATIONS, 'describe-key', 'describe-key'],
      'describe-key',
      { 0: 'describe-key', length: 1 },
      7,
      true,
    ].map((operations) => [operations]),
  )('operations %j: KMS.0308', async (operations) => {
    expectError(await create({ operations }), [400, 'KMS.0308']);
  });

  test.each(['', ' ', 'a b', 'a.b', 'a\n', 'a\u0000', '授权', 'a'.repeat(256), 7, false, ['a'], {}])(
    'name %j: KMS.0308',
    async (name) => {
      expectError(await create({ name }), [400, 'KMS.0308']);
    },
  );

  test.each(['', 'User', 'group', 'user ', 1, true, ['user']])(
    'grantee_principal_type %j: KMS.0308',
    async (grantee_principal_type) => {
      expectError(await create({ grantee_principal_type }), [400, 'KMS.0308']);
    },
  );
});
