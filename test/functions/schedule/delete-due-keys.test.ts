/** Also tests: lib/authority/due-keys.ts. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { handler } from '../../../functions/schedule/delete-due-keys.ts';
import { newGrant, newKey } from '../../support/create.ts';
import { startService, type TestService } from '../../support/service.ts';

const DAY_MS = 86_400_000;

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

test('the scheduled function deletes the keys that are due, with their grants, and no other key', async () => {
  const [due, later] = [await newKey(service), await newKey(service)];
  await newGrant(service, due);
  const schedule = (key_id: string, pending_days: string) =>
    service.kms(service.creator, 'schedule-key-deletion', { key_id, pending_days });
  await schedule(due, '7');
  await schedule(later, '9');
  const login = service.clock.nowMs;
  service.clock.nowMs += 8 * DAY_MS;
  await handler();
  service.clock.nowMs = login;
  const found = async (key_id: string) => (await service.kms(service.creator, 'describe-key', { key_id })).status;
  expect([await found(due), await found(later)]).toEqual([404, 200]);
});
