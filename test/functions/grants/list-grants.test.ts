import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newGrant, newKey, okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

/** The time, grantee and name of the documented sample. Source: KMS API reference, list-grants, response example. */
const SAMPLE_MS = 1597062260000;
const USER = '13gg44z4g2sglzk0egw0u726zoyzvrs8';
const ABSENT = '7c9a3286af4fcca5f0a385ad13e1d21a50e27b6dbcab50f37f30f93b8939827d';

let service: TestService;
let keyId: string;
let ids: string[];
const list = (body: object) => service.kms(service.reader, 'list-grants', { key_id: keyId, ...body });
const idsOf = ({ grants }: { grants: { grant_id: string }[] }) => grants.map(({ grant_id }) => grant_id);

beforeAll(async () => {
  service = await startService();
  keyId = await newKey(service);
  ids = [];
  for (let n = 0; n < 5; n += 1) ids.push(await newGrant(service, keyId));
  await service.token(service.reader);
});
afterAll(() => service.stop());

test('list-grants replies in the documented form: strings, a number as total, "" after the last page', async () => {
  const { nowMs } = service.clock;
  service.clock.nowMs = SAMPLE_MS - 2;
  const writer = await service.addUser('writer', 'KMS CMKFullAccess');
  const key = await newKey(service, writer);
  const fields = { grantee_principal: USER, name: USER, operations: ['create-datakey', 'describe-key'] };
  const grantId = await newGrant(service, key, fields, writer);
  service.clock.nowMs = nowMs;
  const { status, body } = await list({ key_id: key });
  expect([status, body]).toEqual([
    200,
    {
      grants: [
        {
          operations: ['create-datakey', 'describe-key'],
          issuing_principal: writer.user_id,
          key_id: key,
          grant_id: grantId,
          grantee_principal: '13gg44z4g2sglzk0egw0u726zoyzvrs8',
          name: '13gg44z4g2sglzk0egw0u726zoyzvrs8',
          creation_date: '1597062260000',
          grantee_principal_type: 'user',
        },
      ],
      next_marker: '',
      total: 1,
      truncated: 'false',
    },
  ]);
});

test('list-grants of a key without grants returns an empty list', async () => {
  const key_id = await newKey(service);
  const { body } = await list({ key_id });
  expect(body).toEqual({ grants: [], next_marker: '', truncated: 'false', total: 0 });
});

test('an empty or null limit or marker counts as absent, as in the documented sample', async () => {
  const whole = okBody(await list({}));
  expect(idsOf(whole)).toEqual(ids);
  expect(okBody(await list({ limit: '', marker: '' }))).toEqual(whole);
  expect(okBody(await list({ limit: null, marker: null, sequence: '', grantee_principal: null }))).toEqual(whole);
});

test.each(['2', 2, '02', '0002'])('limit %j returns two grants', async (limit) => {
  expect(okBody(await list({ limit }))).toMatchObject({ truncated: 'true', total: 5, next_marker: ids[1] });
});

// The Terraform provider of Huawei Cloud sends 2000.
test.each(['5', 100, 1000, '1000', 1001, '1001', 2000, '2000', '10000', 1e21, '9'.repeat(20)])(
  'limit %j returns the whole list of five',
  async (limit) => {
    const body = okBody(await list({ limit }));
    expect([idsOf(body), body.truncated, body.next_marker]).toEqual([ids, 'false', '']);
  },
);

describe('list-grants refuses invalid requests and writes nothing', () => {
  test.each([
    ...['0', '-1', 'abc', '1e3', '1.5', '2000.5', ' 1', '1 ', '+1', '0x1', '１', 'NaN', 'Infinity'],
    ...[0, -1, 1.5, 2000.5, true, false, [1], { limit: 1 }],
  ])('limit %j: KMS.1601', async (limit) => {
    const rows = await storedRows(service);
    expectError(await list({ limit }), [400, 'KMS.1601']);
    expect(await storedRows(service)).toEqual(rows);
  });

  test.each([
    ...[
      '-1',
      '+1',
      '1.5',
      'abc',
      ' ',
      '10000',
      '1e3',
      ABSENT.slice(1),
      `${ABSENT}0`,
      `${ABSENT}\n`,
      `g${ABSENT.slice(1)}`,
    ],
    ...['0d0466b0-e727-4d9c-b35d-f84bb474a37f', -1, 1.5, 10000, true, false, ['1'], {}],
  ])('marker %j: KMS.1602', async (marker) => {
    expectError(await list({ marker }), [400, 'KMS.1602']);
  });

  test.each(['', 'a-b', 'a_b', 'a'.repeat(65), 7, true, [USER], {}])(
    'grantee_principal %j: KMS.2402',
    async (grantee_principal) => {
      expectError(await list({ grantee_principal }), [400, 'KMS.2402']);
    },
  );

  test('a malformed key_id: KMS.0205; a key of another project, as an unknown key: 404 KMS.0207', async () => {
    expectError(await list({ key_id: keyId.toUpperCase() }), [400, 'KMS.0205']);
    const foreigner = await service.foreignUser();
    const foreign = await service.kms(foreigner, 'list-grants', { key_id: keyId }, foreigner.project_id);
    const absent = await list({ key_id: '0d0466b0-e727-4d9c-b35d-f84bb474a37f' });
    for (const response of [foreign, absent]) expectError(response, [404, 'KMS.0207']);
    expect(foreign.body.error_msg).toBe(absent.body.error_msg);
  });
});

