/** What is true of jobs, the outbox and the queue on SQLite alone: time by a clock of the test's, crashes, two processes. */
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
let opened: Store[];
let nowMs: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  opened = [];
  nowMs = NOW_MS;
});
afterEach(async () => {
  for (const store of opened) await store.close();
  rmSync(folder, { recursive: true });
});

function open(hasOutbox = true): { store: Store; queue: SqliteQueue } {
  const both = openSqlite(join(folder, 'store.db'), { hasOutbox, now: () => nowMs });
  opened.push(both.store);
  return both;
}

async function takeOne(queue: SqliteQueue): Promise<ReceivedMessage> {
  const [taken] = await queue.receive(1);
  if (!taken) throw new Error('there is no work');
  return taken;
}

describe('the queue', () => {
  test('gives back by itself what was taken 120 seconds ago, and no sooner', async () => {
    const { queue } = open();
    await queue.send(JOB);
    await takeOne(queue);
    nowMs += 119_999;
    expect(await queue.receive(1)).toEqual([]);
    nowMs += 1;
    expect(await queue.receive(1)).toMatchObject([{ message: JOB, receiveCount: 2 }]);
    expect(await queue.receive(1)).toEqual([]);
  });

  test('gives after its delay what was sent or given back with one', async () => {
    const { queue } = open();
    await queue.send(JOB, 900);
    await queue.send(OUTBOX);
    await queue.retryLater(await takeOne(queue), 43_000);
    nowMs += 899_999;
    expect(await queue.receive(10)).toEqual([]);
    nowMs += 1;
    expect(await queue.receive(10)).toMatchObject([{ message: JOB, receiveCount: 1 }]);
    nowMs = NOW_MS + 42_999_999;
    expect(await queue.receive(10)).toMatchObject([{ message: JOB, receiveCount: 2 }]);
    nowMs += 1;
    expect(await queue.receive(10)).toMatchObject([{ message: OUTBOX, receiveCount: 2 }]);
  });

  test('gives what has been due for longest first', async () => {
    const { queue } = open();
    await queue.send(JOB, 2);
    await queue.send(OUTBOX, 1);
    nowMs += 2000;
    expect((await queue.receive(10)).map(({ message }) => message)).toEqual([OUTBOX, JOB]);
  });

  test('of one who was too slow: nothing that is told late touches what another has since', async () => {
    const { queue } = open();
    await queue.send(JOB);
    const late = await takeOne(queue);
    nowMs += 120_000;
    const now = await takeOne(queue);
    await queue.delete(late);
    await queue.retryLater(late, 0);
    expect(await queue.receive(1)).toEqual([]);
    await queue.delete(now);
    nowMs += DAY_MS;
    expect(await queue.receive(1)).toEqual([]);
  });

  test('of one who was too slow: what nobody else has taken since is done', async () => {
    const { queue } = open();
    await queue.send(JOB);
    const late = await takeOne(queue);
    nowMs += 120_000;
    await queue.delete(late);
    expect(await queue.receive(1)).toEqual([]);
  });

  test('a handle of the time before it was revived fits no more', async () => {
    const { queue } = open();
    await queue.send(JOB);
    const first = await takeOne(queue);
    for (const _ of numbers(1, 12)) {
      nowMs += 120_000;
      await queue.receive(1);
    }
    expect(await queue.listDeadLetters()).toEqual([JOB]);
    await queue.delete(first);
    expect(await queue.redriveDeadLetters()).toBe(1);
    const anew = await takeOne(queue);
    await queue.delete(first);
    await queue.retryLater(anew, 0);
    expect(await takeOne(queue)).toMatchObject({ message: JOB, receiveCount: 2 });
  });

  test('what a process had taken when it died is due at the next start; what is to come later still is', async () => {
    const { queue, store } = open();
    for (const delaySeconds of [0, 60]) await queue.send(JOB, delaySeconds);
    await queue.send(OUTBOX);
    const [taken, other] = await queue.receive(10);
    if (!taken || !other) throw new Error('two are due');
    await queue.retryLater(other, 30);
    await store.close();
    const next = open().queue;
    expect(await next.receive(10)).toEqual([]);
    await next.release();
    expect(await next.receive(10)).toMatchObject([{ message: taken.message, receiveCount: 2 }]);
    nowMs += 30_000;
    expect(await next.receive(10)).toMatchObject([{ message: other.message, receiveCount: 2 }]);
  });

  test('tells when the next is due', async () => {
    const { queue } = open();
    expect(queue.nextDueAtMs()).toBeUndefined();
    await queue.send(JOB, 60);
    expect(queue.nextDueAtMs()).toBe(NOW_MS + 60_000);
    await queue.send(OUTBOX, 30);
    expect(queue.nextDueAtMs()).toBe(NOW_MS + 30_000);
    nowMs += 30_000;
    const taken = await takeOne(queue);
    expect(queue.nextDueAtMs()).toBe(NOW_MS + 60_000);
    await queue.delete(taken);
    nowMs += 30_000;
    await queue.delete(await takeOne(queue));
    expect(queue.nextDueAtMs()).toBeUndefined();
  });

  test('calls whoever waits once there is something to take, and not for what is taken or done', async () => {
    const { queue } = open();
    const seen: (number | undefined)[] = [];
    queue.onSend(() => seen.push(queue.nextDueAtMs()));
    await queue.send(JOB);
    expect(seen).toEqual([NOW_MS]);
    const taken = await takeOne(queue);
    expect(seen).toHaveLength(1);
    await queue.retryLater(taken, 5);
    expect(seen).toEqual([NOW_MS, NOW_MS + 5000]);
    nowMs += 5000;
    await queue.delete(await takeOne(queue));
    expect(seen).toHaveLength(2);
  });

  test('two processes on one file give each message to one of them', async () => {
    const [first, second] = [open().queue, open().queue];
    await Promise.all(numbers(1, 40).map((n) => (n % 2 ? first : second).send({ kind: 'job', jobId: String(n) })));
    const taken = await Promise.all([first, second, first, second].map((queue) => queue.receive(10)));
    const ids = taken.flat().map(({ message }) => (message.kind === 'job' ? Number(message.jobId) : 0));
    expect(ids.toSorted((a, b) => a - b)).toEqual(numbers(1, 40));
  });

  test('nothing that was sent is lost when the file is opened again', async () => {
    const { queue, store } = open();
    await queue.send(JOB);
    await store.close();
    expect(await open().queue.receive(1)).toMatchObject([{ message: JOB, receiveCount: 1 }]);
    await expect(queue.send(JOB)).rejects.toThrow('the store is closed');
  });
});

describe('jobs', () => {
  test('that ended 90 days before a new one comes are forgotten, a few at a time, and no open one is', async () => {
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
  test('is in the order of commit, whatever the clock said', async () => {
    const { store } = open();
    for (const n of [3, 1, 2]) await commitAll(store, [createKey(testKey(n))], { atMs: NOW_MS + n });
    expect((await store.outbox.list(10)).map(({ atMs }) => atMs - NOW_MS)).toEqual([3, 1, 2]);
  });

  test('keeps what is to be told when the file is opened without one, and gets nothing more', async () => {
    const { store } = open();
    await commitAll(store, [createKey(testKey(1))]);
    await store.close();
    const { store: without } = open(false);
    await commitAll(without, [createKey(testKey(2))]);
    expect(await without.outbox.list(10)).toHaveLength(1);
    expect(await without.events.list(PROJECT, {}, 10)).toHaveLength(2);
  });
});
