/** The bodies have the fields of GitGuardian, "Custom webhook", "Payload structure". The signature is by OpenSSL. */
import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { gitguardian } from '../../../../lib/webhooks/inbound/adapters/gitguardian.ts';
import { readBy, refusalBy, requestOf, sourceFor } from './request.ts';

const URL = 'https://dashboard.gitguardian.com/workspace/1/incidents/31605';
const eventOf = (action: string, more = {}) => ({
  source: 'GitGuardian',
  timestamp: '2026-11-22T06:33:54.930965Z',
  action,
  message: 'A message for people.',
  target_user: 'GitGuardian',
  incident: { id: 31605, detector: { name: 'aws_iam', family: 'credentials' }, severity: 'high', gitguardian_url: URL },
  ...more,
});
const occurrenceBy = (author: object) =>
  eventOf('new_occurrence', { occurrence: { id: 1234, kind: 'RLTM', sha: 'abc', ...author } });
const AUTHOR = { author_name: 'Ann', author_info: 'Ann@Example.com' };

const read = (body: unknown, entry = {}) => readBy(gitguardian, requestOf(body), entry);
const idOf = (body: unknown) =>
  createHash('sha256')
    .update(typeof body === 'string' ? body : JSON.stringify(body))
    .digest('hex');
const ACTS = { trust_email: true, events: { new_occurrence: 'principal.disabled' } };

test('a signature by OpenSSL is verified for five minutes', async () => {
  // printf '{}' | openssl dgst -sha256 -hmac '1795329234a-token-of-the-dashboard'
  const headers = {
    timestamp: '1795329234',
    'gitguardian-signature': 'sha256=5c8db22b8e4365606879cbba9da633bd07c7f4025f7df68b6f3d7449543f84d0',
  };
  const refusal = (body: string, secret: string, nowMs = 1_795_329_234_000) =>
    refusalBy(gitguardian, requestOf(body, { headers }), ['another-token-0123', secret], nowMs);
  expect(await refusal('{}', 'a-token-of-the-dashboard')).toBeUndefined();
  expect(await refusal('{} ', 'a-token-of-the-dashboard')).toBe('wrong signature');
  expect(await refusal('{}', 'a-token-of-the-dashboarD')).toBe('wrong signature');
  expect(await refusal('{}', 'a-token-of-the-dashboard', 1_795_329_535_000)).toMatch(/more than 5 minutes off$/);
  expect(gitguardian.secretProblem('short')).toMatch(/^must be at least 16/);
});

test.each(['incident_triggered', 'incident_regression', 'new_occurrence'])(
  '%s is recorded as needing a person, with the kind of secret and the page of the incident',
  (action) => {
    const body = { ...occurrenceBy(AUTHOR), action };
    expect(read(body)).toEqual({
      deliveryId: idOf(body),
      tasks: [{ action: 'needs-person', type: action, reason: `gitguardian ${action} aws_iam ${URL}` }],
    });
  },
);

test('if the settings trust addresses, the task of a person names the author', () => {
  expect(read(occurrenceBy(AUTHOR), { trust_email: true })).toMatchObject({
    tasks: [{ action: 'needs-person', identities: ['ann@example.com'] }],
  });
});

test('if the settings say so, a secret in a commit revokes the grants of the author', () => {
  expect(read(occurrenceBy(AUTHOR), ACTS)).toMatchObject({
    tasks: [
      {
        action: 'revoke-principal',
        type: 'principal.disabled',
        event: 'new_occurrence',
        identities: ['ann@example.com'],
        reason: `gitguardian new_occurrence aws_iam ${URL}`,
      },
    ],
  });
});

test('of a secret that was found in public, the primary account that published it counts as the author', () => {
  const actors = [
    { type: 'github_user', name: 'bob', email: 'bob@example.com', primary: false },
    { type: 'github_user', name: 'ann', email: 'Ann@Example.com', primary: true },
    null,
    'x',
  ];
  expect(read(occurrenceBy({ actors }), ACTS)).toMatchObject({ tasks: [{ identities: ['ann@example.com'] }] });
});

test.each([
  ['no occurrence', eventOf('new_occurrence')],
  ['null as occurrence', eventOf('new_occurrence', { occurrence: null })],
  ['no author', occurrenceBy({})],
  ['an author without an address', occurrenceBy({ author_info: 'Ann' })],
  ['actors that are no list', occurrenceBy({ actors: 'ann@example.com' })],
])('an occurrence with %s needs a person, whatever the settings say', (_, body) => {
  expect(read(body, ACTS)).toMatchObject({ tasks: [{ action: 'needs-person', type: 'new_occurrence' }] });
});

test.each(['incident_resolved', 'incident_ignored', 'incident_reopened', 'incident_assigned', 'constructor'])(
  'the event %s is ignored',
  (action) => {
    const body = eventOf(action);
    expect(read(body)).toEqual({ deliveryId: idOf(body), tasks: [{ action: 'ignore', type: action }] });
  },
);

test('the test message of the dashboard is ignored; other bodies in its format are kept without the secret in them', () => {
  const message = {
    author: { info: 'a@b.c' },
    type: 'Welcome Message Token',
    matches: [{ match: 'a-secret-in-plain-text' }],
  };
  expect(read(message)).toMatchObject({ tasks: [{ action: 'ignore', type: 'test message' }] });
  const old = { ...message, type: 'AWS Keys' };
  expect(read(old)).toMatchObject({ tasks: [{ action: 'unreadable', type: 'scan_result' }] });
  expect(JSON.stringify(read(old))).not.toContain('a-secret-in-plain-text');
});

test.each([
  '',
  '{}',
  '[]',
  'null',
  '{"action":7}',
  '{"action":"a","action":"new_occurrence"}',
  '{"a":',
  '['.repeat(9e4),
])('the body %.60s is kept as unreadable', (body) => {
  expect(read(body)).toMatchObject({
    deliveryId: idOf(body),
    tasks: [{ action: 'unreadable', reason: expect.any(String), payload: body.slice(0, 32 * 1024) }],
  });
});

test.each<[Record<string, unknown>, string]>([
  [
    { events: { new_occurrence: 'principal.disabled' } },
    'names people by e-mail address only; set trust_email to true',
  ],
  [
    { trust_email: true, events: { incident_triggered: 'principal.disabled' } },
    'names nobody; use needs-person or ignore',
  ],
  [{ trust_email: 'yes' }, 'must be true or false'],
  [{ trust_username: true }, 'unknown field trust_username'],
])('the settings %j are refused', (entry, problem) => {
  expect(() => sourceFor(gitguardian, entry)).toThrow(problem);
});
