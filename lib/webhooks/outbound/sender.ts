/** Sends messages to targets: signs them, decides about retries, and puts undelivered ones on the queue. */
import { NetworkError } from '../../clients/network-error.ts';
import type { ChangeEvent } from '../../domain/events.ts';
import { serializeEvent } from '../../http/serialize-event.ts';
import { logger } from '../../logger.ts';
import { DELAY_SECONDS_MAX, type Message, type Queue, RETRY_DELAY_SECONDS_MAX } from '../../queue/queue.ts';
import { sha256Hex } from '../../signing/bytes.ts';
import { signWebhook } from '../../signing/standard-webhooks.ts';
import { postWebhook, type Webhook, type WebhookResponse } from './post.ts';
import type { Target } from './targets.ts';

export type DeliveryMessage = Extract<Message, { kind: 'delivery' }>;

/** `gone`: dropped, because the target replied 410 or is no longer configured. */
export type DeliveryResult = 'done' | 'gone' | { retryDelaySeconds: number };

/** At most about 300 KB; an SQS message holds 1 MiB. */
const EVENTS_PER_MESSAGE = 100;
/** Delays after attempt 1, 2 and so on; the last one also after every later attempt. */
const RETRY_DELAYS_SECONDS = [5, 30, 120, 600, 1_800, 3_600, 7_200, 18_000, 36_000];
/** For this time after a failure, new messages for the target go on the queue without an attempt. */
const COOLDOWN_MS = 60_000;
/** Sending time for one target and batch. The rest of the batch goes on the queue, so that the outbox is emptied. */
const BATCH_MS_MAX = 5_000;

export interface SenderDependencies {
  queue: Queue;
  /** ms since 1970 */
  now?: (() => number) | undefined;
  post?: ((webhook: Webhook) => Promise<WebhookResponse>) | undefined;
}

export function webhookSender({ queue, now = Date.now, post = postWebhook }: SenderDependencies) {
  /** By name of the target. */
  const coolingUntilMs = new Map<string, number>();
  /** Names of targets that are being sent a message from the queue. */
  const busy = new Set<string>();

  const isCooling = ({ name }: Target) => now() < (coolingUntilMs.get(name) ?? 0);

  async function send(target: Target, delivery: DeliveryMessage, attempt: number): Promise<DeliveryResult> {
    const { messageId, body } = delivery;
    const logFields = { ...logFieldsOf(delivery), attempt };
    const timestampSeconds = Math.floor(now() / 1000);
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'kms-grants',
      ...signWebhook({ id: messageId, timestampSeconds, body }, target.secrets),
    };
    let retryAfterSeconds = 0;
    try {
      const response = await post({ url: target.url, headers, body, isPrivateAllowed: target.isPrivateAllowed });
      const { status } = response;
      const isDone = status >= 200 && status < 300;
      logger[isDone ? 'info' : 'warn']('delivery', { ...logFields, status });
      if (isDone) coolingUntilMs.delete(target.name);
      if (isDone || status === 410) return isDone ? 'done' : 'gone';
      retryAfterSeconds = response.retryAfterSeconds ?? 0;
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      logger.warn('delivery', { ...logFields, failure: error.failure, cause: error.message });
    }
    coolingUntilMs.set(target.name, now() + Math.max(COOLDOWN_MS, retryAfterSeconds * 1000));
    const delaySeconds = Math.max(retryDelaySeconds(attempt), retryAfterSeconds);
    return { retryDelaySeconds: Math.min(delaySeconds, RETRY_DELAY_SECONDS_MAX) };
  }

  return {
    /** Sends events to a target. When it resolves, each message is delivered, dropped or durably on the queue. */
    async sendEvents(target: Target, events: readonly ChangeEvent[]): Promise<void> {
      const deadlineMs = performance.now() + BATCH_MS_MAX;
      for (const delivery of messagesOf(target, events)) {
        const isPostponed = isCooling(target) || performance.now() > deadlineMs;
        const result = isPostponed ? { retryDelaySeconds: retryDelaySeconds(1) } : await send(target, delivery, 1);
        if (typeof result === 'object') {
          await queue.send(delivery, Math.min(result.retryDelaySeconds, DELAY_SECONDS_MAX));
        }
      }
    },

    /**
     * Makes one attempt to deliver a message from the queue. A target that has failed gets one message at a time, so
     * that a hanging target does not occupy every worker.
     * @param attempt 2 or more
     */
    async sendQueued(target: Target, delivery: DeliveryMessage, attempt: number): Promise<DeliveryResult> {
      if (isCooling(target) && busy.has(target.name)) return { retryDelaySeconds: retryDelaySeconds(attempt) };
      busy.add(target.name);
      try {
        return await send(target, delivery, attempt);
      } finally {
        busy.delete(target.name);
      }
    },
  };
}

export function logFieldsOf({ target, messageId }: DeliveryMessage) {
  return { target, message_id: messageId };
}

function retryDelaySeconds(attempt: number): number {
  return RETRY_DELAYS_SECONDS[attempt - 1] ?? RETRY_DELAYS_SECONDS.at(-1) ?? 0;
}

/** Returns the messages for a target. Ids depend on target and events only, so a repeated message has the same id. */
function messagesOf({ name }: Target, events: readonly ChangeEvent[]): DeliveryMessage[] {
  const messages: DeliveryMessage[] = [];
  for (let from = 0; from < events.length; from += EVENTS_PER_MESSAGE) {
    const part = events.slice(from, from + EVENTS_PER_MESSAGE);
    const messageId = `msg_${sha256Hex([name, ...part.map(({ eventId }) => eventId)].join('\n')).slice(0, 32)}`;
    const timestamp = new Date(Math.max(...part.map(({ atMs }) => atMs))).toISOString();
    const body = JSON.stringify({ type: 'grants.changed', timestamp, data: { events: part.map(serializeEvent) } });
    messages.push({ kind: 'delivery', target: name, messageId, body });
  }
  return messages;
}
