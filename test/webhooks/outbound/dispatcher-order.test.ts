/**
 * lib/webhooks/outbound/dispatcher.ts with failures, hanging targets and concurrent calls: no loss, and order per
 * target.
 */
import { afterEach, expect, jest, test } from '@jest/globals';
import { postWebhook } from '../../../lib/webhooks/outbound/post.ts';
import { status } from './fake-target.ts';
import {
  addEvents,
  addHangingTarget,
  addTarget,
  deliverAll,
  eventIdOf,
  fixture,
  numbers,
  openDispatcher,
  outboxEventIds,
  receiveQueued,
  resetFixture,
} from './fixture.ts';

afterEach(async () => {
  jest.restoreAllMocks();
  await resetFixture();
});

test('events that are still in the outbox after a crash are sent again with the same message id and body', async () => {
  const [hooks, down] = [await addTarget('audit'), await addTarget('down')];
  down.respondWith(status(500));
  await addEvents([1, 2, 3]);
  const remove = jest.spyOn(fixture.engine.store.outbox, 'remove').mockRejectedValue(new Error('killed'));
  await expect(openDispatcher().dispatch()).rejects.toThrow('killed');
  expect(await outboxEventIds()).toHaveLength(3);
  remove.mockRestore();
  fixture.nowMs += 1_000;
  await openDispatcher().dispatch();
  for (const { requests } of [hooks, down]) {
    expect(requests).toHaveLength(2);
    expect(requests[1]).toMatchObject({ id: requests[0]?.id, body: requests[0]?.body });
  }
  expect(hooks.requests[0]?.id).not.toBe(down.requests[0]?.id);
  expect(await outboxEventIds()).toEqual([]);
});

test('an event that can be neither delivered nor queued stays in the outbox, and each call makes one attempt', async () => {
  const [hooks, up] = [await addTarget('audit'), await addTarget('up')];
  hooks.respondWith(status(500));
  await addEvents([1]);
  const send = jest.spyOn(fixture.engine.queue, 'send').mockRejectedValue(new Error('no queue'));
  const dispatcher = openDispatcher();
  await expect(dispatcher.dispatch()).rejects.toThrow('no queue');
  expect([await outboxEventIds(), hooks.requests.length, up.requests.length]).toEqual([[eventIdOf(1)], 1, 1]);
  send.mockRestore();
  await dispatcher.dispatch();
  expect([await outboxEventIds(), (await receiveQueued()).received.length]).toEqual([[], 1]);
});

test('after a failure, the same call does not read more of the outbox', async () => {
  const hooks = await addTarget('audit');
  hooks.respondWith(status(500));
  await addEvents(numbers(1, 600));
  const failed = Promise.withResolvers<void>();
  jest.spyOn(fixture.engine.queue, 'send').mockImplementation(async () => {
    setImmediate(failed.resolve);
    throw new Error('no queue');
  });
  const read = fixture.engine.store.outbox.list;
  const list = jest.spyOn(fixture.engine.store.outbox, 'list').mockImplementation(async (limit) => {
    if (limit > 500) await failed.promise;
    if (list.mock.calls.length > 10) throw new Error('read repeatedly');
    return read(limit);
  });
  await expect(openDispatcher().dispatch()).rejects.toThrow('no queue');
  expect(list.mock.calls.map(([limit]) => limit)).toEqual([500, 1000]);
});

