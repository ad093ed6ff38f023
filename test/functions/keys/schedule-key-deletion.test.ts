import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { deleteDueKeys } from '../../../lib/authority/standalone/key-deletion.ts';
import { newGrant, newKey, okBody } from '../../support/create.ts';
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

test.each(['7', '1096', '0007', 7, 1096])('pending_days %j: 200 with the id and state 4', async (pending_days) => {
  const { status, body } = await ask('schedule-key-deletion', { pending_days });
  expect([status, body]).toEqual([200, { key_id, key_state: '4' }]);
  const { key_info } = okBody(await ask('describe-key'));
  const dueAtMs = service.clock.nowMs + Number(pending_days) * DAY_MS;
  expect([key_info.key_state, key_info.scheduled_deletion_date]).toEqual(['4', String(dueAtMs)]);
});

test('a disabled key can be scheduled too', async () => {
  okBody(await ask('disable-key'));
  expect(okBody(await ask('schedule-key-deletion', { pending_days: '7' }))).toEqual({ key_id, key_state: '4' });
});

test.each([
  ...['6', '1097', '0', '-7', '', ' 7', '7 ', '7.5', '1e1', 'seven', '00007', '10000'],
  ...[6, 1097, 0, -7, 7.5, true, false, ['7'], {}],
])('pending_days %j: KMS.1401', async (pending_days) => {
  await expectRefused(() => ask('schedule-key-deletion', { pending_days }), [400, 'KMS.1401']);
  expect(await stateOf()).toBe('2');
});

test('a second time: KMS.1402, and the first date stands', async () => {
  okBody(await ask('schedule-key-deletion', { pending_days: '7' }));
  await expectRefused(() => ask('schedule-key-deletion', { pending_days: '30' }), [400, 'KMS.1402']);
});

test('a minute past its time the key and its grants go, each with an event; before its time nothing does', async () => {
  const [first = '', second = ''] = [await newGrant(service, key_id), await newGrant(service, key_id)];
  const kept = await newGrant(service, await newKey(service));
  okBody(await ask('schedule-key-deletion', { pending_days: '7' }));
  const { store, now } = service.services;
  const { nowMs } = service.clock;
  try {
    service.clock.nowMs = nowMs + 7 * DAY_MS - 1;
    await deleteDueKeys(store.grants, now);
    expect((await store.grants.key(service.demo.project_id, key_id))?.grantCount).toBe(2);
    service.clock.nowMs = nowMs + 7 * DAY_MS + 60_000;
    expect(await deleteDueKeys(store.grants, now)).toBeGreaterThan(0);
  } finally {
    service.clock.nowMs = nowMs;
  }
  await expectRefused(() => ask('describe-key'), [404, 'KMS.0207']);
  await expectRefused(() => ask('list-grants'), [404, 'KMS.0207']);
  const { grants } = okBody(await service.kms(service.creator, 'list-retirable-grants', {}));
  const ids = grants.map(({ grant_id }: { grant_id: string }) => grant_id);
  expect([first, second, kept].map((id) => ids.includes(id))).toEqual([false, false, true]);
  const events = await store.events.list(service.demo.project_id, { keyId: key_id }, 100);
  const deleted = events.filter(({ action }) => action === 'delete-key').map(({ grant }) => grant?.grant_id);
  expect(deleted).toHaveLength(3);
  expect(new Set(deleted)).toEqual(new Set([first, second, undefined]));
});

test('a malformed key_id: KMS.0205; no such key, and a key of another project: 404 KMS.0207', async () => {
  for (const wrong of ['', 'x', key_id.toUpperCase(), 7]) {
    await expectRefused(() => ask('schedule-key-deletion', { pending_days: '7', key_id: wrong }), [400, 'KMS.0205']);
  }
  const absent = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';
  await expectRefused(() => ask('schedule-key-deletion', { pending_days: '7', key_id: absent }), [404, 'KMS.0207']);
  const foreigner = await service.foreignUser();
  await service.token(foreigner, foreigner.project_id);
  const body = { pending_days: '7', key_id };
  const foreign = () => service.kms(foreigner, 'schedule-key-deletion', body, foreigner.project_id);
  await expectRefused(foreign, [404, 'KMS.0207']);
});

test('the same request again with its sequence gets the first answer and does nothing', async () => {
  const first = okBody(await ask('schedule-key-deletion', { pending_days: '7', sequence: SEQUENCE }));
  const rows = await storedRows(service);
  expect(okBody(await ask('schedule-key-deletion', { pending_days: '7', sequence: SEQUENCE }))).toEqual(first);
  expect(await storedRows(service)).toEqual(rows);
});
