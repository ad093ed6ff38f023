import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
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

test('a disabled key is enabled: 200 with its id and state 2', async () => {
  okBody(await ask('disable-key'));
  const { status, body } = await ask('enable-key');
  expect([status, body]).toEqual([200, { key_info: { key_id, key_state: '2' } }]);
  expect(await stateOf()).toBe('2');
});

test('an enabled key, and one that waits for deletion, is not disabled: KMS.1201', async () => {
  await expectRefused(() => ask('enable-key'), [400, 'KMS.1201']);
  okBody(await ask('schedule-key-deletion', { pending_days: '7' }));
  await expectRefused(() => ask('enable-key'), [400, 'KMS.1201']);
  expect(await stateOf()).toBe('4');
});

test('any user whose role allows it may, not the creator alone', async () => {
  okBody(await ask('disable-key'));
  expect((await service.kms(service.administrator, 'enable-key', { key_id })).status).toBe(200);
});

test('a malformed key_id: KMS.0205; no such key, and a key of another project: 404 KMS.0207', async () => {
  for (const wrong of ['', 'x', key_id.toUpperCase(), 7]) {
    await expectRefused(() => ask('enable-key', { key_id: wrong }), [400, 'KMS.0205']);
  }
  const absent = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';
  await expectRefused(() => ask('enable-key', { key_id: absent }), [404, 'KMS.0207']);
  const foreigner = await service.foreignUser();
  await service.token(foreigner, foreigner.project_id);
  const body = { key_id };
  const foreign = () => service.kms(foreigner, 'enable-key', body, foreigner.project_id);
  await expectRefused(foreign, [404, 'KMS.0207']);
});

test('the same request again with its sequence gets the first answer and does nothing', async () => {
  okBody(await ask('disable-key'));
  const first = okBody(await ask('enable-key', { sequence: SEQUENCE }));
  const rows = await storedRows(service);
  expect(okBody(await ask('enable-key', { sequence: SEQUENCE }))).toEqual(first);
  expect(await storedRows(service)).toEqual(rows);
});
