import { expect, test } from '@jest/globals';
import { grantIdsOn, newGrant, okBody } from '../../support/create.ts';
import { expectErrorAndNoWrite } from '../../support/expect-error.ts';
import { testKeyStateApi } from './key-state-suite.ts';

const DAY_MS = 86_400_000;

const fixture = testKeyStateApi('cancel-key-deletion');
const { call, describeKey } = fixture;

test('the key has no deletion date any more', async () => {
  okBody(await call('schedule-key-deletion', { pending_days: '7' }));
  okBody(await call('cancel-key-deletion'));
  expect((await describeKey()).scheduled_deletion_date).toBe('');
});

test('the key still has its grants, also after it is enabled', async () => {
  const grantId = await newGrant(fixture.service, fixture.keyId);
  okBody(await call('schedule-key-deletion', { pending_days: '7' }));
  okBody(await call('cancel-key-deletion'));
  okBody(await call('enable-key'));
  expect(await grantIdsOn(fixture.service, fixture.keyId)).toEqual([grantId]);
});

test('from the moment the key is due: KMS.0210, even while it is not deleted yet', async () => {
  okBody(await call('schedule-key-deletion', { pending_days: '7' }));
  const { service } = fixture;
  const { nowMs } = service.clock;
  const user = await service.addUser('user-a-week-later', 'KMS CMKFullAccess');
  service.clock.nowMs = nowMs + 7 * DAY_MS;
  await service.token(user);
  await expectErrorAndNoWrite(service, () => call('cancel-key-deletion', {}, user), [400, 'KMS.0210']);
  service.clock.nowMs = nowMs + 7 * DAY_MS - 1;
  okBody(await call('cancel-key-deletion', {}, user));
});
