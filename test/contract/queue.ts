import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Message, Queue, ReceivedMessage } from '../../lib/queue/queue.ts';
import { numbers } from './fixtures.ts';

/** Opens a new, empty queue without dead letters. `close` also removes its files. */
type OpenQueue = () => Promise<{ queue: Queue; close(): Promise<void> }>;

const jobMessage = (n: number): Message => ({ kind: 'job', jobId: n.toString(16).padStart(32, '0') });
/** A large message with characters that a queue may refuse unless they are escaped. */
const DELIVERY: Message = {
  kind: 'delivery',
  target: 'siem',
  messageId: 'msg_1',
  body: `{"text":"ä€😀\ud800\u0000\u007f\ufffe\uffff \\"quoted\\"\\n<>&"}${' '.repeat(100_000)}`,
};

const CHAT: Message = { kind: 'chat', requestId: '0123456789abcdef0123456789abcdef' };

/** A message that was received so often without being deleted becomes a dead letter. */
const RECEIVE_COUNT_MAX = 12;

/** The contract of `Queue`. No test waits for a visibility timeout: `retryLater` makes messages due again. */
export function queueContract(openQueue: OpenQueue): void {
  describe('the queue', () => {
    let fixture: Awaited<ReturnType<OpenQueue>>;
    beforeEach(async () => {
      fixture = await openQueue();
    });
    afterEach(() => fixture.close());

    async function withMessages(...messages: Message[]): Promise<Queue> {
      for (const message of messages) await fixture.queue.send(message);
      return fixture.queue;
    }

    async function receiveOnly(queue: Queue): Promise<ReceivedMessage> {
      const [received, ...others] = await queue.receive(10);
      expect(others).toEqual([]);
      if (!received) throw new Error('the queue is empty');
      return received;
    }

    /** Receives all messages until they are dead letters. */
    async function exhaust(queue: Queue): Promise<void> {
      for (const _ of numbers(1, RECEIVE_COUNT_MAX)) {
        for (const received of await receiveAll(queue)) await queue.retryLater(received, 0);
      }
      expect(await queue.receive(10)).toEqual([]);
    }

    async function receiveAll(queue: Queue): Promise<ReceivedMessage[]> {
      const all: ReceivedMessage[] = [];
      for (;;) {
        const received = await queue.receive(10);
        if (received.length === 0) return all;
        all.push(...received);
        if (all.length > 1000) throw new Error('received messages are not hidden');
      }
    }

    const textsOfReceived = (received: readonly { message: Message }[]) =>
      received.map(({ message }) => JSON.stringify(message)).toSorted();
    const textsOf = (messages: readonly Message[]) => messages.map((message) => JSON.stringify(message)).toSorted();

    test('a new queue has no messages and no dead letters', async () => {
      const { queue } = fixture;
      expect(await queue.receive(10)).toEqual([]);
      expect(await queue.listDeadLetters()).toEqual([]);
      expect(await queue.redriveDeadLetters()).toBe(0);
    });

    test('the queue delivers each message unchanged with the receive count 1', async () => {
      const messages: Message[] = [jobMessage(1), { kind: 'outbox' }, CHAT, DELIVERY];
      const queue = await withMessages(...messages);
      const received = await receiveAll(queue);
      expect(textsOfReceived(received)).toEqual(textsOf(messages));
      expect(received.map(({ receiveCount }) => receiveCount)).toEqual([1, 1, 1, 1]);
      expect(new Set(received.map(({ receiptHandle }) => receiptHandle)).size).toBe(4);
    });

    test('the queue delivers at most `max` messages at a time', async () => {
      const queue = await withMessages(...numbers(1, 5).map(jobMessage));
      const three = await queue.receive(3);
      expect(three).toHaveLength(3);
      const rest = await queue.receive(10);
      expect(textsOfReceived([...three, ...rest])).toEqual(textsOf(numbers(1, 5).map(jobMessage)));
    });

    test('the queue delivers two equal messages separately', async () => {
      const queue = await withMessages({ kind: 'outbox' }, { kind: 'outbox' });
      expect(await receiveAll(queue)).toHaveLength(2);
    });

    test('the queue hides a received message', async () => {
      const queue = await withMessages(jobMessage(1));
      await receiveOnly(queue);
      expect(await queue.receive(10)).toEqual([]);
    });

    test('the queue does not deliver a message before its delay is over', async () => {
      const { queue } = fixture;
      await queue.send(jobMessage(1), 900);
      await queue.send(jobMessage(2), 0);
      expect((await receiveOnly(queue)).message).toEqual(jobMessage(2));
      expect(await queue.receive(10)).toEqual([]);
    });

    test('the queue refuses a delay of more than 900 seconds and stores nothing', async () => {
      const { queue } = fixture;
      await expect(queue.send(jobMessage(1), 901)).rejects.toThrow('900');
      expect(await queue.receive(10)).toEqual([]);
    });

    test('the queue does not deliver a deleted message again, and deleting it twice does no harm', async () => {
      const queue = await withMessages(jobMessage(1), jobMessage(2));
      const [first, second] = await receiveAll(queue);
      if (!first || !second) throw new Error('expected two messages');
      await queue.delete(first);
      await queue.delete(first);
      await queue.retryLater(second, 0);
      expect((await receiveOnly(queue)).message).toEqual(second.message);
    });

    test('the queue delivers a retried message again with a higher receive count and a new receipt handle', async () => {
      const queue = await withMessages(jobMessage(1));
      const first = await receiveOnly(queue);
      await queue.retryLater(first, 0);
      const second = await receiveOnly(queue);
      expect(second).toMatchObject({ message: jobMessage(1), receiveCount: 2 });
      expect(second.receiptHandle).not.toBe(first.receiptHandle);
      await queue.retryLater(second, 0);
      expect(await receiveOnly(queue)).toMatchObject({ message: jobMessage(1), receiveCount: 3 });
    });

    test('the queue does not deliver a message that is to be retried later', async () => {
      const queue = await withMessages(jobMessage(1));
      await queue.retryLater(await receiveOnly(queue), 43_000);
      expect(await queue.receive(10)).toEqual([]);
    });

    test('an old receipt handle does not delete a message that was received again', async () => {
      const queue = await withMessages(jobMessage(1));
      const first = await receiveOnly(queue);
      await queue.retryLater(first, 0);
      const second = await receiveOnly(queue);
      await queue.delete(first);
      await queue.retryLater(second, 0);
      const third = await receiveOnly(queue);
      expect(third).toMatchObject({ message: jobMessage(1), receiveCount: 3 });
      await queue.delete(third);
      expect(await queue.receive(10)).toEqual([]);
    });

    test('a message that was received 12 times becomes a dead letter', async () => {
      const queue = await withMessages(jobMessage(1));
      for (const count of numbers(1, RECEIVE_COUNT_MAX)) {
        const received = await receiveOnly(queue);
        expect(received.receiveCount).toBe(count);
        expect(await queue.listDeadLetters()).toEqual([]);
        await queue.retryLater(received, 0);
      }
      expect(await queue.receive(10)).toEqual([]);
      for (const _ of numbers(1, 2)) expect(await queue.listDeadLetters()).toEqual([jobMessage(1)]);
      expect(await queue.receive(10)).toEqual([]);
    });

    test('a dead letter does not block later messages', async () => {
      const queue = await withMessages(jobMessage(1));
      for (const _ of numbers(1, RECEIVE_COUNT_MAX)) await queue.retryLater(await receiveOnly(queue), 0);
      await queue.send(jobMessage(2));
      expect(await receiveAll(queue)).toMatchObject([{ message: jobMessage(2), receiveCount: 1 }]);
      expect(await queue.listDeadLetters()).toEqual([jobMessage(1)]);
    });

    test('redriven dead letters are delivered again with the receive count 1', async () => {
      const queue = await withMessages(jobMessage(1), DELIVERY);
      await exhaust(queue);
      expect(await queue.redriveDeadLetters()).toBe(2);
      expect(await queue.listDeadLetters()).toEqual([]);
      expect(await queue.redriveDeadLetters()).toBe(0);
      const received = await receiveAll(queue);
      expect(textsOfReceived(received)).toEqual(textsOf([jobMessage(1), DELIVERY]));
      expect(received.map(({ receiveCount }) => receiveCount)).toEqual([1, 1]);
    });

    test('of 23 dead letters, ten are listed and all are redriven', async () => {
      const messages = numbers(1, 23).map(jobMessage);
      const queue = await withMessages(...messages);
      await exhaust(queue);
      const shown = textsOf(await queue.listDeadLetters());
      expect(new Set(shown).size).toBe(10);
      expect(textsOf(messages)).toEqual(expect.arrayContaining(shown));
      expect(await queue.redriveDeadLetters()).toBe(23);
      expect(textsOfReceived(await receiveAll(queue))).toEqual(textsOf(messages));
    });

    test('200 messages sent concurrently are each delivered to one of four concurrent receivers', async () => {
      const { queue } = fixture;
      const messages = numbers(1, 200).map(jobMessage);
      await Promise.all(messages.map((message) => queue.send(message)));
      const received = await Promise.all(numbers(1, 4).map(() => receiveAll(queue)));
      expect(textsOfReceived(received.flat())).toEqual(textsOf(messages));
      await Promise.all(received.flat().map((one) => queue.delete(one)));
      expect(await queue.receive(10)).toEqual([]);
      expect(await queue.listDeadLetters()).toEqual([]);
    });
  });
}
