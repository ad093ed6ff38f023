/** From the outbox to the targets and the queue, over real servers; `standardwebhooks` checks what they are sent. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { logger } from '../../../lib/logger.ts';
import type { Target } from '../../../lib/webhooks/outbound/targets.ts';
import { type Arrived, status } from './fake-target.ts';
import {
  change,
  deliverAll,
  idOf,
  inOutbox,
  many,
  nextWorld,
  queued,
  SECRETS,
  sender,
  target,
  unknownTarget,
  world,
} from './fixture.ts';

afterEach(async () => {
  jest.restoreAllMocks();
  await nextWorld();
});

test('what has changed arrives in its wire form, signed, and leaves the outbox', async () => {
  const hooks = await target('audit');
  const grant = {
    key_id: 'k1',
    grant_id: 'a'.repeat(64),
    grantee_principal: 'u2',
    grantee_principal_type: 'user',
    operations: ['encrypt-data'],
    issuing_principal: 'u1',
    creation_date: '1790000000000',
  } as const;
  await change([1], { grant, reason: 'left', sequence: 's1' });
  await change([2], { grantId: 'b'.repeat(64), upstreamRequestId: 'up2' });
  await sender().dispatch();
  expect(hooks.arrived).toHaveLength(1);
  const { id, headers, body, payload } = hooks.arrived[0] as Arrived;
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
    String(Math.floor(world.nowMs / 1000)),
  ]);
  expect(await inOutbox()).toEqual([]);
  expect((await queued()).taken).toEqual([]);
});

test('each target is told of its projects only, in messages of at most 100, in order', async () => {
  const [all, one] = [await target('all'), await target('one', { projectIds: ['p2'] })];
  const first = await change(many(1, 610));
  const second = await change(many(611, 620), { projectId: 'p2' });
  await sender().dispatch();
  expect(all.eventIds()).toEqual([...first, ...second]);
  expect(all.arrived).toHaveLength(7);
  expect(one.eventIds()).toEqual(second);
  expect(new Set([...all.arrived, ...one.arrived].map(({ id }) => id)).size).toBe(8);
  expect(await inOutbox()).toEqual([]);
});

test('where nobody is to be told, the outbox is emptied', async () => {
  await change([1, 2]);
  await sender().dispatch();
  expect(await inOutbox()).toEqual([]);
});

test('a target that is down gets its message once it is up: the same id, the time of the try, the secrets of now', async () => {
  const hooks = await target('audit');
  hooks.answer(status(503));
  const ids = await change([1, 2]);
  const process = sender();
  await process.dispatch();
  expect(await inOutbox()).toEqual([]);
  const { waitSeconds, taken } = await queued();
  expect([waitSeconds, taken.length]).toEqual([5, 1]);

  world.nowMs += 5_000;
  hooks.answer(status(200));
  // Only now it signs with the secret that the target knows, besides another.
  world.targets.set('audit', { ...(world.targets.get('audit') as Target), secrets: [SECRETS[1], SECRETS[0]] });
  expect(await deliverAll(process, taken)).toEqual(['done']);
  const [before, after] = hooks.arrived;
  expect(after?.payload).toEqual(before?.payload);
  expect(after).toMatchObject({ id: before?.id, body: before?.body });
  expect(Number(after?.headers['webhook-timestamp']) - Number(before?.headers['webhook-timestamp'])).toBe(5);
  expect(String(after?.headers['webhook-signature']).split(' ')).toHaveLength(2);
  expect(hooks.eventIds()).toEqual([...ids, ...ids]);
});

test('nobody listens: on the queue, and the other target has it', async () => {
  const [down, up] = [await target('down'), await target('up')];
  await down.stop();
  await change([1]);
  await sender().dispatch();
  const { taken } = await queued();
  expect(taken.map(({ message }) => message)).toMatchObject([{ kind: 'delivery', target: 'down' }]);
  expect(up.eventIds()).toEqual([idOf(1)]);
});

test.each([301, 307, 400, 401, 404, 429, 500, 503])('an answer of %i is a failure: it is tried again', async (code) => {
  const elsewhere = await unknownTarget();
  const hooks = await target('audit');
  hooks.answer(status(code, { location: elsewhere.url }));
  await change([1]);
  const process = sender();
  await process.dispatch();
  const { taken } = await queued();
  expect(await deliverAll(process, taken)).toEqual([{ retryDelaySeconds: 30 }]);
  expect(hooks.arrived).toHaveLength(2);
  expect(elsewhere.arrived).toEqual([]);
});

test.each([200, 201, 202, 204, 299])('an answer of %i is a success', async (code) => {
  (await target('audit')).answer(status(code));
  await change([1]);
  await sender().dispatch();
  expect((await queued()).taken).toEqual([]);
});

test('a target that says 410, or that is no longer there, gets no more of that message', async () => {
  const hooks = await target('audit');
  hooks.answer(status(410));
  await change([1]);
  const process = sender();
  await process.dispatch();
  expect(await inOutbox()).toEqual([]);
  expect((await queued()).taken).toEqual([]);

  const delivery = { kind: 'delivery', target: 'audit', messageId: 'msg_1', body: '{}' } as const;
  expect(await process.deliver(delivery, 1)).toBe('gone');
  expect(hooks.arrived).toHaveLength(2);
  world.targets.clear();
  expect(await process.deliver(delivery, 1)).toBe('gone');
  expect(hooks.arrived).toHaveLength(2);
});

test('each pause is longer, and never shorter than the target asks for', async () => {
  const hooks = await target('audit');
  const delivery = { kind: 'delivery', target: 'audit', messageId: 'msg_1', body: '{}' } as const;
  const pauses = async () => {
    const ends = await Promise.all(many(1, 11).map((taken) => sender().deliver(delivery, taken)));
    return ends.map((end) => (typeof end === 'object' ? end.retryDelaySeconds : end));
  };
  hooks.answer(status(500));
  expect(await pauses()).toEqual([30, 120, 600, 1800, 3600, 7200, 18000, 36000, 36000, 36000, 36000]);
  hooks.answer(status(429, { 'retry-after': '3000' }));
  expect(await pauses()).toEqual([3000, 3000, 3000, 3000, 3600, 7200, 18000, 36000, 36000, 36000, 36000]);
});

test('what the target asks for at the first try counts too, as long as the queue can wait', async () => {
  const hooks = await target('audit');
  hooks.answer(status(503, { 'retry-after': '60' }));
  await change([1]);
  await sender().dispatch();
  expect((await queued()).waitSeconds).toBe(60);
  hooks.answer(status(503, { 'retry-after': '3600' }));
  await change([2]);
  const send = jest.spyOn(world.engine.queue, 'send');
  await sender().dispatch();
  expect(send.mock.calls.map(([, delaySeconds]) => delaySeconds)).toEqual([900]);
});

test.each([43_000, 43_200, 99_999])(
  'asked to wait %i s, it waits as long as the queue can',
  async (retryAfterSeconds) => {
    await target('audit');
    const process = sender({ post: async () => ({ status: 503, retryAfterSeconds }) });
    const delivery = { kind: 'delivery', target: 'audit', messageId: 'msg_1', body: '{}' } as const;
    expect(await process.deliver(delivery, 1)).toEqual({ retryDelaySeconds: 43_000 });
  },
);

test('where only public addresses are allowed, a target on this machine is not connected to', async () => {
  const hooks = await target('audit', { isPrivateAllowed: false });
  await change([1]);
  await sender().dispatch();
  expect(hooks.arrived).toEqual([]);
  expect((await queued()).taken).toHaveLength(1);
});

test('the log tells how each try ended, and nothing of the body, the query or the secret', async () => {
  const lines: unknown[][] = [];
  for (const level of ['info', 'warn', 'error'] as const) {
    jest.spyOn(logger, level).mockImplementation((...line) => void lines.push([level, ...line]));
  }
  const hooks = await target('audit');
  await change([1], { reason: 'known-to-few' });
  const process = sender();
  await process.dispatch();
  const delivery = { kind: 'delivery', target: 'audit', messageId: 'msg_1', body: 'known-to-few' } as const;
  hooks.answer(status(503));
  await process.deliver(delivery, 3);
  hooks.answer(status(410));
  await process.deliver(delivery, 4);
  await hooks.stop();
  await process.deliver(delivery, 5);
  world.targets.clear();
  await process.deliver(delivery, 6);
  const of = { target: 'audit', message_id: 'msg_1' };
  expect(lines).toEqual([
    ['info', 'delivery', { ...of, message_id: hooks.arrived[0]?.id, attempt: 1, status: 204 }],
    ['warn', 'delivery', { ...of, attempt: 4, status: 503 }],
    ['warn', 'delivery', { ...of, attempt: 5, status: 410 }],
    ['warn', 'delivery', { ...of, attempt: 6, failure: 'unsent', cause: 'no response: unsent: ECONNREFUSED' }],
    ['warn', 'delivery', { ...of, attempt: 6, failure: 'no such target' }],
  ]);
  expect(JSON.stringify(lines)).not.toMatch(/known-to-few|in-the-query|whsec_|127\.0\.0\.1/);
});
