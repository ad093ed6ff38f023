/** What has changed, told to those who want to know: from the outbox to messages, and each message to its target. */

import { NetworkError } from '../../clients/network-error.ts';
import type { ChangeEvent } from '../../domain/events.ts';
import { serializeEvent } from '../../http/serialize-event.ts';
import { logger } from '../../logger.ts';
import { DELAY_SECONDS_MAX, type Message, type Queue, RETRY_DELAY_SECONDS_MAX } from '../../queue/queue.ts';
import { sha256Hex } from '../../signing/bytes.ts';
import { signWebhook } from '../../signing/standard-webhooks.ts';
import type { OutboxStore } from '../../store/store.ts';
import { postWebhook, type Webhook, type WebhookResponse } from './post.ts';
import type { Target, Targets } from './targets.ts';

type DeliveryMessage = Extract<Message, { kind: 'delivery' }>;

/** `gone`: it is finished, though nobody has taken it. */
type DeliveryResult = 'done' | 'gone' | { againSeconds: number };

const ROUND_EVENTS = 500;
/** 300 KB at the very most: a message of the queue holds 1 MiB. */
const MESSAGE_EVENTS = 100;
/** So many events may be on their way before the outbox is read again; a target that hangs can hold up no more of them. */
const UNDER_WAY_EVENTS = 4 * ROUND_EVENTS;

/** Before the second try, the third and so on; the last for all that follow. */
const PAUSES_SECONDS = [5, 30, 120, 600, 1_800, 3_600, 7_200, 18_000, 36_000];
/** After a failure, what is for the same target goes on the queue untried for so long. */
const REST_MS = 60_000;
/** What one target may take of a round; the rest goes on the queue, where it is in nobody's way. */
const LANE_MS = 5_000;

export interface DispatcherDependencies {
  store: { outbox: OutboxStore };
  queue: Queue;
  targets: () => Promise<Targets>;
  /** ms since 1970 */
  now?: (() => number) | undefined;
  post?: ((webhook: Webhook) => Promise<WebhookResponse>) | undefined;
}

