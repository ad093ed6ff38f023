/** Processes the queue's messages on one machine. When deployed, SQS and Lambda do this. */
import { setTimeout as pause } from 'node:timers/promises';
import { describeCause, logger } from '../lib/logger.ts';
import { messageLogFields, type ReceivedMessage } from '../lib/queue/queue.ts';
import type { Services } from '../lib/services.ts';
import type { SqliteQueue } from '../lib/store/sqlite/queue.ts';
import { findLostWork } from '../lib/webhooks/find-lost-work.ts';
import { messageProcessor } from '../lib/webhooks/process-message.ts';

/** Messages in work at the same time, so that a long job does not hold up the others. */
const CONCURRENT_MESSAGES_MAX = 8;
/** Messages of one group in work, so that the jobs of another source start immediately. */
const CONCURRENT_PER_GROUP_MAX = 4;
/** A message from another process, such as an admin command, waits at most this long. */
const POLL_INTERVAL_MS = 1_000;
/** A job that takes longer goes back to the end of the queue, so that other jobs can run. */
const JOB_SLICE_MS = 60_000;
/** The same while all places are taken and a group with fewer of them waits. */
const CONTENDED_SLICE_MS = 5_000;
/** How often a running job looks whether another group waits. */
const CONTENTION_CHECK_MS = 250;
/** How often jobs and outbox events whose message was lost are searched for. */
const LOST_WORK_INTERVAL_MS = 60_000;
const DISPATCH_INTERVAL_MS = 5_000;

export interface Worker {
  /** Starts to deliver the outbox's events to the targets, and does not wait for it. */
  notifyOutbox(): Promise<void>;
  /** Starts nothing more, and waits for the messages in work. */
  stop(): Promise<void>;
}

/** Processes the queue of the services until it is stopped. */
export async function startWorker(services: Services): Promise<Worker> {
  const { dispatch } = messageProcessor(services);
  const { queue, config } = services;
  const localQueue = 'nextDueAtMs' in queue ? (queue as SqliteQueue) : undefined;
  const inWork = new Set<Promise<void>>();
  let isStopping = false;
  let wake = () => {};

  // Messages that are still in flight belonged to a process that has ended.
  await localQueue?.release();
  localQueue?.onSend(() => wake());
  const logFailure =
    (name: string, fields: object = {}) =>
    (error: unknown) => {
      if (!isStopping) logger.error(name, { ...fields, cause: describeCause(error) });
    };
  const notifyOutbox = async () => {
    if (config.targets && !isStopping) dispatch().catch(logFailure('outbox'));
  };
  const lostWorkTimer = setInterval(() => findLostWork(services).catch(logFailure('lost')), LOST_WORK_INTERVAL_MS);
  const dispatchTimer = setInterval(notifyOutbox, DISPATCH_INTERVAL_MS);

  function startWork(received: ReceivedMessage): void {
    const isContended = () =>
      inWork.size >= CONCURRENT_MESSAGES_MAX && localQueue?.isShareExceeded(received.message) === true;
    const isPastDeadline = sliceDeadline(() => isStopping, isContended);
    const done = processMessage(services, received, isPastDeadline).catch(
      logFailure('work', messageLogFields(received)),
    );
    inWork.add(done);
    void done.finally(() => {
      inWork.delete(done);
      wake();
    });
  }

  const mayHaveMessages = () => !localQueue || (localQueue.nextDueAtMs() ?? Number.POSITIVE_INFINITY) <= services.now();
  const logAndReceiveNone = (error: unknown): ReceivedMessage[] => {
    logFailure('queue')(error);
    return [];
  };

  const receive = (max: number) =>
    localQueue ? localQueue.receive(max, CONCURRENT_PER_GROUP_MAX) : queue.receive(max);

  async function run(): Promise<void> {
    while (!isStopping) {
      const wakeUp = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const free = CONCURRENT_MESSAGES_MAX - inWork.size;
      const messages = free > 0 && mayHaveMessages() ? await receive(free).catch(logAndReceiveNone) : [];
      for (const received of messages) startWork(received);
      if (messages.length === 0) await Promise.race([wakeUp, pause(POLL_INTERVAL_MS, undefined, { ref: false })]);
    }
  }

  const running = run();
  return {
    notifyOutbox,
    async stop() {
      isStopping = true;
      clearInterval(lostWorkTimer);
      clearInterval(dispatchTimer);
      wake();
      await running;
      await Promise.all(inWork);
    },
  };
}

/** Returns the function that tells a message's work to stop: its time is over, or others need its place. */
function sliceDeadline(isStopping: () => boolean, isContended: () => boolean): () => boolean {
  const startedAtMs = performance.now();
  let checkAtMs = startedAtMs + CONTENDED_SLICE_MS;
  let isOver = false;
  return () => {
    const nowMs = performance.now();
    if (isOver || isStopping() || nowMs > startedAtMs + JOB_SLICE_MS) return true;
    if (nowMs < checkAtMs) return false;
    checkAtMs = nowMs + CONTENTION_CHECK_MS;
    isOver = isContended();
    return isOver;
  };
}

async function processMessage(
  services: Services,
  received: ReceivedMessage,
  isPastDeadline: () => boolean,
): Promise<void> {
  if (await messageProcessor(services).process(received, isPastDeadline)) await services.queue.delete(received);
}
