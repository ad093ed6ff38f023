import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Message, Queue, ReceivedMessage } from '../../lib/queue/queue.ts';
import { numbers } from './fixtures.ts';

/** Opens a fresh, empty queue with its dead letters. `close` also removes what it left behind. */
export type OpenQueue = () => Promise<{ queue: Queue; close(): Promise<void> }>;

const jobMessage = (n: number): Message => ({ kind: 'job', jobId: n.toString(16).padStart(32, '0') });
/** Large, and with all that a text can hold: also what a queue may refuse unless it is escaped. */
const DELIVERY: Message = {
  kind: 'delivery',
  target: 'siem',
  messageId: 'msg_1',
  body: `{"text":"ä€😀\ud800\u0000\u007f\ufffe\uffff \\"quoted\\"\\n<>&"}${' '.repeat(100_000)}`,
};

/** As the port has it: taken so often without an end, it becomes a dead letter. */
const TAKEN_MAX = 12;

/** What every adapter of the port `Queue` must do. No test waits: what is hidden is given back. */
export function queueContract(openQueue: OpenQueue): void {
  describe('the queue', () => {
    let opened: Awaited<ReturnType<OpenQueue>>;
    beforeEach(async () => {
      opened = await openQueue();
    });
    afterEach(() => opened.close());

    async function withWork(...works: Message[]): Promise<Queue> {
      for (const work of works) await opened.queue.send(work);
      return opened.queue;
    }

    async function takeOne(queue: Queue): Promise<ReceivedMessage> {
      const [taken, ...others] = await queue.receive(10);
      expect(others).toEqual([]);
      if (!taken) throw new Error('there is no work');
      return taken;
    }

    /** Takes all that there is until it is dead. */
    async function wearOut(queue: Queue): Promise<void> {
      for (const _ of numbers(1, TAKEN_MAX)) {
        for (const taken of await takeAll(queue)) await queue.retryLater(taken, 0);
      }
      expect(await queue.receive(10)).toEqual([]);
    }

    async function takeAll(queue: Queue): Promise<ReceivedMessage[]> {
      const all: ReceivedMessage[] = [];
      for (;;) {
        const taken = await queue.receive(10);
        if (taken.length === 0) return all;
        all.push(...taken);
        if (all.length > 1000) throw new Error('what was taken is not hidden');
      }
    }

    const worksOf = (taken: readonly { message: Message }[]) =>
      taken.map(({ message }) => JSON.stringify(message)).toSorted();
    const textsOf = (works: readonly Message[]) => works.map((work) => JSON.stringify(work)).toSorted();

    test('gives nothing where there is nothing', async () => {
      const { queue } = opened;
      expect(await queue.receive(10)).toEqual([]);
      expect(await queue.listDeadLetters()).toEqual([]);
      expect(await queue.redriveDeadLetters()).toBe(0);
    });

    test('gives what was sent, as it was, for the first time', async () => {
      const works: Message[] = [jobMessage(1), { kind: 'outbox' }, DELIVERY];
      const queue = await withWork(...works);
      const taken = await takeAll(queue);
      expect(worksOf(taken)).toEqual(textsOf(works));
      expect(taken.map(({ receiveCount }) => receiveCount)).toEqual([1, 1, 1]);
      expect(new Set(taken.map(({ receiptHandle }) => receiptHandle)).size).toBe(3);
    });

    test('gives at most what is asked for, and then the rest', async () => {
      const queue = await withWork(...numbers(1, 5).map(jobMessage));
      const three = await queue.receive(3);
      expect(three).toHaveLength(3);
      const rest = await queue.receive(10);
      expect(worksOf([...three, ...rest])).toEqual(textsOf(numbers(1, 5).map(jobMessage)));
    });

    test('keeps each of two messages that say the same', async () => {
      const queue = await withWork({ kind: 'outbox' }, { kind: 'outbox' });
      expect(await takeAll(queue)).toHaveLength(2);
    });

    test('hides what was taken from others', async () => {
      const queue = await withWork(jobMessage(1));
      await takeOne(queue);
      expect(await queue.receive(10)).toEqual([]);
    });

    test('does not give what is sent with a delay before its time', async () => {
      const { queue } = opened;
      await queue.send(jobMessage(1), 900);
      await queue.send(jobMessage(2), 0);
      expect((await takeOne(queue)).message).toEqual(jobMessage(2));
      expect(await queue.receive(10)).toEqual([]);
    });

    test('refuses a delay that is longer than 900 seconds, and keeps nothing of it', async () => {
      const { queue } = opened;
      await expect(queue.send(jobMessage(1), 901)).rejects.toThrow('900');
      expect(await queue.receive(10)).toEqual([]);
    });

    test('forgets what is done, also when it is told twice', async () => {
      const queue = await withWork(jobMessage(1), jobMessage(2));
      const [first, second] = await takeAll(queue);
      if (!first || !second) throw new Error('two were sent');
      await queue.delete(first);
      await queue.delete(first);
      await queue.retryLater(second, 0);
      expect((await takeOne(queue)).message).toEqual(second.message);
    });

    test('gives again what is not finished, counting, under another handle', async () => {
      const queue = await withWork(jobMessage(1));
      const first = await takeOne(queue);
      await queue.retryLater(first, 0);
      const second = await takeOne(queue);
      expect(second).toMatchObject({ message: jobMessage(1), receiveCount: 2 });
      expect(second.receiptHandle).not.toBe(first.receiptHandle);
      await queue.retryLater(second, 0);
      expect(await takeOne(queue)).toMatchObject({ message: jobMessage(1), receiveCount: 3 });
    });

    test('does not give again what is to come back later', async () => {
      const queue = await withWork(jobMessage(1));
      await queue.retryLater(await takeOne(queue), 43_000);
      expect(await queue.receive(10)).toEqual([]);
    });

    test('what another has taken since is not removed by who had it before', async () => {
      const queue = await withWork(jobMessage(1));
      const first = await takeOne(queue);
      await queue.retryLater(first, 0);
      const second = await takeOne(queue);
      await queue.delete(first);
      await queue.retryLater(second, 0);
      const third = await takeOne(queue);
      expect(third).toMatchObject({ message: jobMessage(1), receiveCount: 3 });
      await queue.delete(third);
      expect(await queue.receive(10)).toEqual([]);
    });

    test('what was taken 12 times without an end is a dead letter, and stays one', async () => {
      const queue = await withWork(jobMessage(1));
      for (const tries of numbers(1, TAKEN_MAX)) {
        const taken = await takeOne(queue);
        expect(taken.receiveCount).toBe(tries);
        expect(await queue.listDeadLetters()).toEqual([]);
        await queue.retryLater(taken, 0);
      }
      expect(await queue.receive(10)).toEqual([]);
      for (const _ of ['look', 'and look again']) expect(await queue.listDeadLetters()).toEqual([jobMessage(1)]);
      expect(await queue.receive(10)).toEqual([]);
    });

    test('a dead letter does not hold up what comes after it', async () => {
      const queue = await withWork(jobMessage(1));
      for (const _ of numbers(1, TAKEN_MAX)) await queue.retryLater(await takeOne(queue), 0);
      await queue.send(jobMessage(2));
      expect(await takeAll(queue)).toMatchObject([{ message: jobMessage(2), receiveCount: 1 }]);
      expect(await queue.listDeadLetters()).toEqual([jobMessage(1)]);
    });

    test('dead letters that are revived are given anew, with all their tries', async () => {
      const queue = await withWork(jobMessage(1), DELIVERY);
      await wearOut(queue);
      expect(await queue.redriveDeadLetters()).toBe(2);
      expect(await queue.listDeadLetters()).toEqual([]);
      expect(await queue.redriveDeadLetters()).toBe(0);
      const taken = await takeAll(queue);
      expect(worksOf(taken)).toEqual(textsOf([jobMessage(1), DELIVERY]));
      expect(taken.map(({ receiveCount }) => receiveCount)).toEqual([1, 1]);
    });

    test('of many dead letters ten are shown, and all are revived', async () => {
      const works = numbers(1, 23).map(jobMessage);
      const queue = await withWork(...works);
      await wearOut(queue);
      const shown = textsOf(await queue.listDeadLetters());
      expect(new Set(shown).size).toBe(10);
      expect(textsOf(works)).toEqual(expect.arrayContaining(shown));
      expect(await queue.redriveDeadLetters()).toBe(23);
      expect(worksOf(await takeAll(queue))).toEqual(textsOf(works));
    });

    test('200 sent at once and taken by four at record: each is given to one of them', async () => {
      const { queue } = opened;
      const works = numbers(1, 200).map(jobMessage);
      await Promise.all(works.map((work) => queue.send(work)));
      const taken = await Promise.all(numbers(1, 4).map(() => takeAll(queue)));
      expect(worksOf(taken.flat())).toEqual(textsOf(works));
      await Promise.all(taken.flat().map((one) => queue.delete(one)));
      expect(await queue.receive(10)).toEqual([]);
      expect(await queue.listDeadLetters()).toEqual([]);
    });
  });
}
