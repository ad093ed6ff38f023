/** Moves events from the outbox to the targets: delivered directly, or as messages on the queue. */
import type { ChangeEvent } from '../../domain/events.ts';
import { logger } from '../../logger.ts';
import type { OutboxStore } from '../../store/store.ts';
import {
  type DeliveryMessage,
  type DeliveryResult,
  logFieldsOf,
  type SenderDependencies,
  webhookSender,
} from './sender.ts';
import type { Target, Targets } from './targets.ts';

/** Events read from the outbox at a time. */
const BATCH_EVENTS = 500;
/** With more events in flight the outbox is not read; it bounds what a hanging target delays. */
const IN_FLIGHT_EVENTS_MAX = 4 * BATCH_EVENTS;

export interface DispatcherDependencies extends SenderDependencies {
  store: { outbox: OutboxStore };
  targets: () => Promise<Targets>;
}

export function outboxDispatcher({ store, targets, ...dependencies }: DispatcherDependencies) {
  const sender = webhookSender(dependencies);
  /** By name of the target: its last batch. Batches of one target are sent in order, targets in parallel. */
  const lastBatchOf = new Map<string, Promise<void>>();
  /** Ids of events that are being sent and are still in the outbox. */
  const inFlight = new Set<string>();
  const batches = new Set<Promise<void>>();
  let lastRead: Promise<unknown> = Promise.resolve();
  let nextRead: Promise<Promise<void>[]> | undefined;

  function sendToTarget(target: Target, batch: readonly ChangeEvent[]): Promise<void> {
    const events = batch.filter(({ projectId }) => target.projectIds?.includes(projectId) ?? true);
    const send = () => sender.sendEvents(target, events);
    const sent = (lastBatchOf.get(target.name) ?? Promise.resolve()).then(send, send);
    lastBatchOf.set(target.name, sent);
    return sent;
  }

  async function sendBatch(events: readonly ChangeEvent[], to: Targets): Promise<void> {
    await settleAll([...to.values()].map((target) => sendToTarget(target, events)));
    await store.outbox.remove(events);
  }

  function startBatch(events: readonly ChangeEvent[], to: Targets): Promise<void> {
    for (const { eventId } of events) inFlight.add(eventId);
    const batch = sendBatch(events, to).finally(() => {
      for (const { eventId } of events) inFlight.delete(eventId);
      batches.delete(batch);
    });
    batches.add(batch);
    return batch;
  }

  /** Reads the outbox until every event in it is in flight. @returns the batches that it has started */
  async function readOutbox(isPastDeadline: () => boolean): Promise<Promise<void>[]> {
    nextRead = undefined;
    const started: Promise<void>[] = [];
    let hasFailed = false;
    while (!hasFailed && !isPastDeadline()) {
      if (inFlight.size >= IN_FLIGHT_EVENTS_MAX) {
        await Promise.race(batches).catch(() => undefined);
        continue;
      }
      // Copied before the read: an event that leaves the outbox during the read may still be in its result.
      const skipped = new Set(inFlight);
      const to = await targets();
      const listed = await store.outbox.list(BATCH_EVENTS + skipped.size);
      const events = listed.filter(({ eventId }) => !skipped.has(eventId));
      if (events.length === 0) break;
      const batch = startBatch(events, to);
      // The events of a failed batch are still in the outbox; reading on would repeat them without a pause.
      batch.catch(() => {
        hasFailed = true;
      });
      started.push(batch);
    }
    return started;
  }

  return {
    /**
     * Sends all events of the outbox. An event leaves the outbox when it is delivered or durably on the queue for each
     * target. After a crash it is sent again, in a message with the same id if the message has the same events. A call
     * during another one reads the outbox again and skips the events in flight.
     * @param isPastDeadline no more events are read once it returns true
     * @returns false when the deadline was reached
     * @throws when the targets, the outbox or the queue cannot be used; the events stay in the outbox
     */
    async dispatch(isPastDeadline: () => boolean = () => false): Promise<boolean> {
      const read = () => readOutbox(isPastDeadline);
      nextRead ??= lastRead.then(read, read);
      lastRead = nextRead;
      const started = await nextRead;
      await settleAll([...batches, ...started]);
      return !isPastDeadline();
    },

    /**
     * Makes one attempt to deliver a message from the queue.
     * @param receiveCount how often the message was received; the first attempt was made before it was queued
     */
    async deliver(delivery: DeliveryMessage, receiveCount: number): Promise<DeliveryResult> {
      const target = (await targets()).get(delivery.target);
      if (target) return sender.sendQueued(target, delivery, receiveCount + 1);
      logger.warn('delivery', { ...logFieldsOf(delivery), attempt: receiveCount, failure: 'no such target' });
      return 'gone';
    },
  };
}

/** Waits until each promise is fulfilled or rejected. @throws the first rejection in the order of the list */
async function settleAll(promises: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  const rejected = results.find(({ status }) => status === 'rejected');
  if (rejected?.status === 'rejected') throw rejected.reason;
}
