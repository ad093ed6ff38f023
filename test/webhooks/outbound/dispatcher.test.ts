/**
 * lib/webhooks/outbound/dispatcher.ts and sender.ts, with fake targets that verify messages by `standardwebhooks`.
 * Also tests: lib/webhooks/outbound/.
 */
import { afterEach, expect, jest, test } from '@jest/globals';
import { logger } from '../../../lib/logger.ts';
import type { Target } from '../../../lib/webhooks/outbound/targets.ts';
import { status, type TargetRequest } from './fake-target.ts';
import {
  addEvents,
  addTarget,
  deliverAll,
  eventIdOf,
  fixture,
  numbers,
  openDispatcher,
  outboxEventIds,
  receiveQueued,
  resetFixture,
  SECRETS,
  startUnlistedTarget,
} from './fixture.ts';

afterEach(async () => {
  jest.restoreAllMocks();
  await resetFixture();
});

test('events arrive in a signed message of the documented form, and leave the outbox', async () => {
  const hooks = await addTarget('audit');
  const grant = {
    key_id: 'k1',
    grant_id: 'a'.repeat(64),
    grantee_principal: 'u2',
    grantee_principal_type: 'user',
    operations: ['encrypt-data'],
    issuing_principal: 'u1',
    creation_date: '1790000000000',
  } as const;
  await addEvents([1], { grant, reason: 'left', sequence: 's1' });
  await addEvents([2], { grantId: 'b'.repeat(64), upstreamRequestId: 'up2' });
  await openDispatcher().dispatch();
  expect(hooks.requests).toHaveLength(1);
  const { id, headers, body, payload } = hooks.requests[0] as TargetRequest;
  expect(payload).toEqual({
    type: 'grants.changed',
    timestamp: '2026-09-21T14:13:20.002Z',
    data: {
      events: [
        {
          event_id: '00000000000000000000000000000001',
          event_time: '1790000000001',
          action: 'revoke-grant',
          project_id: 'p1',
          key_id: 'k1',
          grant_id: 'a'.repeat(64),
          actor: 'u1',
          channel: 'http',
          reason: 'left',
          request_id: 'r1',
          sequence: 's1',
          grant,
        },
        {
          event_id: '00000000000000000000000000000002',
          event_time: '1790000000002',
          action: 'revoke-grant',
          project_id: 'p1',
          key_id: 'k1',
          grant_id: 'b'.repeat(64),
          actor: 'u1',
          channel: 'http',
          request_id: 'r2',
          upstream_request_id: 'up2',
        },
      ],
    },
  });
  expect(JSON.parse(body)).toEqual(payload);
  expect(id).toMatch(/^msg_[0-9a-f]{32}$/);
  expect([headers['content-type'], headers['webhook-timestamp']]).toEqual([
    'application/json',
    String(Math.floor(fixture.nowMs / 1000)),
  ]);
  expect(await outboxEventIds()).toEqual([]);
  expect((await receiveQueued()).received).toEqual([]);
});

test('each target gets the events of its projects only, in order, at most 100 per message', async () => {
  const [all, restricted] = [await addTarget('all'), await addTarget('restricted', { projectIds: ['p2'] })];
  const first = await addEvents(numbers(1, 610));
  const second = await addEvents(numbers(611, 620), { projectId: 'p2' });
  await openDispatcher().dispatch();
  expect(all.eventIds()).toEqual([...first, ...second]);
  expect(all.requests).toHaveLength(7);
  expect(restricted.eventIds()).toEqual(second);
  expect(new Set([...all.requests, ...restricted.requests].map(({ id }) => id)).size).toBe(8);
  expect(await outboxEventIds()).toEqual([]);
});

test('without targets, the outbox is emptied', async () => {
  await addEvents([1, 2]);
  await openDispatcher().dispatch();
  expect(await outboxEventIds()).toEqual([]);
});

test('a retried message has the same id and body, a new timestamp, and signatures by the current secrets', async () => {
  const hooks = await addTarget('audit');
  hooks.respondWith(status(503));
  const ids = await addEvents([1, 2]);
  const dispatcher = openDispatcher();
  await dispatcher.dispatch();
  expect(await outboxEventIds()).toEqual([]);
  const { delaySeconds, received } = await receiveQueued();
  expect([delaySeconds, received.length]).toEqual([5, 1]);

  fixture.nowMs += 5_000;
  hooks.respondWith(status(200));
  // A rotated secret: the message is signed with both.
  fixture.targets.set('audit', { ...(fixture.targets.get('audit') as Target), secrets: [SECRETS[1], SECRETS[0]] });
  expect(await deliverAll(dispatcher, received)).toEqual(['done']);
  const [before, after] = hooks.requests;
  expect(after?.payload).toEqual(before?.payload);
  expect(after).toMatchObject({ id: before?.id, body: before?.body });
  expect(Number(after?.headers['webhook-timestamp']) - Number(before?.headers['webhook-timestamp'])).toBe(5);
  expect(String(after?.headers['webhook-signature']).split(' ')).toHaveLength(2);
  expect(hooks.eventIds()).toEqual([...ids, ...ids]);
});

test('a message for an unreachable target goes on the queue, and other targets get theirs', async () => {
  const [down, up] = [await addTarget('down'), await addTarget('up')];
  await down.stop();
  await addEvents([1]);
  await openDispatcher().dispatch();
  const { received } = await receiveQueued();
  expect(received.map(({ message }) => message)).toMatchObject([{ kind: 'delivery', target: 'down' }]);
  expect(up.eventIds()).toEqual([eventIdOf(1)]);
});