export function outboxDispatcher({
  store,
  queue,
  targets,
  now = Date.now,
  post = postWebhook,
}: DispatcherDependencies) {
  /** By target: when it may be sent to from the outbox again. */
  const restsUntilMs = new Map<string, number>();
  /** Targets to which something from the queue is on its way. */
  const busy = new Set<string>();
  /** By target: what was begun last. Its messages follow one another; targets go side by side. */
  const lanes = new Map<string, Promise<void>>();
  /** Events that are being told: still in the outbox, but not to be told twice. */
  const underWay = new Set<string>();
  const rounds = new Set<Promise<void>>();
  let lastLook: Promise<unknown> = Promise.resolve();
  let nextLook: Promise<Promise<void>[]> | undefined;

  async function send(target: Target, { messageId, body }: DeliveryMessage, tries: number): Promise<DeliveryResult> {
    const told = { target: target.name, message_id: messageId, tries };
    const timestampSeconds = Math.floor(now() / 1000);
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'kms-grants',
      ...signWebhook({ id: messageId, timestampSeconds, body }, target.secrets),
    };
    let retryAfterSeconds = 0;
    try {
      const answer = await post({ url: target.url, headers, body, isPrivateAllowed: target.isPrivateAllowed });
      const { status } = answer;
      const isDone = status >= 200 && status < 300;
      if (isDone) restsUntilMs.delete(target.name);
      if (isDone || status === 410) {
        logger[isDone ? 'info' : 'warn']('delivery', { ...told, status });
        return isDone ? 'done' : 'gone';
      }
      retryAfterSeconds = answer.retryAfterSeconds ?? 0;
      logger.warn('delivery', { ...told, status });
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      logger.warn('delivery', { ...told, failing: error.failure, cause: error.message });
    }
    restsUntilMs.set(target.name, now() + Math.max(REST_MS, retryAfterSeconds * 1000));
    return { againSeconds: Math.min(Math.max(pauseSecondsAfter(tries), retryAfterSeconds), RETRY_DELAY_SECONDS_MAX) };
  }

  /** To a target that has failed, one at a time: one that hangs takes no more of our time than that. */
  async function inItsTurn(target: Target, delivery: DeliveryMessage, tries: number): Promise<DeliveryResult> {
    const isResting = now() < (restsUntilMs.get(target.name) ?? 0);
    if (isResting && busy.has(target.name)) return { againSeconds: pauseSecondsAfter(tries) };
    busy.add(target.name);
    try {
      return await send(target, delivery, tries);
    } finally {
      busy.delete(target.name);
    }
  }

  /** Each message delivered, or durably on the queue. */
  async function tellTarget(target: Target, events: readonly ChangeEvent[]): Promise<void> {
    const endsAtMs = performance.now() + LANE_MS;
    for (const delivery of deliveriesOf(target, events)) {
      const isResting = now() < (restsUntilMs.get(target.name) ?? 0) || performance.now() > endsAtMs;
      const end = isResting ? { againSeconds: PAUSES_SECONDS[0] ?? 0 } : await send(target, delivery, 1);
      if (typeof end === 'object') await queue.send(delivery, Math.min(end.againSeconds, DELAY_SECONDS_MAX));
    }
  }

  async function tell(events: readonly ChangeEvent[], to: Targets): Promise<void> {
    const ends = [...to.values()].map((target) => {
      const mine = () =>
        tellTarget(
          target,
          events.filter(({ projectId }) => isFor(target, projectId)),
        );
      const end = (lanes.get(target.name) ?? Promise.resolve()).then(mine, mine);
      lanes.set(target.name, end);
      return end;
    });
    await all(ends);
    await store.outbox.remove(events);
  }

  function beginRound(events: readonly ChangeEvent[], to: Targets): Promise<void> {
    for (const { eventId } of events) underWay.add(eventId);
    const round = tell(events, to).finally(() => {
      for (const { eventId } of events) underWay.delete(eventId);
      rounds.delete(round);
    });
    rounds.add(round);
    return round;
  }

  /** Reads the outbox until there is nothing in it that is not being told. @returns what it has begun */
  async function look(isPastDeadline: () => boolean): Promise<Promise<void>[]> {
    nextLook = undefined;
    const begun: Promise<void>[] = [];
    let hasFailed = false;
    while (!hasFailed && !isPastDeadline()) {
      if (underWay.size >= UNDER_WAY_EVENTS) {
        await Promise.race(rounds).catch(() => undefined);
        continue;
      }
      // As it was before reading: what ends meanwhile may still be in what was read.
      const known = new Set(underWay);
      const to = await targets();
      const listed = await store.outbox.list(ROUND_EVENTS + known.size);
      const events = listed.filter(({ eventId }) => !known.has(eventId));
      if (events.length === 0) break;
      const round = beginRound(events, to);
      // What has failed is in the outbox still: to go on reading would be to try it over and over.
      round.catch(() => {
        hasFailed = true;
      });
      begun.push(round);
    }
    return begun;
  }

  return {
    /**
     * Tells all that is in the outbox. An event leaves it once each target's part has been delivered or is durably on
     * the queue; a crash before that tells it again, and what is told in the same message has the same id again. A call
     * while another one runs looks once more and sends nothing that is being sent already.
     * @param isPastDeadline whether time is up: then no more is read
     * @returns false when time was up
     * @throws when the targets' settings, the outbox or the queue cannot be used; the events are still in the outbox then
     */
    async dispatch(isPastDeadline: () => boolean = () => false): Promise<boolean> {
      const mine = () => look(isPastDeadline);
      nextLook ??= lastLook.then(mine, mine);
      lastLook = nextLook;
      const begun = await nextLook;
      await all([...rounds, ...begun]);
      return !isPastDeadline();
    },

    /**
     * One try of a delivery from the queue.
     * @param taken how often the queue has given it out, this time included; before that it was tried once, or held back
     */
    async deliver(delivery: DeliveryMessage, taken: number): Promise<DeliveryResult> {
      const target = (await targets()).get(delivery.target);
      if (target) return inItsTurn(target, delivery, taken + 1);
      logger.warn('delivery', {
        target: delivery.target,
        message_id: delivery.messageId,
        tries: taken,
        failing: 'no such target',
      });
      return 'gone';
    },
  };
}

const pauseSecondsAfter = (tries: number) => PAUSES_SECONDS[tries - 1] ?? PAUSES_SECONDS.at(-1) ?? 0;

const isFor = ({ projectIds }: Target, projectId: string) => projectIds?.includes(projectId) ?? true;

/** Made of the target and the events alone, so that the same is the same message whenever it is made. */
function deliveriesOf({ name }: Target, events: readonly ChangeEvent[]): DeliveryMessage[] {
  const deliveries: DeliveryMessage[] = [];
  for (let from = 0; from < events.length; from += MESSAGE_EVENTS) {
    const part = events.slice(from, from + MESSAGE_EVENTS);
    const messageId = `msg_${sha256Hex([name, ...part.map(({ eventId }) => eventId)].join('\n')).slice(0, 32)}`;
    const timestamp = new Date(Math.max(...part.map(({ atMs }) => atMs))).toISOString();
    const body = JSON.stringify({ type: 'grants.changed', timestamp, data: { events: part.map(serializeEvent) } });
    deliveries.push({ kind: 'delivery', target: name, messageId, body });
  }
  return deliveries;
}

/** Waits for the end of all. @throws what the first of them threw */
async function all(promises: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(promises);
  const failed = ends.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
