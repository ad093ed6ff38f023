import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newKey, okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { startService, type TestService } from '../../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService({ REGION: 'eu-de' });
});
afterAll(() => service.stop());

const describeKey = (key_id: unknown) => service.kms(service.reader, 'describe-key', { key_id });

test('describe-key returns every documented field as a string', async () => {
  service.clock.nowMs = 1597062260000 - 1;
  const maker = await service.addUser('maker', 'KMS CMKFullAccess');
  const key_id = await newKey(service, maker, { key_alias: 'test', key_description: 'what for' });
  service.clock.nowMs = Date.now();
  const { status, body } = await describeKey(key_id);
  expect([status, body]).toEqual([
    200,
    {
      key_info: {
        key_id,
        domain_id: maker.domain_id,
        key_alias: 'test',
        realm: 'eu-de',
        key_spec: 'AES_256',
        key_usage: 'ENCRYPT_DECRYPT',
        key_description: 'what for',
        creation_date: '1597062260000',
        scheduled_deletion_date: '',
        key_state: '2',
        default_key_flag: '0',
        key_type: '1',
        expiration_time: '',
        origin: 'kms',
        key_rotation_enabled: 'false',
        sys_enterprise_project_id: '0',
      },
    },
  ]);
});

test('a key that is pending deletion has its deletion date as 13 digits of ms', async () => {
  service.clock.nowMs = 1600000000000 - 1;
  const keeper = await service.addUser('keeper', 'KMS CMKFullAccess');
  const key_id = await newKey(service, keeper);
  okBody(await service.kms(keeper, 'schedule-key-deletion', { key_id, pending_days: '7' }));
  service.clock.nowMs = Date.now();
  const { key_info } = okBody(await describeKey(key_id));
  // 1,600,000,000,000 and seven days of 86,400,000 ms.
  expect([key_info.key_state, key_info.scheduled_deletion_date]).toEqual(['4', '1600604800000']);
});

test('describe-key with a malformed key_id: KMS.0205', async () => {
  for (const key_id of ['', 'x', '0D0466B0-E727-4D9C-B35D-F84BB474A37F', 7, ['x'], {}]) {
    expectError(await describeKey(key_id), [400, 'KMS.0205']);
  }
});

test('describe-key of a key of another project gets the same 404 KMS.0207 as an unknown key', async () => {
  const foreigner = await service.foreignUser();
  const key_id = service.demo.keys[0]?.key_id;
  const foreign = await service.kms(foreigner, 'describe-key', { key_id }, foreigner.project_id);
  const absent = await describeKey('0d0466b0-e727-4d9c-b35d-f84bb474a37f');
  for (const answer of [foreign, absent]) expectError(answer, [404, 'KMS.0207']);
  expect(foreign.body.error_msg).toBe(absent.body.error_msg);
});
