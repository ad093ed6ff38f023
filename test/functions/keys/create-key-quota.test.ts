import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { resultCodes, sendConcurrently } from '../../support/concurrent-requests.ts';
import { okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService({ KEYS_PER_PROJECT: '4' });
});
afterAll(() => service.stop());

const create = (key_alias: string) => service.kms(service.creator, 'create-key', { key_alias });

test('16 concurrent requests do not exceed KEYS_PER_PROJECT: the demo has two keys of four', async () => {
  const answers = await sendConcurrently(service, service.creator, 'create-key', (n) => ({ key_alias: `key-${n}` }));
  expect(resultCodes(answers)).toEqual(['200', '200', ...Array(14).fill('KMS.1105')]);
  expect(okBody(await service.kms(service.creator, 'list-keys', {})).total).toBe(4);
});

test('at KEYS_PER_PROJECT create-key is KMS.1105; disabled keys and keys pending deletion count too', async () => {
  const [orders, payroll] = service.demo.keys;
  okBody(await service.kms(service.creator, 'disable-key', { key_id: orders?.key_id }));
  const waiting = { key_id: payroll?.key_id, pending_days: '7' };
  okBody(await service.kms(service.creator, 'schedule-key-deletion', waiting));
  const rows = await storedRows(service);
  expectError(await create('one-more'), [400, 'KMS.1105']);
  expect(await storedRows(service)).toEqual(rows);
});

test('another project has its own KEYS_PER_PROJECT', async () => {
  const foreigner = await service.foreignUser();
  const answer = await service.kms(foreigner, 'create-key', { key_alias: 'orders' }, foreigner.project_id);
  expect(answer.status).toBe(200);
});
