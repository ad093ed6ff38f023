import { expect, test } from '@jest/globals';
import { deleteDueKeys } from '../../../lib/authority/standalone/key-deletion.ts';
import { newGrant, newKey, okBody } from '../../support/create.ts';
import { expectError, expectErrorAndNoWrite } from '../../support/expect-error.ts';
import { testKeyStateApi } from './key-state-suite.ts';

const DAY_MS = 86_400_000;

const fixture = testKeyStateApi('schedule-key-deletion');
const { call, describeKey } = fixture;

test.each(['7', '1096', '0007', 7, 1096])(
  'pending_days %j: the key is due so many days later',
  async (pending_days) => {
    okBody(await call('schedule-key-deletion', { pending_days }));
    const dueAtMs = fixture.service.clock.nowMs + Number(pending_days) * DAY_MS;
    expect(await describeKey()).toMatchObject({ key_state: '4', scheduled_deletion_date: String(dueAtMs) });
  },
);

test.each([
  ...['6', '1097', '0', '-7', '', ' 7', '7 ', '7.5', '1e1', 'seven', '00007', '10000'],
  ...[6, 1097, 0, -7, 7.5, true, false, ['7'], {}],
])('pending_days %j: KMS.1401, and nothing is written', async (pending_days) => {
  const send = () => call('schedule-key-deletion', { pending_days });
  await expectErrorAndNoWrite(fixture.service, send, [400, 'KMS.1401']);
  expect((await describeKey()).key_state).toBe('2');
});

test('a second call with another pending_days is KMS.1402, and the first date stays', async () => {
  okBody(await call('schedule-key-deletion', { pending_days: '7' }));
  const before = await describeKey();
  const send = () => call('schedule-key-deletion', { pending_days: '30' });
  await expectErrorAndNoWrite(fixture.service, send, [400, 'KMS.1402']);
  expect(await describeKey()).toEqual(before);
});

test('a minute after it is due, the key is deleted with its grants, each with an event; not before it is due', async () => {
  const { service, keyId } = fixture;
  const grantIds = [await newGrant(service, keyId), await newGrant(service, keyId)];
  const grantOfOtherKey = await newGrant(service, await newKey(service));
  okBody(await call('schedule-key-deletion', { pending_days: '7' }));
  const { store, now } = service.services;
  const { nowMs } = service.clock;
  try {
    service.clock.nowMs = nowMs + 7 * DAY_MS - 1;
    await deleteDueKeys(store.grants, now);
    expect((await store.grants.key(service.demo.project_id, keyId))?.grantCount).toBe(2);
    service.clock.nowMs = nowMs + 7 * DAY_MS + 60_000;
    expect(await deleteDueKeys(store.grants, now)).toBeGreaterThan(0);
  } finally {
    service.clock.nowMs = nowMs;
  }
  expectError(await call('describe-key'), [404, 'KMS.0207']);
  expectError(await call('list-grants'), [404, 'KMS.0207']);
  const { grants } = okBody(await service.kms(service.creator, 'list-retirable-grants', {}));
  const listed = grants.map(({ grant_id }: { grant_id: string }) => grant_id);
  expect([...grantIds, grantOfOtherKey].map((id) => listed.includes(id))).toEqual([false, false, true]);
  const events = await store.events.list(service.demo.project_id, { keyId }, 100);
  const deleted = events.filter(({ action }) => action === 'delete-key').map(({ grant }) => grant?.grant_id);
  expect(deleted).toHaveLength(3);
  expect(new Set(deleted)).toEqual(new Set([...grantIds, undefined]));
});