describe('markers of list-grants', () => {
  test('the list continues at next_marker, in upper or lower case', async () => {
    const first = okBody(await list({ limit: 2 }));
    const second = okBody(await list({ limit: 2, marker: first.next_marker }));
    const third = okBody(await list({ limit: 2, marker: second.next_marker.toUpperCase() }));
    expect([first, second, third].map(idsOf)).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
    expect([third.truncated, third.next_marker, third.total]).toEqual(['false', '', 5]);
  });

  test('the list continues at an offset of 1 to 4 digits, text or number, as documented', async () => {
    for (const [marker, from] of [
      ['0', 0],
      [0, 0],
      ['2', 2],
      [2, 2],
      ['0002', 2],
      ['5', 5],
      ['10', 10],
      [9999, 9999],
    ] as const) {
      const body = okBody(await list({ marker, limit: 100 }));
      expect([marker, idsOf(body), body.truncated, body.total]).toEqual([marker, ids.slice(from), 'false', 5]);
    }
    const page = okBody(await list({ marker: '1', limit: 2 }));
    expect([idsOf(page), page.truncated]).toEqual([ids.slice(1, 3), 'true']);
    expect(idsOf(okBody(await list({ marker: page.next_marker })))).toEqual(ids.slice(3));
  });

  test('the list continues at a marker that is not a grant, and is empty after the last one', async () => {
    expect(idsOf(okBody(await list({ marker: '0'.repeat(64) })))).toEqual(ids);
    expect(okBody(await list({ marker: 'f'.repeat(64) }))).toEqual({
      grants: [],
      next_marker: '',
      truncated: 'false',
      total: 5,
    });
  });
});

describe('list-grants with grantee_principal', () => {
  test('only the grants of that principal, user or domain, are listed and counted', async () => {
    const key_id = await newKey(service);
    const asUser = await newGrant(service, key_id, { grantee_principal: USER });
    await newGrant(service, key_id, { grantee_principal: 'other' });
    const asDomain = await newGrant(service, key_id, { grantee_principal: USER, grantee_principal_type: 'domain' });
    await newGrant(service, key_id, { grantee_principal: 'other', retiring_principal: USER });
    const last = await newGrant(service, key_id, { grantee_principal: USER });

    const whole = okBody(await list({ key_id, grantee_principal: USER }));
    expect([idsOf(whole), whole.total, whole.truncated]).toEqual([[asUser, asDomain, last], 3, 'false']);
    const page = okBody(await list({ key_id, grantee_principal: USER, limit: 2 }));
    expect([idsOf(page), page.total, page.truncated]).toEqual([[asUser, asDomain], 3, 'true']);
    const nextPage = okBody(await list({ key_id, grantee_principal: USER, limit: 2, marker: page.next_marker }));
    expect([idsOf(nextPage), nextPage.total, nextPage.next_marker]).toEqual([[last], 3, '']);
    expect(idsOf(okBody(await list({ key_id, grantee_principal: USER, marker: '1' })))).toEqual([asDomain, last]);

    okBody(await service.kms(service.creator, 'revoke-grant', { key_id, grant_id: asDomain }));
    expect(okBody(await list({ key_id, grantee_principal: USER })).total).toBe(2);
    expect(okBody(await list({ key_id })).total).toBe(4);
  });

  test('a principal without grants gets an empty list; upper and lower case differ', async () => {
    const empty = { grants: [], next_marker: '', truncated: 'false', total: 0 };
    expect(okBody(await list({ grantee_principal: 'nobody' }))).toEqual(empty);
    expect(okBody(await list({ grantee_principal: service.grantee.user_id.toUpperCase() }))).toEqual(empty);
  });
});

test('the grants of a key that is disabled or pending deletion are listed', async () => {
  const key_id = await newKey(service);
  const grant_id = await newGrant(service, key_id);
  okBody(await service.kms(service.creator, 'disable-key', { key_id }));
  expect(idsOf(okBody(await list({ key_id })))).toEqual([grant_id]);
  okBody(await service.kms(service.creator, 'schedule-key-deletion', { key_id, pending_days: '7' }));
  expect(idsOf(okBody(await list({ key_id })))).toEqual([grant_id]);
});
