/** SQLite only: jobs, outbox and queue with a clock that the test sets, after crashes, and from two processes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Message, ReceivedMessage } from '../../../lib/queue/queue.ts';
import type { SqliteQueue } from '../../../lib/store/sqlite/queue.ts';
import { openSqlite } from '../../../lib/store/sqlite/sqlite.ts';
import type { Store } from '../../../lib/store/store.ts';
import { commitAll, createKey, NOW_MS, numbers, PROJECT, testKey } from '../../contract/fixtures.ts';
import { testJob } from '../../contract/jobs.ts';

const DAY_MS = 86_400_000;
const JOB: Message = { kind: 'job', jobId: '1' };
const OUTBOX: Message = { kind: 'outbox' };

let folder: string;
let stores: Store[];
let nowMs: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  stores = [];
  nowMs = NOW_MS;
});
afterEach(async () => {
  for (const store of stores) await store.close();
  rmSync(folder, { recursive: true });
});

function open(hasOutbox = true): { store: Store; queue: SqliteQueue } {
  const database = openSqlite(join(folder, 'store.db'), { hasOutbox, now: () => nowMs });
  stores.push(database.store);
  return database;
}

async function receiveOne(queue: SqliteQueue): Promise<ReceivedMessage> {
  const [received] = await queue.receive(1);
  if (!received) throw new Error('no message is due');
  return received;
}

describe('the queue', () => {
  test('the queue delivers a received message again after 120 seconds and not earlier', async () => {
    const { queue } = open();
    await queue.send(JOB);
    await receiveOne(queue);
    nowMs += 119_999;
    expect(await queue.receive(1)).toEqual([]);
    nowMs += 1;
    expect(await queue.receive(1)).toMatchObject([{ message: JOB, receiveCount: 2 }]);
    expect(await queue.receive(1)).toEqual([]);
  });

  test('the queue delivers a delayed message after its delay and not earlier', async () => {
    const { queue } = open();
    await queue.send(JOB, 900);
    await queue.send(OUTBOX);
    await queue.retryLater(await receiveOne(queue), 43_000);
    nowMs += 899_999;
    expect(await queue.receive(10)).toEqual([]);
    nowMs += 1;
    expect(await queue.receive(10)).toMatchObject([{ message: JOB, receiveCount: 1 }]);
    nowMs = NOW_MS + 42_999_999;
    expect(await queue.receive(10)).toMatchObject([{ message: JOB, receiveCount: 2 }]);
    nowMs += 1;
    expect(await queue.receive(10)).toMatchObject([{ message: OUTBOX, receiveCount: 2 }]);
  });

  test('the queue delivers the message that has been due longest first', async () => {
    const { queue } = open();
    await queue.send(JOB, 2);
    await queue.send(OUTBOX, 1);
    nowMs += 2000;
    expect((await queue.receive(10)).map(({ message }) => message)).toEqual([OUTBOX, JOB]);
  });

  test('each group of messages gets its share, however many messages another one has', async () => {
    const { queue } = open();
    const job = (source: string, n: number): Message => ({ kind: 'job', jobId: `${source}-${n}`, source });
    for (const n of numbers(1, 9)) await queue.send(job('okta', n));
    nowMs += 1;
    for (const n of numbers(1, 2)) await queue.send(job('hr', n));
    await queue.send({ kind: 'delivery', target: 'siem', messageId: 'm', body: '' });
    const namesOf = (received: readonly ReceivedMessage[]) =>
      received.map(({ message }) => ('jobId' in message ? message.jobId : message.kind));
    expect(namesOf(await queue.receive(5))).toEqual(['okta-1', 'delivery', 'hr-1', 'okta-2', 'hr-2']);
    expect(namesOf(await queue.receive(10, 4))).toEqual(['okta-3', 'okta-4']);
    expect(await queue.receive(10, 4)).toEqual([]);
    expect(queue.isShareExceeded(job('okta', 1))).toBe(false);
    await queue.send(job('hr', 3));
    // 4 messages of okta are in flight, and 2 of hr.
    expect(queue.isShareExceeded(job('okta', 1))).toBe(true);
    expect(queue.isShareExceeded(job('hr', 1))).toBe(false);
    expect(namesOf(await queue.receive(10, 4))).toEqual(['hr-3']);
    expect(namesOf(await queue.receive(10))).toEqual(['okta-5', 'okta-6', 'okta-7', 'okta-8', 'okta-9']);
  });

  test('an expired receipt handle does not delete or delay a message that was received again', async () => {
    const { queue } = open();
    await queue.send(JOB);
    const expired = await receiveOne(queue);
    nowMs += 120_000;
    const current = await receiveOne(queue);
    await queue.delete(expired);
    await queue.retryLater(expired, 0);
    expect(await queue.receive(1)).toEqual([]);
    await queue.delete(current);
    nowMs += DAY_MS;
    expect(await queue.receive(1)).toEqual([]);
  });

  test('an expired receipt handle still deletes a message that was not received again', async () => {
    const { queue } = open();
    await queue.send(JOB);
    const expired = await receiveOne(queue);
    nowMs += 120_000;
    await queue.delete(expired);
    expect(await queue.receive(1)).toEqual([]);
  });

  test('a receipt handle from before a redrive does not delete the redriven message', async () => {
    const { queue } = open();
    await queue.send(JOB);
    const first = await receiveOne(queue);
    for (const _ of numbers(1, 12)) {
      nowMs += 120_000;
      await queue.receive(1);
    }
    expect(await queue.listDeadLetters()).toEqual([JOB]);
    await queue.delete(first);
    expect(await queue.redriveDeadLetters()).toBe(1);
    const redriven = await receiveOne(queue);
    await queue.delete(first);
    await queue.retryLater(redriven, 0);
    expect(await receiveOne(queue)).toMatchObject({ message: JOB, receiveCount: 2 });
  });

  test('release makes the messages of a dead process due, but not messages that are to be retried later', async () => {
    const { queue, store } = open();
    for (const delaySeconds of [0, 60]) await queue.send(JOB, delaySeconds);
    await queue.send(OUTBOX);
    const [received, other] = await queue.receive(10);
    if (!received || !other) throw new Error('expected two messages');
    await queue.retryLater(other, 30);
    await store.close();
    const next = open().queue;
    expect(await next.receive(10)).toEqual([]);
    await next.release();
    expect(await next.receive(10)).toMatchObject([{ message: received.message, receiveCount: 2 }]);
    nowMs += 30_000;
    expect(await next.receive(10)).toMatchObject([{ message: other.message, receiveCount: 2 }]);
  });

  test('nextDueAtMs is the time when the next message is due', async () => {
    const { queue } = open();
    expect(queue.nextDueAtMs()).toBeUndefined();
    await queue.send(JOB, 60);
    expect(queue.nextDueAtMs()).toBe(NOW_MS + 60_000);
    await queue.send(OUTBOX, 30);
    expect(queue.nextDueAtMs()).toBe(NOW_MS + 30_000);
    nowMs += 30_000;
    const received = await receiveOne(queue);
    expect(queue.nextDueAtMs()).toBe(NOW_MS + 60_000);
    await queue.delete(received);
    nowMs += 30_000;
    await queue.delete(await receiveOne(queue));
    expect(queue.nextDueAtMs()).toBeUndefined();
  });

  test('onSend listeners are called when a message becomes available, and not when one is received or deleted', async () => {
    const { queue } = open();
    const dueTimes: (number | undefined)[] = [];
    queue.onSend(() => dueTimes.push(queue.nextDueAtMs()));
    await queue.send(JOB);
    expect(dueTimes).toEqual([NOW_MS]);
    const received = await receiveOne(queue);
    expect(dueTimes).toHaveLength(1);
    await queue.retryLater(received, 5);
    expect(dueTimes).toEqual([NOW_MS, NOW_MS + 5000]);
    nowMs += 5000;
    await queue.delete(await receiveOne(queue));
    expect(dueTimes).toHaveLength(2);
  });

  test('two connections to one file deliver each message once', async () => {
    const [first, second] = [open().queue, open().queue];
    await Promise.all(numbers(1, 40).map((n) => (n % 2 ? first : second).send({ kind: 'job', jobId: String(n) })));
    const received = await Promise.all([first, second, first, second].map((queue) => queue.receive(10)));
    const ids = received.flat().map(({ message }) => (message.kind === 'job' ? Number(message.jobId) : 0));
    expect(ids.toSorted((a, b) => a - b)).toEqual(numbers(1, 40));
  });

  test('sent messages are still in the queue after the file is opened again', async () => {
    const { queue, store } = open();
    await queue.send(JOB);
    await store.close();
    expect(await open().queue.receive(1)).toMatchObject([{ message: JOB, receiveCount: 1 }]);
    await expect(queue.send(JOB)).rejects.toThrow('the store is closed');
  });
});

describe('jobs', () => {
  test('adding a job deletes a few jobs that ended 90 days ago, and no open job', async () => {
    const { jobs } = open().store;
    for (const n of numbers(1, 6)) await jobs.add(testJob(n, { state: 'done', dueAtMs: NOW_MS }));
    await jobs.add(testJob(7, { dueAtMs: NOW_MS }));
    const ids = async () => (await jobs.list(100)).map(({ jobId }) => Number.parseInt(jobId, 16));
    await jobs.add(testJob(8, { receivedAtMs: NOW_MS + 90 * DAY_MS - 1 }));
    expect(await ids()).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
    await jobs.add(testJob(9, { receivedAtMs: NOW_MS + 90 * DAY_MS }));
    expect(await ids()).toHaveLength(5);
    await jobs.add(testJob(10, { receivedAtMs: NOW_MS + 90 * DAY_MS }));
    expect((await ids()).toSorted((a, b) => a - b)).toEqual([7, 8, 9, 10]);
  });
});

describe('the outbox', () => {
  test('the outbox is in the order of the commits, even if the clock went back', async () => {
    const { store } = open();
    for (const n of [3, 1, 2]) await commitAll(store, [createKey(testKey(n))], { atMs: NOW_MS + n });
    expect((await store.outbox.list(10)).map(({ atMs }) => atMs - NOW_MS)).toEqual([3, 1, 2]);
  });

  test('a file that is opened without an outbox keeps its outbox entries and gets no new ones', async () => {
    const { store } = open();
    await commitAll(store, [createKey(testKey(1))]);
    await store.close();
    const { store: without } = open(false);
    await commitAll(without, [createKey(testKey(2))]);
    expect(await without.outbox.list(10)).toHaveLength(1);
    expect(await without.events.list(PROJECT, {}, 10)).toHaveLength(2);
  });
});
