import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { grantIdsOn, newGrant, newKey, okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

const DAY_MS = 86_400_000;
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

test('a key that waits for deletion is kept and comes back disabled: 200 with the id and state 3', async () => {
  okBody(await ask('schedule-key-deletion', { pending_days: '7' }));
  const { status, body } = await ask('cancel-key-deletion');
  expect([status, body]).toEqual([200, { key_id, key_state: '3' }]);
  const { key_info } = okBody(await ask('describe-key'));
  expect([key_info.key_state, key_info.scheduled_deletion_date]).toEqual(['3', '']);
});

test('its grants are still there, and go on once it is enabled', async () => {
  const grant = await newGrant(service, key_id);
  okBody(await ask('schedule-key-deletion', { pending_days: '7' }));
  okBody(await ask('cancel-key-deletion'));
  okBody(await ask('enable-key'));
  expect(await grantIdsOn(service, key_id)).toEqual([grant]);
});

test('a key that does not wait for deletion: KMS.1501', async () => {
  await expectRefused(() => ask('cancel-key-deletion'), [400, 'KMS.1501']);
  okBody(await ask('disable-key'));
  await expectRefused(() => ask('cancel-key-deletion'), [400, 'KMS.1501']);
  expect(await stateOf()).toBe('3');
});

test('a malformed key_id: KMS.0205; no such key, and a key of another project: 404 KMS.0207', async () => {
  for (const wrong of ['', 'x', key_id.toUpperCase(), 7]) {
    await expectRefused(() => ask('cancel-key-deletion', { key_id: wrong }), [400, 'KMS.0205']);
  }
  const absent = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';
  await expectRefused(() => ask('cancel-key-deletion', { key_id: absent }), [404, 'KMS.0207']);
  const foreigner = await service.foreignUser();
  await service.token(foreigner, foreigner.project_id);
  const body = { key_id };
  const foreign = () => service.kms(foreigner, 'cancel-key-deletion', body, foreigner.project_id);
  await expectRefused(foreign, [404, 'KMS.0207']);
});

test('the same request again with its sequence gets the first answer and does nothing', async () => {
  okBody(await ask('schedule-key-deletion', { pending_days: '7' }));
  const first = okBody(await ask('cancel-key-deletion', { sequence: SEQUENCE }));
  const rows = await storedRows(service);
  expect(okBody(await ask('cancel-key-deletion', { sequence: SEQUENCE }))).toEqual(first);
  expect(await storedRows(service)).toEqual(rows);
});

test('once its time has come it is too late, even before it is swept away: KMS.0210', async () => {
  okBody(await ask('schedule-key-deletion', { pending_days: '7' }));
  const { nowMs } = service.clock;
  const late = await service.addUser('late', 'KMS CMKFullAccess');
  service.clock.nowMs = nowMs + 7 * DAY_MS;
  await service.token(late);
  await expectRefused(() => service.kms(late, 'cancel-key-deletion', { key_id }), [400, 'KMS.0210']);
  service.clock.nowMs = nowMs + 7 * DAY_MS - 1;
  expect((await service.kms(late, 'cancel-key-deletion', { key_id })).status).toBe(200);
});
