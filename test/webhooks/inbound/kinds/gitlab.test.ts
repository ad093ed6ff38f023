/** The signatures are made by the reference library of Standard Webhooks. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { expectError } from '../../../support/expect-error.ts';
import { PLAIN_SECRET, SECRET, signEvent } from '../../fixture.ts';
import { type SourceFixture, startSourceFixture } from './source-fixture.ts';

let fixture: SourceFixture;
beforeAll(async () => {
  const events = { user_remove_from_group: 'principal.disabled' };
  fixture = await startSourceFixture({
    groups: { kind: 'gitlab', secrets: [SECRET], events, groups: [100] },
    instance: { kind: 'gitlab', secrets: [PLAIN_SECRET], trust_username: true },
  });
});
afterAll(() => fixture.stop());

const leftGroup = (userId: number, groupId = 100) => ({
  event_name: 'user_remove_from_group',
  group_id: groupId,
  group_path: 'acme',
  user_id: userId,
  user_username: `user-${userId}`,
});
const signed = (body: object, id: string) => signEvent(body, { id, atMs: fixture.service.clock.nowMs });

test('a signed event that a user left the group revokes the grants of the user', async () => {
  const principal = await fixture.newMappedPrincipal('groups', '64');
  const job = await fixture.deliver('groups', signed(leftGroup(64), 'delivery-1'));
  expect(job).toMatchObject({ source: 'groups', delivery_id: 'delivery-1' });
  await fixture.expectRevokedBy(job, principal);
});

test('an event that a user left a group which the settings do not list is ignored', async () => {
  const principal = await fixture.newMappedPrincipal('groups', '65');
  const response = await fixture.send('/hooks/groups', signed(leftGroup(65, 101), 'delivery-2'));
  expect(response.body).toMatchObject({ state: 'ignored' });
  await fixture.expectNotRevoked(principal);
});

const DELETED = { event_name: 'user_destroy', user_id: 66, username: 'Carol', email: 'carol@example.com' };

test('a system hook with a secret token revokes the grants of a deleted user, known by the user name in any case', async () => {
  const principal = await fixture.newMappedPrincipal('instance', 'carol');
  const headers = { 'x-gitlab-token': PLAIN_SECRET, 'idempotency-key': 'delivery-3', 'x-gitlab-event': 'System Hook' };
  const job = await fixture.deliver('instance', { headers, body: DELETED });
  expect(job).toMatchObject({ source: 'instance', delivery_id: 'delivery-3' });
  await fixture.expectRevokedBy(job, principal);
});

test('a wrong token, and a wrong signature, get 401', async () => {
  const token = { headers: { 'x-gitlab-token': `${PLAIN_SECRET}x` }, body: DELETED };
  expectError(await fixture.send('/hooks/instance', token), [401, 'APIGW.0301']);
  const forged = { ...signed(leftGroup(67), 'delivery-4'), body: leftGroup(64) };
  expectError(await fixture.send('/hooks/groups', forged), [401, 'APIGW.0301']);
});