test.each([301, 307, 400, 401, 404, 429, 500, 503])(
  'a message that gets %i is retried, and a redirect is not followed',
  async (code) => {
    const elsewhere = await startUnlistedTarget();
    const hooks = await addTarget('audit');
    hooks.respondWith(status(code, { location: elsewhere.url }));
    await addEvents([1]);
    const dispatcher = openDispatcher();
    await dispatcher.dispatch();
    const { received } = await receiveQueued();
    expect(await deliverAll(dispatcher, received)).toEqual([{ retryDelaySeconds: 30 }]);
    expect(hooks.requests).toHaveLength(2);
    expect(elsewhere.requests).toEqual([]);
  },
);

test.each([200, 201, 202, 204, 299])('a message that gets %i is delivered', async (code) => {
  (await addTarget('audit')).respondWith(status(code));
  await addEvents([1]);
  await openDispatcher().dispatch();
  expect((await receiveQueued()).received).toEqual([]);
});

test('a message is dropped when the target returns 410 or is no longer configured', async () => {
  const hooks = await addTarget('audit');
  hooks.respondWith(status(410));
  await addEvents([1]);
  const dispatcher = openDispatcher();
  await dispatcher.dispatch();
  expect(await outboxEventIds()).toEqual([]);
  expect((await receiveQueued()).received).toEqual([]);

  const delivery = { kind: 'delivery', target: 'audit', messageId: 'msg_1', body: '{}' } as const;
  expect(await dispatcher.deliver(delivery, 1)).toBe('gone');
  expect(hooks.requests).toHaveLength(2);
  fixture.targets.clear();
  expect(await dispatcher.deliver(delivery, 1)).toBe('gone');
  expect(hooks.requests).toHaveLength(2);
});

test('delays grow with each attempt, and are never shorter than Retry-After', async () => {
  const hooks = await addTarget('audit');
  const delivery = { kind: 'delivery', target: 'audit', messageId: 'msg_1', body: '{}' } as const;
  const delays = async () => {
    const results = await Promise.all(numbers(1, 11).map((count) => openDispatcher().deliver(delivery, count)));
    return results.map((result) => (typeof result === 'object' ? result.retryDelaySeconds : result));
  };
  hooks.respondWith(status(500));
  expect(await delays()).toEqual([30, 120, 600, 1800, 3600, 7200, 18000, 36000, 36000, 36000, 36000]);
  hooks.respondWith(status(429, { 'retry-after': '3000' }));
  expect(await delays()).toEqual([3000, 3000, 3000, 3000, 3600, 7200, 18000, 36000, 36000, 36000, 36000]);
});

test('a Retry-After of the first attempt sets the delay of the queued message, up to 900 s', async () => {
  const hooks = await addTarget('audit');
  hooks.respondWith(status(503, { 'retry-after': '60' }));
  await addEvents([1]);
  await openDispatcher().dispatch();
  expect((await receiveQueued()).delaySeconds).toBe(60);
  hooks.respondWith(status(503, { 'retry-after': '3600' }));
  await addEvents([2]);
  const send = jest.spyOn(fixture.engine.queue, 'send');
  await openDispatcher().dispatch();
  expect(send.mock.calls.map(([, delaySeconds]) => delaySeconds)).toEqual([900]);
});

test.each([43_000, 43_200, 99_999])(
  'a Retry-After of %i s is limited to 43,000 s, the maximum of the queue',
  async (retryAfterSeconds) => {
    await addTarget('audit');
    const dispatcher = openDispatcher({ post: async () => ({ status: 503, retryAfterSeconds }) });
    const delivery = { kind: 'delivery', target: 'audit', messageId: 'msg_1', body: '{}' } as const;
    expect(await dispatcher.deliver(delivery, 1)).toEqual({ retryDelaySeconds: 43_000 });
  },
);

test('a target on this machine gets no connection without allow_private', async () => {
  const hooks = await addTarget('audit', { isPrivateAllowed: false });
  await addEvents([1]);
  await openDispatcher().dispatch();
  expect(hooks.requests).toEqual([]);
  expect((await receiveQueued()).received).toHaveLength(1);
});

test('the log has the result of each attempt, and nothing of body, query or secret', async () => {
  const lines: unknown[][] = [];
  for (const level of ['info', 'warn', 'error'] as const) {
    jest.spyOn(logger, level).mockImplementation((...args) => void lines.push([level, ...args]));
  }
  const hooks = await addTarget('audit');
  await addEvents([1], { reason: 'known-to-few' });
  const dispatcher = openDispatcher();
  await dispatcher.dispatch();
  const delivery = { kind: 'delivery', target: 'audit', messageId: 'msg_1', body: 'known-to-few' } as const;
  hooks.respondWith(status(503));
  await dispatcher.deliver(delivery, 3);
  hooks.respondWith(status(410));
  await dispatcher.deliver(delivery, 4);
  await hooks.stop();
  await dispatcher.deliver(delivery, 5);
  fixture.targets.clear();
  await dispatcher.deliver(delivery, 6);
  const fields = { target: 'audit', message_id: 'msg_1' };
  expect(lines).toEqual([
    ['info', 'delivery', { ...fields, message_id: hooks.requests[0]?.id, attempt: 1, status: 204 }],
    ['warn', 'delivery', { ...fields, attempt: 4, status: 503 }],
    ['warn', 'delivery', { ...fields, attempt: 5, status: 410 }],
    ['warn', 'delivery', { ...fields, attempt: 6, failure: 'unsent', cause: 'no response: unsent: ECONNREFUSED' }],
    ['warn', 'delivery', { ...fields, attempt: 6, failure: 'no such target' }],
  ]);
  expect(JSON.stringify(lines)).not.toMatch(/known-to-few|in-the-query|whsec_|127\.0\.0\.1/);
});
