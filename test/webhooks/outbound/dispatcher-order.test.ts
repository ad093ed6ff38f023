/** Crashes, targets that hang, and calls at once: nothing is lost, nothing comes out of order, and nobody waits for another. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { postWebhook } from '../../../lib/webhooks/outbound/post.ts';
import { status } from './fake-target.ts';
import {
  change,
  deliverAll,
  hanging,
  idOf,
  inOutbox,
  many,
  nextWorld,
  queued,
  sender,
  target,
  world,
} from './fixture.ts';

afterEach(async () => {
  jest.restoreAllMocks();
  await nextWorld();
});

test('an event that was sent but is still in the outbox after a crash is sent again as the same message', async () => {
  const [hooks, down] = [await target('audit'), await target('down')];
  down.answer(status(500));
  await change([1, 2, 3]);
  const remove = jest.spyOn(world.engine.store.outbox, 'remove').mockRejectedValue(new Error('killed'));
  await expect(sender().dispatch()).rejects.toThrow('killed');
  expect(await inOutbox()).toHaveLength(3);
  remove.mockRestore();
  world.nowMs += 1_000;
  await sender().dispatch();
  for (const { arrived } of [hooks, down]) {
    expect(arrived).toHaveLength(2);
    expect(arrived[1]).toMatchObject({ id: arrived[0]?.id, body: arrived[0]?.body });
  }
  expect(hooks.arrived[0]?.id).not.toBe(down.arrived[0]?.id);
  expect(await inOutbox()).toEqual([]);
});

test('what can neither be delivered nor queued stays in the outbox, and is tried once a call', async () => {
  const [hooks, up] = [await target('audit'), await target('up')];
  hooks.answer(status(500));
  await change([1]);
  const send = jest.spyOn(world.engine.queue, 'send').mockRejectedValue(new Error('no queue'));
  const process = sender();
  await expect(process.dispatch()).rejects.toThrow('no queue');
  expect([await inOutbox(), hooks.arrived.length, up.arrived.length]).toEqual([[idOf(1)], 1, 1]);
  send.mockRestore();
  await process.dispatch();
  expect([await inOutbox(), (await queued()).taken.length]).toEqual([[], 1]);
});

test('after a failure the outbox is not read on in the same call', async () => {
  const hooks = await target('audit');
  hooks.answer(status(500));
  await change(many(1, 600));
  const failed = Promise.withResolvers<void>();
  jest.spyOn(world.engine.queue, 'send').mockImplementation(async () => {
    setImmediate(failed.resolve);
    throw new Error('no queue');
  });
  const read = world.engine.store.outbox.list;
  const list = jest.spyOn(world.engine.store.outbox, 'list').mockImplementation(async (limit) => {
    if (limit > 500) await failed.promise;
    if (list.mock.calls.length > 10) throw new Error('read over and over');
    return read(limit);
  });
  await expect(sender().dispatch()).rejects.toThrow('no queue');
  expect(list.mock.calls.map(([limit]) => limit)).toEqual([500, 1000]);
});

test('a failure of one target does not have another told twice by a call that comes meanwhile', async () => {
  const { server: slow, letGo } = await hanging('slow');
  (await target('bad')).answer(status(500));
  await change([1]);
  const failed = Promise.withResolvers<void>();
  jest.spyOn(world.engine.queue, 'send').mockImplementation(async () => {
    setImmediate(failed.resolve);
    throw new Error('no queue');
  });
  const process = sender();
  const first = process.dispatch();
  await Promise.all([slow.arrivals(1), failed.promise]);
  let hasEnded = false;
  first.catch(() => {
    hasEnded = true;
  });
  const calls = Promise.allSettled([first, process.dispatch()]);
  // The second has looked by then, and the first still waits for the slow one.
  await new Promise(setImmediate);
  expect(hasEnded).toBe(false);
  letGo();
  expect((await calls).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(slow.arrived).toHaveLength(1);
});

test('settings that cannot be read leave all in the outbox', async () => {
  await change([1]);
  const targets = async () => Promise.reject(new Error('half-written'));
  await expect(sender({ targets }).dispatch()).rejects.toThrow('half-written');
  expect(await inOutbox()).toEqual([idOf(1)]);
});

test('once they can be read again, the next call tells all', async () => {
  const { arrived } = await target('cache');
  const [id] = await change([1]);
  const targets = jest.fn(async () => world.targets).mockRejectedValueOnce(new Error('half-written'));
  const { dispatch } = sender({ targets });
  await expect(dispatch()).rejects.toThrow('half-written');
  await dispatch();
  expect(arrived.map(({ payload }) => payload)).toMatchObject([{ data: { events: [{ event_id: id }] } }]);
  expect(await inOutbox()).toEqual([]);
});

test('a target that hangs holds nobody up, and gets all in order when it goes on', async () => {
  const { server: slow, letGo } = await hanging('slow');
  const good = await target('good');
  const ids = await change(many(1, 1_250));
  const dispatched = sender().dispatch();
  // 500 + 500 + 250 events, in messages of 100.
  await good.arrivals(13);
  expect([good.eventIds(), slow.arrived.length]).toEqual([ids, 1]);
  expect(await inOutbox()).toHaveLength(1_250);
  letGo();
  await dispatched;
  expect(slow.eventIds()).toEqual(ids);
  expect(good.arrived).toHaveLength(13);
  expect(await inOutbox()).toEqual([]);
});

test('once a target has hung, the rest goes on the queue untried, until it has answered again or a minute is over', async () => {
  const { server: slow, letGo } = await hanging('slow');
  await change(many(1, 250));
  const process = sender({ post: (webhook) => postWebhook(webhook, { timeoutMs: 300 }) });
  await process.dispatch();
  const { waitSeconds, taken } = await queued();
  expect([waitSeconds, taken.length, slow.arrived.length]).toEqual([5, 3, 1]);
  expect(await inOutbox()).toEqual([]);

  await change([251]);
  await process.dispatch();
  expect([slow.arrived.length, (await queued()).taken.length]).toEqual([1, 1]);
  world.nowMs += 60_000;
  await change([252]);
  await process.dispatch();
  expect([slow.arrived.length, (await queued()).taken.length]).toEqual([2, 1]);

  letGo();
  expect(await deliverAll(process, taken)).toEqual(['done', 'done', 'done']);
  expect(slow.eventIds().slice(-250)).toEqual(many(1, 250).map(idOf));
  await change([253]);
  await process.dispatch();
  expect(slow.eventIds().at(-1)).toBe(idOf(253));
});

test('a target that asks for more than a minute of rest has it', async () => {
  const hooks = await target('audit');
  hooks.answer(status(503, { 'retry-after': '600' }));
  const process = sender();
  for (const [place, waitedSeconds, arrived] of [
    [1, 0, 1],
    [2, 599, 1],
    [3, 1, 2],
  ] as const) {
    world.nowMs += waitedSeconds * 1000;
    await change([place]);
    await process.dispatch();
    expect(hooks.arrived).toHaveLength(arrived);
  }
});

test('a call while another runs tells what is new and nothing twice', async () => {
  const { server: slow, letGo } = await hanging('slow');
  const good = await target('good');
  const first = await change([1, 2]);
  const process = sender();
  const calls = [process.dispatch(), process.dispatch()];
  await Promise.all([good.arrivals(1), slow.arrivals(1)]);
  const second = await change([3]);
  calls.push(process.dispatch(), process.dispatch());
  await good.arrivals(2);
  let hasEnded = false;
  calls.push(
    process.dispatch().finally(() => {
      hasEnded = true;
    }),
  );
  await new Promise(setImmediate);
  // There was nothing new for it, but not all is told.
  expect([slow.arrived.length, hasEnded]).toEqual([1, false]);
  letGo();
  await Promise.all(calls);
  for (const server of [good, slow]) expect(server.eventIds()).toEqual([...first, ...second]);
  expect(await inOutbox()).toEqual([]);
});

test('however long a target hangs, only so much is read ahead for the others', async () => {
  const { letGo } = await hanging('slow');
  const good = await target('good');
  await change(many(1, 2_700));
  const list = jest.spyOn(world.engine.store.outbox, 'list');
  const dispatched = sender().dispatch();
  await good.arrivals(20);
  expect(list.mock.calls.map(([limit]) => limit)).toEqual([500, 1000, 1500, 2000]);
  letGo();
  await dispatched;
  expect(good.eventIds()).toEqual(many(1, 2_700).map(idOf));
  expect(await inOutbox()).toEqual([]);
});
