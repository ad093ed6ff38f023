import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { type ChatRequest, chatRequests } from '../../lib/chat/requests.ts';
import type { Message, ReceivedMessage } from '../../lib/queue/queue.ts';
import type { Services } from '../../lib/services.ts';
import { messageProcessor } from '../../lib/webhooks/process-message.ts';
import { startWorker } from '../../local/worker.ts';
import { waitFor } from './fixture.ts';
import { type FakeTarget, startFakeTarget, status } from './outbound/fake-target.ts';
import { addEvents, fixture, outboxEventIds, resetFixture, SECRETS } from './outbound/fixture.ts';

const isPastDeadline = () => false;
let folder: string;
let path: string;
let target: FakeTarget;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kms-grants-work-'));
  path = join(folder, 'targets.json');
  target = await startFakeTarget(SECRETS[0]);
  writeFileSync(path, JSON.stringify({ cache: { url: target.url, secrets: [SECRETS[0]], allow_private: true } }));
});
beforeEach(() => {
  target.respondWith(status(204));
});
afterEach(resetFixture);
afterAll(async () => {
  await target.stop();
  await fixture.engine.store.close();
  rmSync(folder, { recursive: true });
});

function services(): Services {
  const { store, queue } = fixture.engine;
  const used = { config: { targets: { kind: 'file', path } }, store, queue, now: () => fixture.nowMs };
  return used as unknown as Services;
}

const processor = () => messageProcessor(services());

async function sendAndReceive(message: Message): Promise<ReceivedMessage> {
  await fixture.engine.queue.send(message);
  const [received] = await fixture.engine.queue.receive(1);
  if (!received) throw new Error('the queue is empty');
  return received;
}

test('an outbox message is done once the events are delivered', async () => {
  await addEvents([1]);
  target.requests.length = 0;
  expect(await processor().process(await sendAndReceive({ kind: 'outbox' }), isPastDeadline)).toBe(true);
  expect(target.requests).toHaveLength(1);
  expect(await outboxEventIds()).toEqual([]);
});

test('a failed delivery is retried with the same message after its delay; a successful one is done', async () => {
  const delivery = { kind: 'delivery', target: 'cache', messageId: 'msg_1', body: '{}' } as const;
  target.respondWith(status(503));
  expect(await processor().process(await sendAndReceive(delivery), isPastDeadline)).toBe(false);
  // The second wait of docs/webhooks/outbound.md: the first one is over before a message is queued.
  expect(fixture.engine.queue.nextDueAtMs()).toBe(fixture.nowMs + 30_000);
  fixture.nowMs += 30_000;
  target.respondWith(status(204));
  const [retried] = await fixture.engine.queue.receive(1);
  expect(retried).toMatchObject({ message: delivery, receiveCount: 2 });
  expect(retried && (await processor().process(retried, isPastDeadline))).toBe(true);
});

test('a message about a chat request that is still open is sent again for the time when it expires', async () => {
  const { store, queue } = fixture.engine;
  const createdAtMs = fixture.nowMs;
  const request = { requestId: '0123456789abcdef0123456789abcdef', state: 'previewed', place: {}, revision: 0 };
  const requests = chatRequests(store.idempotency, () => fixture.nowMs);
  await requests.add({ ...request, createdAtMs, expiresAtMs: createdAtMs + 60_000 } as ChatRequest);
  const message = { kind: 'chat', requestId: request.requestId } as const;
  const received = await sendAndReceive(message);
  expect(await processor().process(received, isPastDeadline)).toBe(true);
  await queue.delete(received);
  expect(queue.nextDueAtMs()).toBe(fixture.nowMs + 60_000);
});

test('a message about an unknown chat request is done', async () => {
  const received = await sendAndReceive({ kind: 'chat', requestId: '0'.repeat(32) });
  expect(await processor().process(received, isPastDeadline)).toBe(true);
});

test('a change that another process makes is delivered within 5 s on one machine', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'clearTimeout', 'performance', 'Date'] });
  const worker = await startWorker(services());
  try {
    target.requests.length = 0;
    await addEvents([1]);
    jest.advanceTimersByTime(5_000);
    await waitFor('an empty outbox', async () => ((await outboxEventIds()).length === 0 ? true : undefined));
    expect(target.requests).toHaveLength(1);
  } finally {
    jest.useRealTimers();
    await worker.stop();
  }
});
