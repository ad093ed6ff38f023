/**
 * The bodies have the fields of GitLab Docs, "System hooks" and "Webhook events". The signatures are made by the
 * reference library of Standard Webhooks, whose form GitLab uses since 19.0.
 */
import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { gitlab } from '../../../../lib/webhooks/inbound/adapters/gitlab.ts';
import { readBy, refusalBy, requestOf, sourceFor } from './request.ts';

const SIGNING_TOKEN = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SECRET_TOKEN = 'a-secret-token-of-gitlab';
const AT_MS = 1_795_329_234_000;
const ID = 'f5e5f430-f57b-4e6e-9fac-d9128cd7232f';

const TIMES = { created_at: '2026-11-21T04:57:22Z', updated_at: '2026-11-22T08:52:34Z' };
const leftGroup = (more = {}) => ({
  ...TIMES,
  event_name: 'user_remove_from_group',
  group_name: 'Acme',
  group_path: 'acme',
  group_id: 100,
  group_access: 'Guest',
  user_username: 'Ann.E',
  user_name: 'Ann Example',
  user_email: 'Ann@Example.com',
  user_id: 64,
  ...more,
});
const leftProject = {
  ...TIMES,
  event_name: 'user_remove_from_team',
  access_level: 'Maintainer',
  project_id: 74,
  project_path_with_namespace: 'acme/shop',
  user_email: 'Ann@Example.com',
  user_username: 'Ann.E',
  user_id: 64,
};
const deleted = (more = {}) => ({
  ...TIMES,
  event_name: 'user_destroy',
  email: 'Ann@Example.com',
  name: 'Ann Example',
  username: 'Ann.E',
  user_id: 64,
  ...more,
});

const signed = (body: string, headers = {}) => ({
  headers: {
    'webhook-id': ID,
    'webhook-timestamp': String(AT_MS / 1000),
    'webhook-signature': new Webhook(SIGNING_TOKEN).sign(ID, new Date(AT_MS), body),
    ...headers,
  },
});

const read = (body: unknown, entry = {}, headers: Record<string, string | undefined> = { 'webhook-id': ID }) =>
  readBy(gitlab, requestOf(body, { headers }), entry);
const eventsOf = (task: object) => ({ deliveryId: ID, tasks: [task] });
const revoked = (event: string, identities = ['64']) =>
  eventsOf({ action: 'revoke-principal', type: 'principal.disabled', event, identities, reason: `gitlab ${event}` });

test('with a signing token, a signature by the reference library is verified for five minutes', async () => {
  const request = requestOf('{}', signed('{}'));
  expect(await refusalBy(gitlab, request, [SIGNING_TOKEN], AT_MS + 300_000)).toBeUndefined();
  expect(await refusalBy(gitlab, request, [SIGNING_TOKEN], AT_MS + 301_000)).toMatch(/more than 5 minutes off$/);
  expect(await refusalBy(gitlab, requestOf('{} ', signed('{}')), [SIGNING_TOKEN], AT_MS)).toBe('wrong signature');
});

test('with a secret token, X-Gitlab-Token must equal one of them', async () => {
  const refusal = (token?: string) =>
    refusalBy(gitlab, requestOf('{}', { headers: { 'x-gitlab-token': token } }), ['another-token-0123', SECRET_TOKEN]);
  expect(await refusal(SECRET_TOKEN)).toBeUndefined();
  expect(await refusal(`${SECRET_TOKEN}x`)).toBe('wrong secret');
  expect(await refusal('')).toBe('no secret');
  expect(await refusal()).toBe('no secret');
});

test('a request with a wrong signature is refused even if it carries the right secret token', async () => {
  const headers = { 'x-gitlab-token': SECRET_TOKEN };
  const forged = requestOf('{"a":1}', signed('{}', headers));
  expect(await refusalBy(gitlab, forged, [SIGNING_TOKEN, SECRET_TOKEN], AT_MS)).toBe('wrong signature');
  // While the webhook is changed from the one to the other, both are accepted.
  expect(await refusalBy(gitlab, requestOf('{}', signed('{}')), [SECRET_TOKEN, SIGNING_TOKEN], AT_MS)).toBeUndefined();
  expect(await refusalBy(gitlab, requestOf('{}', { headers }), [SIGNING_TOKEN, SECRET_TOKEN], AT_MS)).toBeUndefined();
  // GitLab sends both headers if both tokens are set there.
  expect(await refusalBy(gitlab, requestOf('{}', signed('{}', headers)), [SECRET_TOKEN], AT_MS)).toBeUndefined();
});

test('a signing token is never accepted as the value of X-Gitlab-Token', async () => {
  const request = requestOf('{}', { headers: { 'x-gitlab-token': SIGNING_TOKEN } });
  expect(await refusalBy(gitlab, request, [SIGNING_TOKEN], AT_MS)).toBe('wrong secret');
});

test.each([
  [SIGNING_TOKEN, undefined],
  [SECRET_TOKEN, undefined],
  ['whsec_short', /^must be whsec_/],
  ['short', /^must be at least 16/],
])('the configured secret %s has the problem %s', (secret, problem) => {
  const found = gitlab.secretProblem(secret);
  if (problem) expect(found).toMatch(problem);
  else expect(found).toBeUndefined();
});

