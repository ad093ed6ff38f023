/** The bodies follow WorkOS, "Events" and "Data syncing"; the library of WorkOS signs them. */
import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { WorkOS } from '@workos-inc/node';
import { workos } from '../../../../lib/webhooks/inbound/adapters/workos.ts';
import { readBy, refusalBy, requestOf } from './request.ts';

const SECRET = 'a-secret-of-the-dashboard';
const ID = 'event_07FKJ843CVE8F7BXQSPFH0M53V';

const DIRECTORY_USER = {
  id: 'directory_user_01E1X1B89NH8Z3SDFJR4H7RGX7',
  directory_id: 'directory_01ECAZ4NV9QMV47GW873HDCX74',
  organization_id: 'org_01EZTR6WYX1A0DSE2CYMGXQ24Y',
  idp_id: '8931',
  emails: [
    { primary: true, type: 'work', value: 'Lela.Block@example.com' },
    { primary: false, type: 'home', value: 'lela@home.example' },
  ],
  first_name: 'Lela',
  state: 'inactive',
};
const LELA = [DIRECTORY_USER.id, '8931', 'lela.block@example.com'];

const read = (event: unknown, data?: unknown) =>
  readBy(workos, requestOf({ object: 'event', id: ID, event, data, created_at: '2023-04-28 20:05:31.093' }));
const disabled = (identities: string[], event: string) => ({
  deliveryId: ID,
  tasks: [{ action: 'revoke-principal', type: 'principal.disabled', event, identities, reason: `workos ${event}` }],
});
const ignored = (type: string) => ({ deliveryId: ID, tasks: [{ action: 'ignore', type }] });

test('a signature of the library of WorkOS is verified for three minutes', async () => {
  const body = '{"id":"event_1"}';
  const signature = await new WorkOS('sk_test').webhooks.computeSignature(1_000_000, Buffer.from(body), SECRET);
  const request = requestOf(body, { headers: { 'workos-signature': `t=1000000, v1=${signature}` } });
  expect(await refusalBy(workos, request, [SECRET], 1_180_000)).toBeUndefined();
  expect(await refusalBy(workos, request, [SECRET], 1_180_001)).toBe(
    'the timestamp in WorkOS-Signature is more than 3 minutes off',
  );
  expect(await refusalBy(workos, request, ['another-secret-0'], 1_000_000)).toBe('wrong signature');
  expect(workos.secretProblem('short')).toMatch(/^must be at least 16/);
  expect(workos.secretProblem(SECRET)).toBeUndefined();
});

test.each(['dsync.user.deleted', 'dsync.user.updated'])(
  '%s of an inactive user revokes the grants of the user',
  (event) => {
    expect(read(event, DIRECTORY_USER)).toEqual(disabled(LELA, event));
  },
);

test('user.deleted identifies the user by every id and e-mail address in the event', () => {
  const user = { object: 'user', id: 'user_01E4', email: 'Marcelina@Example.com', external_id: 'f1ffa2b2' };
  expect(read('user.deleted', user)).toEqual(
    disabled(['user_01E4', 'f1ffa2b2', 'marcelina@example.com'], 'user.deleted'),
  );
  expect(read('user.deleted', { id: 'user_01E4', external_id: null, email: '', emails: [null, {}, 1] })).toEqual(
    disabled(['user_01E4'], 'user.deleted'),
  );
});

test.each([
  ['inactive', true],
  ['suspended', true],
  ['deleted', true],
  ['Inactive', true],
  ['active', false],
  ['Active', false],
  [undefined, false],
  [null, false],
])('dsync.user.updated to the state %j revokes: %j', (state, isRevoked) => {
  const events = read('dsync.user.updated', { ...DIRECTORY_USER, state });
  expect(events).toEqual(isRevoked ? disabled(LELA, 'dsync.user.updated') : ignored('dsync.user.updated'));
});

test.each([
  'user.created',
  'user.updated',
  'dsync.user.created',
  'dsync.group.user_removed',
  'dsync.deleted',
  'toString',
])('the event %s is ignored', (event) => {
  expect(read(event, DIRECTORY_USER)).toEqual(ignored(event));
});

test.each<[unknown, unknown, string]>([
  ['user.deleted', undefined, 'KMS.0204 data is required.'],
  ['user.deleted', [], 'KMS.0308 data must be an object.'],
  ['user.deleted', {}, 'KMS.0204 data.id is required.'],
  ['user.deleted', { id: 7, email: 'a\u0000' }, 'KMS.0204 data.id is required.'],
  ['dsync.user.updated', { id: 'a', state: false }, 'KMS.0308 data.state must be a string.'],
  ['dsync.user.updated', { id: 'a', state: ['inactive'] }, 'KMS.0308 data.state must be a string.'],
  [undefined, {}, 'KMS.0204 event is required.'],
  [['user.deleted'], {}, 'KMS.0308 event must be a string.'],
])('the event %j with the data %j is refused', (event, data, refusal) => {
  expect(read(event, data)).toBe(refusal);
});

test('the delivery id decides nothing: the digest of the body takes the place of a missing or malformed one', () => {
  for (const id of [undefined, null, '', 7, 'e\n', 'e'.repeat(257)]) {
    const body = JSON.stringify({ id, event: 'user.deleted', data: { id: 'user_01E4' } });
    const deliveryId = createHash('sha256').update(body).digest('hex');
    expect(readBy(workos, requestOf(body))).toEqual({ ...disabled(['user_01E4'], 'user.deleted'), deliveryId });
  }
});

test('an event with two ids is refused', () => {
  expect(readBy(workos, requestOf('{"id":"a","id":"b"}'))).toMatch(/^KMS.0202/);
});

test('an address that is not the primary one is no identity: a user may have entered that of another person', () => {
  const emails = [
    { value: 'victim@example.com', type: 'other' },
    { primary: false, value: 'other@example.com' },
  ];
  expect(read('user.deleted', { id: 'user_01', email: 'lela@example.com', emails })).toEqual(
    disabled(['user_01', 'lela@example.com'], 'user.deleted'),
  );
});
