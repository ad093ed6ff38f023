/** The bodies follow the samples of Okta, "Event hooks", and of the System Log API, "LogEvent". */
import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { okta } from '../../../../lib/webhooks/inbound/adapters/okta.ts';
import { readBy, refusalBy, requestOf, sourceFor } from './request.ts';

const SECRETS = ['Basic YWRtaW46c3VwZXJzZWNyZXQ=', 'another-0123456789'];
const EVENT_ID = 'b5a188b9-5ece-4636-b041-482ffda96311';
const ANN = { id: '00uann', type: 'User', alternateId: 'Ann@Example.com', displayName: 'Ann' };
const BOB = { id: '00ubob', type: 'User', alternateId: 'bob@example.com', displayName: 'Bob' };

const eventOf = (eventType: unknown, target: unknown = [ANN], more: object = {}) => ({
  version: '0',
  severity: 'INFO',
  actor: { id: '00uadmin', type: 'User', alternateId: 'admin@example.com', displayName: 'Admin' },
  outcome: { result: 'SUCCESS', reason: null },
  uuid: 'f790999f-fe87-467a-9880-6982a583986c',
  published: '2026-03-28T22:23:07.777Z',
  eventType,
  target,
  ...more,
});
const bodyOf = (...events: unknown[]) => ({
  eventType: 'com.okta.event_hook',
  eventTypeVersion: '1.0',
  cloudEventsVersion: '0.1',
  contentType: 'application/json',
  eventId: EVENT_ID,
  source: 'https://org.okta.com/api/v1/eventHooks/who1',
  data: { events },
});
const read = (...events: unknown[]) => readBy(okta, requestOf(bodyOf(...events)));
const disabled = (identities: string[], event: string) => ({
  action: 'revoke-principal',
  type: 'principal.disabled',
  event,
  identities,
  reason: `okta ${event}`,
});

test('the Authorization header must equal one of the secrets', async () => {
  const refusal = (authorization: string | undefined) =>
    refusalBy(okta, requestOf('{}', { headers: { authorization } }), SECRETS);
  for (const secret of SECRETS) expect(await refusal(secret)).toBeUndefined();
  for (const wrong of [undefined, '']) expect(await refusal(wrong)).toBe('no secret');
  for (const wrong of ['YWRtaW46c3VwZXJzZWNyZXQ=', `${SECRETS[0]}, ${SECRETS[0]}`, `${SECRETS[1]} `, 'Basic']) {
    expect(await refusal(wrong)).toBe('wrong secret');
  }
  expect(okta.secretProblem('too-short')).toMatch(/^must be at least 16/);
  expect(okta.secretProblem(SECRETS[0] ?? '')).toBeUndefined();
});

test.each([
  'user.lifecycle.deactivate',
  'user.lifecycle.suspend',
  'user.lifecycle.delete.initiated',
  'user.lifecycle.delete.completed',
])('%s revokes the grants of its user', (type) => {
  expect(read(eventOf(type))).toEqual({
    deliveryId: EVENT_ID,
    content: expect.any(String),
    tasks: [disabled(['00uann', 'ann@example.com'], type)],
  });
});

test('a delivery has one task for each user and each ignored event, in order', () => {
  const events = [
    eventOf('user.session.start'),
    eventOf('user.lifecycle.suspend', [ANN, { id: '0oaapp', type: 'AppInstance', alternateId: 'app' }, BOB]),
    eventOf('user.lifecycle.deactivate', [BOB]),
    eventOf('user.lifecycle.unsuspend'),
  ];
  expect(read(...events)).toEqual({
    deliveryId: EVENT_ID,
    content: expect.any(String),
    tasks: [
      { action: 'ignore', type: 'user.session.start' },
      disabled(['00uann', 'ann@example.com'], 'user.lifecycle.suspend'),
      disabled(['00ubob', 'bob@example.com'], 'user.lifecycle.suspend'),
      disabled(['00ubob', 'bob@example.com'], 'user.lifecycle.deactivate'),
      { action: 'ignore', type: 'user.lifecycle.unsuspend' },
    ],
  });
});

const NO_USER = 'A target of type User with an id or alternateId is required.';
const NO_USER_TARGETS = [null, [], {}, [null], ['00uann'], [{ ...ANN, type: 'UserGroup' }], [{ type: 'User' }]];

test.each(NO_USER_TARGETS)('a deactivation that names no user is refused: %j', (target) => {
  expect(read(eventOf('user.lifecycle.deactivate', target))).toBe(`KMS.0308 ${NO_USER}`);
});