test('a deleted user loses the grants that are mapped to the id', () => {
  expect(read(deleted())).toEqual(revoked('user_destroy'));
});

test('user names and addresses count only if the settings say so', () => {
  const entry = { trust_username: true, trust_email: true };
  const names = { identities: ['64', 'Ann.E', 'ann@example.com'], caseInsensitiveIdentities: ['Ann.E'] };
  expect(read(deleted(), entry)).toMatchObject({ tasks: [names] });
  const events = { user_remove_from_group: 'principal.disabled' };
  expect(read(leftGroup(), { ...entry, events })).toMatchObject({ tasks: [names] });
  expect(read(deleted({ email: '[REDACTED]' }), { trust_email: true })).toMatchObject({
    tasks: [{ identities: ['64'] }],
  });
});

test('leaving a group needs a person, unless the settings say that it takes access away', () => {
  expect(read(leftGroup())).toEqual(
    eventsOf({
      action: 'needs-person',
      type: 'user_remove_from_group',
      identities: ['64'],
      reason: 'gitlab user_remove_from_group',
    }),
  );
  const events = { user_remove_from_group: 'principal.disabled' };
  expect(read(leftGroup(), { events })).toEqual(revoked('user_remove_from_group'));
});

test('with the setting groups, only these groups count', () => {
  const entry = { events: { user_remove_from_group: 'principal.disabled' }, groups: [7, 100] };
  expect(read(leftGroup(), entry)).toEqual(revoked('user_remove_from_group'));
  expect(read(leftGroup({ group_id: 101 }), entry)).toEqual(
    eventsOf({ action: 'ignore', type: 'user_remove_from_group' }),
  );
  for (const group_id of [undefined, null, '100']) {
    expect(read(leftGroup({ group_id }), entry)).toMatchObject({
      tasks: [{ action: 'unreadable', reason: 'group_id must be a number.', payload: expect.any(String) }],
    });
  }
  expect(read(deleted(), entry)).toEqual(revoked('user_destroy'));
});

test.each([
  ['user_remove_from_team', leftProject],
  ['user_failed_login', deleted({ event_name: 'user_failed_login', state: 'blocked' })],
])('%s counts only if the settings say so', (event, body) => {
  expect(read(body)).toEqual(eventsOf({ action: 'ignore', type: event }));
  expect(read(body, { events: { [event]: 'principal.disabled' } })).toEqual(revoked(event));
});

test.each([undefined, null, '64', 0, -1, 1.5])('a deleted user with the id %j is kept as unreadable', (user_id) => {
  const body = deleted({ user_id });
  expect(read(body)).toEqual(
    eventsOf({
      action: 'unreadable',
      type: 'user_destroy',
      reason: 'The event names no person.',
      payload: JSON.stringify(body),
    }),
  );
});

test.each([
  [{ event_name: 'user_create', user_id: 64 }, 'user_create'],
  [{ event_name: 'user_update_for_group', user_id: 64 }, 'user_update_for_group'],
  [{ object_kind: 'push', event_name: 'push', user_id: 64 }, 'push'],
  [{ object_kind: 'issue', user: { id: 64 } }, 'issue'],
  [{ event_name: 'constructor' }, 'constructor'],
])('the event %j is ignored', (body, type) => {
  expect(read(body)).toEqual(eventsOf({ action: 'ignore', type }));
});

test.each([
  '',
  '{}',
  '[]',
  'null',
  '{"event_name":7}',
  '{"event_name":"a","event_name":"user_destroy"}',
  '{"a":',
  '['.repeat(9e4),
])('the body %.60s is kept as unreadable', (body) => {
  expect(read(body)).toMatchObject({
    deliveryId: ID,
    tasks: [{ action: 'unreadable', reason: expect.any(String), payload: body.slice(0, 32 * 1024) }],
  });
});

test('a delivery is identified by webhook-id, else Idempotency-Key, else the UUID of the event with the body', () => {
  const body = JSON.stringify(deleted());
  const digest = createHash('sha256').update(body).digest('hex');
  const uuid = '13792a34-cac6-4fda-95a8-c58e00a3954e';
  const headers = { 'webhook-id': ID, 'idempotency-key': 'key', 'x-gitlab-event-uuid': uuid };
  expect(read(body, {}, headers)).toMatchObject({ deliveryId: ID });
  expect(read(body, {}, { ...headers, 'webhook-id': undefined })).toMatchObject({ deliveryId: 'key' });
  expect(read(body, {}, { 'x-gitlab-event-uuid': uuid })).toMatchObject({ deliveryId: `${uuid} ${digest}` });
  expect(read(body, {}, {})).toMatchObject({ deliveryId: undefined });
});

test.each<[string, unknown, string]>([
  ['groups', 100, 'must be a list'],
  ['groups', ['acme'], 'must be the number of a group'],
  ['groups', [0], 'must be the number of a group'],
  ['events', { user_blocked: 'principal.disabled' }, 'there is no such event'],
])('the setting %s with %j is refused', (name, value, problem) => {
  expect(() => sourceFor(gitlab, { [name]: value })).toThrow(problem);
});
