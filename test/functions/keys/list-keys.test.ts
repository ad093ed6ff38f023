import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DemoUser } from '../../../local/demo.ts';
import { newKey, okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { startService, type TestService } from '../../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const list = (body?: object, user: DemoUser = service.reader) => service.kms(user, 'list-keys', body);

test('list-keys returns ids and details in the documented form, oldest first', async () => {
  const { keys, creator } = { ...service.demo, creator: service.creator };
  const { status, body } = await list({ limit: '', marker: '' });
  const details = (key_id: string, key_alias: string) => ({
    key_id,
    domain_id: creator.domain_id,
    key_alias,
    realm: 'local-1',
    key_spec: 'AES_256',
    key_usage: 'ENCRYPT_DECRYPT',
    key_description: 'demo',
    creation_date: expect.stringMatching(/^\d{13}$/),
    scheduled_deletion_date: '',
    key_state: '2',
    default_key_flag: '0',
    key_type: '1',
    expiration_time: '',
    origin: 'kms',
    key_rotation_enabled: 'false',
    sys_enterprise_project_id: '0',
  });
  const [orders = '', payroll = ''] = keys.map(({ key_id }) => key_id);
  expect([status, [...body.keys].sort()]).toEqual([200, [orders, payroll].sort()]);
  expect(body).toMatchObject({ next_marker: '', truncated: 'false', total: 2 });
  expect(body.key_details.map(({ key_id }: { key_id: string }) => key_id)).toEqual(body.keys);
  expect(body.key_details).toEqual(expect.arrayContaining([details(orders, 'orders'), details(payroll, 'payroll')]));
  expect(Object.keys(body).sort()).toEqual(['key_details', 'keys', 'next_marker', 'total', 'truncated']);
});

test('without key_spec only AES_256 keys are listed; ALL lists every key; a spec lists its keys', async () => {
  const rsa = await newKey(service, service.creator, { key_spec: 'RSA_3072' });
  const sm4 = await newKey(service, service.creator, { key_spec: 'SM4' });
  const aes = await newKey(service);
  const idsOf = async (body: object) => okBody(await list(body)).keys.slice(-3);
  expect(await idsOf({ key_spec: 'ALL' })).toEqual([rsa, sm4, aes]);
  expect(okBody(await list({ key_spec: 'ALL' })).total).toBe(5);
  expect(okBody(await list({})).total).toBe(3);
  expect(okBody(await list({ key_spec: 'AES_256' }))).toEqual(okBody(await list({})));
  expect(okBody(await list({ key_spec: 'SM4' }))).toMatchObject({ keys: [sm4], total: 1 });
  expect(okBody(await list({ key_spec: 'HMAC_256' }))).toMatchObject({ keys: [], key_details: [], total: 0 });
});

test('key_state lists enabled (2), disabled (3) or pending deletion (4) keys; no key has state 1 or 5', async () => {
  const disabled = await newKey(service);
  const waiting = await newKey(service);
  okBody(await service.kms(service.creator, 'disable-key', { key_id: disabled }));
  okBody(await service.kms(service.creator, 'schedule-key-deletion', { key_id: waiting, pending_days: '7' }));
  expect(okBody(await list({ key_state: '3' }))).toMatchObject({ keys: [disabled], total: 1 });
  expect(okBody(await list({ key_state: '4' }))).toMatchObject({ keys: [waiting], total: 1 });
  const enabled = okBody(await list({ key_state: '2' }));
  expect([enabled.total, enabled.keys.includes(disabled), enabled.keys.includes(waiting)]).toEqual([3, false, false]);
  for (const key_state of ['1', '5']) expect(okBody(await list({ key_state })).total).toBe(0);
});

test('keys of another project are not listed', async () => {
  const foreigner = await service.foreignUser();
  const answer = await service.kms(foreigner, 'list-keys', {}, foreigner.project_id);
  expect(answer.body).toEqual({ keys: [], key_details: [], next_marker: '', truncated: 'false', total: 0 });
});

// The Terraform provider of Huawei Cloud sends 2000.
test.each([1001, '1001', 2000, '2000'])('limit %j returns the largest page', async (limit) => {
  expect(okBody(await list({ limit }))).toEqual(okBody(await list()));
});

describe('list-keys refuses invalid fields', () => {
  test.each(['0', '-1', 'abc', '1e3', '1.5', 0, -1, 1.5, true, false, [], {}])('limit %j: KMS.1601', async (limit) => {
    expectError(await list({ limit }), [400, 'KMS.1601']);
  });

  test.each(['-1', 'abc', '10000', 'f'.repeat(64), '0D0466B0-E727-4D9C-B35D-F84BB474A37F', -1, 1.5, true, [], {}])(
    'marker %j: KMS.1602',
    async (marker) => {
      expectError(await list({ marker }), [400, 'KMS.1602']);
    },
  );

  test.each([
    ...[{ key_state: '0' }, { key_state: '6' }, { key_state: '22' }, { key_state: '' }, { key_state: 2 }],
    ...[{ key_spec: 'aes_256' }, { key_spec: 'AES' }, { key_spec: '' }, { key_spec: 1 }, { key_spec: 'toString' }],
  ])('list-keys with %j: KMS.0308', async (fields) => {
    expectError(await list(fields), [400, 'KMS.0308']);
  });
});

test('the list continues at next_marker, at an offset, and at the id of a deleted key', async () => {
  const whole: string[] = okBody(await list({ key_spec: 'ALL' })).keys;
  const page = async (body: object) => okBody(await list({ key_spec: 'ALL', ...body }));
  expect(await page({ limit: 2 })).toMatchObject({ keys: whole.slice(0, 2), truncated: 'true', next_marker: whole[1] });
  expect((await page({ marker: whole[1] })).keys).toEqual(whole.slice(2));
  expect((await page({ marker: '3', limit: 2 })).keys).toEqual(whole.slice(3, 5));
  expect((await page({ marker: 3 })).keys).toEqual(whole.slice(3));
  expect((await page({ marker: '00000000-0000-0000-0000-000000000000' })).keys).toEqual(whole);
  expect(await page({ marker: '9999' })).toMatchObject({ keys: [], truncated: 'false', total: whole.length });
});