test('a failure of one target does not make a concurrent call send to another target twice', async () => {
  const { target: slow, release } = await addHangingTarget('slow');
  (await addTarget('bad')).respondWith(status(500));
  await addEvents([1]);
  const failed = Promise.withResolvers<void>();
  jest.spyOn(fixture.engine.queue, 'send').mockImplementation(async () => {
    setImmediate(failed.resolve);
    throw new Error('no queue');
  });
  const dispatcher = openDispatcher();
  const first = dispatcher.dispatch();
  await Promise.all([slow.waitForRequests(1), failed.promise]);
  let hasFailed = false;
  first.catch(() => {
    hasFailed = true;
  });
  const calls = Promise.allSettled([first, dispatcher.dispatch()]);
  // By now the second call has read the outbox, and the first one still waits for the slow target.
  await new Promise(setImmediate);
  expect(hasFailed).toBe(false);
  release();
  expect((await calls).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(slow.requests).toHaveLength(1);
});

test('events stay in the outbox when the targets cannot be read', async () => {
  await addEvents([1]);
  const targets = async () => Promise.reject(new Error('half-written'));
  await expect(openDispatcher({ targets }).dispatch()).rejects.toThrow('half-written');
  expect(await outboxEventIds()).toEqual([eventIdOf(1)]);
});

test('after the targets could not be read, the next call reads them again and sends the events', async () => {
  const { requests } = await addTarget('cache');
  const [id] = await addEvents([1]);
  const targets = jest.fn(async () => fixture.targets).mockRejectedValueOnce(new Error('half-written'));
  const { dispatch } = openDispatcher({ targets });
  await expect(dispatch()).rejects.toThrow('half-written');
  await dispatch();
  expect(requests.map(({ payload }) => payload)).toMatchObject([{ data: { events: [{ event_id: id }] } }]);
  expect(await outboxEventIds()).toEqual([]);
});

test('a hanging target does not delay other targets, and gets all events in order once it responds', async () => {
  const { target: slow, release } = await addHangingTarget('slow');
  const good = await addTarget('good');
  const ids = await addEvents(numbers(1, 1_250));
  const dispatched = openDispatcher().dispatch();
  // 500 + 500 + 250 events, in messages of 100.
  await good.waitForRequests(13);
  expect([good.eventIds(), slow.requests.length]).toEqual([ids, 1]);
  expect(await outboxEventIds()).toHaveLength(1_250);
  release();
  await dispatched;
  expect(slow.eventIds()).toEqual(ids);
  expect(good.requests).toHaveLength(13);
  expect(await outboxEventIds()).toEqual([]);
});

test('after a timeout, events for the target go on the queue without an attempt for a minute or until it responds', async () => {
  const { target: slow, release } = await addHangingTarget('slow');
  await addEvents(numbers(1, 250));
  const dispatcher = openDispatcher({ post: (webhook) => postWebhook(webhook, { timeoutMs: 300 }) });
  await dispatcher.dispatch();
  const { delaySeconds, received } = await receiveQueued();
  expect([delaySeconds, received.length, slow.requests.length]).toEqual([5, 3, 1]);
  expect(await outboxEventIds()).toEqual([]);

  await addEvents([251]);
  await dispatcher.dispatch();
  expect([slow.requests.length, (await receiveQueued()).received.length]).toEqual([1, 1]);
  fixture.nowMs += 60_000;
  await addEvents([252]);
  await dispatcher.dispatch();
  expect([slow.requests.length, (await receiveQueued()).received.length]).toEqual([2, 1]);

  release();
  expect(await deliverAll(dispatcher, received)).toEqual(['done', 'done', 'done']);
  expect(slow.eventIds().slice(-250)).toEqual(numbers(1, 250).map(eventIdOf));
  await addEvents([253]);
  await dispatcher.dispatch();
  expect(slow.eventIds().at(-1)).toBe(eventIdOf(253));
});

test('a Retry-After of more than a minute is respected for new events too', async () => {
  const hooks = await addTarget('audit');
  hooks.respondWith(status(503, { 'retry-after': '600' }));
  const dispatcher = openDispatcher();
  for (const [n, waitedSeconds, requestCount] of [
    [1, 0, 1],
    [2, 599, 1],
    [3, 1, 2],
  ] as const) {
    fixture.nowMs += waitedSeconds * 1000;
    await addEvents([n]);
    await dispatcher.dispatch();
    expect(hooks.requests).toHaveLength(requestCount);
  }
});

test('concurrent calls send new events, and no event twice', async () => {
  const { target: slow, release } = await addHangingTarget('slow');
  const good = await addTarget('good');
  const first = await addEvents([1, 2]);
  const dispatcher = openDispatcher();
  const calls = [dispatcher.dispatch(), dispatcher.dispatch()];
  await Promise.all([good.waitForRequests(1), slow.waitForRequests(1)]);
  const second = await addEvents([3]);
  calls.push(dispatcher.dispatch(), dispatcher.dispatch());
  await good.waitForRequests(2);
  let hasEnded = false;
  calls.push(
    dispatcher.dispatch().finally(() => {
      hasEnded = true;
    }),
  );
  await new Promise(setImmediate);
  // It found no new events, but waits for those in flight.
  expect([slow.requests.length, hasEnded]).toEqual([1, false]);
  release();
  await Promise.all(calls);
  for (const server of [good, slow]) expect(server.eventIds()).toEqual([...first, ...second]);
  expect(await outboxEventIds()).toEqual([]);
});

test('while a target hangs, at most 2000 events are read ahead for the others', async () => {
  const { release } = await addHangingTarget('slow');
  const good = await addTarget('good');
  await addEvents(numbers(1, 2_700));
  const list = jest.spyOn(fixture.engine.store.outbox, 'list');
  const dispatched = openDispatcher().dispatch();
  await good.waitForRequests(20);
  expect(list.mock.calls.map(([limit]) => limit)).toEqual([500, 1000, 1500, 2000]);
  release();
  await dispatched;
  expect(good.eventIds()).toEqual(numbers(1, 2_700).map(eventIdOf));
  expect(await outboxEventIds()).toEqual([]);
});
