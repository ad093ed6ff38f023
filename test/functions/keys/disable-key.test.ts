import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { resultCodes, sendConcurrently } from '../../support/concurrent-requests.ts';
import { newKey, okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';

let service: TestService;
let key_id: string;
beforeAll(async () => {
  service = await startService();
  for (const user of [service.creator, service.administrator]) await service.token(user);
});
afterAll(() => service.stop());
beforeEach(async () => {
  key_id = await newKey(service);
});

const ask = (name: string, fields = {}) => service.kms(service.creator, name, { key_id, ...fields });

async function expectRefused(asked: () => Promise<ApiResponse>, refusal: [number, string]): Promise<void> {
  const rows = await storedRows(service);
  expectError(await asked(), refusal);
  expect(await storedRows(service)).toEqual(rows);
}

async function stateOf(): Promise<string> {
  return okBody(await ask('describe-key')).key_info.key_state;
}

test('an enabled key is disabled: 200 with its id and state 3', async () => {
  const { status, body } = await ask('disable-key');
  expect([status, body]).toEqual([200, { key_info: { key_id, key_state: '3' } }]);
  expect(await stateOf()).toBe('3');
});

test('a disabled key, and one that waits for deletion, is not enabled: KMS.1301', async () => {
  okBody(await ask('disable-key'));
  await expectRefused(() => ask('disable-key'), [400, 'KMS.1301']);
  okBody(await ask('schedule-key-deletion', { pending_days: '7' }));
  await expectRefused(() => ask('disable-key'), [400, 'KMS.1301']);
  expect(await stateOf()).toBe('4');
});

test('sixteen times at once: one 200, the others KMS.1301', async () => {
  expect(resultCodes(await sendConcurrently(service, service.creator, 'disable-key', { key_id }))).toEqual([
    ...Array(15).fill('KMS.1301'),
    'done',
  ]);
});

test('a malformed key_id: KMS.0205; no such key, and a key of another project: 404 KMS.0207', async () => {
  for (const wrong of ['', 'x', key_id.toUpperCase(), 7]) {
    await expectRefused(() => ask('disable-key', { key_id: wrong }), [400, 'KMS.0205']);
  }
  const absent = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';
  await expectRefused(() => ask('disable-key', { key_id: absent }), [404, 'KMS.0207']);
  const foreigner = await service.foreignUser();
  await service.token(foreigner, foreigner.project_id);
  const body = { key_id };
  const foreign = () => service.kms(foreigner, 'disable-key', body, foreigner.project_id);
  await expectRefused(foreign, [404, 'KMS.0207']);
});

test('the same request again with its sequence gets the first answer and does nothing', async () => {
  const first = okBody(await ask('disable-key', { sequence: SEQUENCE }));
  const rows = await storedRows(service);
  expect(okBody(await ask('disable-key', { sequence: SEQUENCE }))).toEqual(first);
  expect(await storedRows(service)).toEqual(rows);
});