test('events that cannot be read do not stop the others of a delivery, and become unreadable tasks with a reason', () => {
  const type = 'user.lifecycle.deactivate';
  const unreadable = (reason: string, name = 'unreadable') => ({ action: 'unreadable', type: name, reason });
  const events = [
    eventOf(type, [BOB]),
    ...NO_USER_TARGETS.map((target) => eventOf(type, target)),
    eventOf(type, [{ type: 'User' }, ANN]),
    7,
    { eventType: 1 },
  ];
  expect(read(...events)).toEqual({
    deliveryId: EVENT_ID,
    content: expect.any(String),
    tasks: [
      disabled(['00ubob', 'bob@example.com'], type),
      ...NO_USER_TARGETS.map(() => unreadable(NO_USER, type)),
      unreadable(NO_USER, type),
      disabled(['00uann', 'ann@example.com'], type),
      unreadable('Invalid parameter. data.events must be an array of objects.'),
      unreadable('Invalid parameter. eventType must be a string.'),
    ],
  });
});

test('a target that is an object instead of a list, or has its type in another case, is a user too', () => {
  for (const target of [ANN, [{ ...ANN, type: 'USER' }]]) {
    expect(read(eventOf('user.lifecycle.suspend', target))).toMatchObject({
      tasks: [{ identities: ['00uann', 'ann@example.com'] }],
    });
  }
});

test('an event about a failed deactivation revokes nothing', () => {
  const failed = eventOf('user.lifecycle.deactivate', [ANN], { outcome: { result: 'FAILURE' } });
  expect(read(failed)).toMatchObject({ tasks: [{ action: 'ignore' }] });
  for (const outcome of [undefined, null, {}]) {
    expect(read(eventOf('user.lifecycle.deactivate', [ANN], { outcome }))).toMatchObject({
      tasks: [{ action: 'revoke-principal' }],
    });
  }
});

test('an event with a part that is nested 100,000 times is read like any other', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const body = JSON.stringify(bodyOf(eventOf('user.lifecycle.suspend', [ANN], { debugContext: 'DEEP' })));
  expect(readBy(okta, requestOf(body.replace('"DEEP"', deep)))).toMatchObject({
    tasks: [{ action: 'revoke-principal', identities: ['00uann', 'ann@example.com'] }],
  });
});

test('malformed identities are dropped', () => {
  const target = [
    { id: 7, type: 'User', alternateId: 'A@B.c' },
    { id: 'x'.repeat(257), type: 'User', alternateId: 'b' },
  ];
  expect(read(eventOf('user.lifecycle.suspend', target))).toMatchObject({
    tasks: [{ identities: ['a@b.c'] }, { identities: ['b'] }],
  });
});

test.each([
  ['', 'KMS.0204 data is required.'],
  ['{"eventId":"e"}', 'KMS.0204 data is required.'],
  ['{"eventId":"e","data":{}}', 'KMS.0204 events is required.'],
  ['{"eventId":"e","data":{"events":{}}}', 'KMS.0308 data.events must be an array of objects.'],
  ['{"eventId":"e","data":{"events":[1]}}', 'KMS.0308 data.events must be an array of objects.'],
  ['{"eventId":"e","data":{"events":[{}]}}', 'KMS.0204 eventType is required.'],
  ['{"eventId":"e","data":{"events":[{"eventType":1}]}}', 'KMS.0308 eventType must be a string.'],
  ['{"eventId":"e","eventId":"f"}', 'KMS.0202'],
])('the body %j is refused', (body, refusal) => {
  expect(readBy(okta, requestOf(body))).toEqual(expect.stringContaining(refusal));
});

test('the delivery id decides nothing: the digest of the body takes the place of a missing or malformed one', () => {
  const tasks = [disabled(['00uann', 'ann@example.com'], 'user.lifecycle.suspend')];
  for (const eventId of [undefined, null, '', 7, 'e\u0000', 'e'.repeat(257)]) {
    const body = JSON.stringify({ ...bodyOf(eventOf('user.lifecycle.suspend')), eventId });
    const deliveryId = createHash('sha256').update(body).digest('hex');
    expect(readBy(okta, requestOf(body))).toMatchObject({ deliveryId, tasks });
  }
});

test('the handshake returns the challenge of a GET, and undefined for any other request', () => {
  const handshake = (challenge: string | undefined, method = 'GET') =>
    okta.handshake?.(
      requestOf('', { method, headers: { 'x-okta-verification-challenge': challenge } }),
      sourceFor(okta),
    );
  expect(handshake('My verification-value_1')).toEqual({ verification: 'My verification-value_1' });
  expect(handshake('a'.repeat(256))).toEqual({ verification: 'a'.repeat(256) });
  for (const challenge of [undefined, '', 'a'.repeat(257), 'a\n', 'é']) expect(handshake(challenge)).toBeUndefined();
  expect(handshake('value', 'POST')).toBeUndefined();
});
