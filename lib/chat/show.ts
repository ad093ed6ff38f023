/** Shows the messages of an answer: in the reply what the platform takes there, and the rest as deliveries. */
import { setTimeout as pause } from 'node:timers/promises';
import { describeCause, logger } from '../logger.ts';
import type { ChatDependencies } from './dependencies.ts';
import { noteDelivered } from './follow-up.ts';
import type { ChatPlatform, Place, ReceivedCommand, ReceivedPress } from './platform.ts';
import { chatRequests } from './requests.ts';
import type { ChatSource } from './source.ts';
import { DELIVERY_MS } from './time-limits.ts';
import type { Message } from './view.ts';

/** A little longer than a delivery may take, so that its failure is known. */
const DELIVERIES_MS = DELIVERY_MS + 100;

export interface Answer {
  messages: readonly Message[];
  /** The stored request whose button was pressed or typed. */
  cardOf?: string;
  /** Of a repeated request, only the reply is sent: the sender may be the platform, and people have seen the answer. */
  isRepeat?: boolean;
}

interface Shown extends Answer {
  platform: ChatPlatform;
  source: ChatSource;
  incoming: ReceivedCommand | ReceivedPress;
  requestId: string;
  /** When the request arrived, by performance.now(). */
  startedAtMs?: number | undefined;
}

/** @returns the reply, after the deliveries: a function may be stopped as soon as it has replied */
export async function showMessages(dependencies: ChatDependencies, shown: Shown): Promise<object> {
  const { platform, source, incoming, isRepeat = false, startedAtMs = performance.now() } = shown;
  const messages = shown.messages.filter(({ to }) => to === undefined);
  const { replyMsMax = Number.POSITIVE_INFINITY } = platform;
  const isTooLate = performance.now() > startedAtMs + replyMsMax;
  const { reply, rest: others } = platform.reply(isTooLate ? [] : messages, incoming, source);
  if (isRepeat) return reply;
  const rest = [...(isTooLate ? messages : others), ...shown.messages.filter(({ to }) => to !== undefined)];
  const inReply = messages.filter((message) => !rest.includes(message));
  await Promise.all(inReply.map((message) => noteDelivered(dependencies, message)));
  if (rest.length === 0) return reply;
  const timeout = new AbortController();
  const deliveries = Promise.all(rest.map((message) => deliver(dependencies, shown, message)));
  const isLate = await Promise.race([
    deliveries.then(() => false),
    pause(DELIVERIES_MS, true, { signal: timeout.signal }),
  ]);
  timeout.abort();
  if (isLate) logDelivery(shown, new Error(`a delivery took longer than ${DELIVERIES_MS} ms`));
  return reply;
}

/** A message that cannot be delivered is only logged: what it tells has happened. */
async function deliver(dependencies: ChatDependencies, shown: Shown, message: Message): Promise<void> {
  const { platform, source, incoming } = shown;
  try {
    const place = message.to ?? (await placeOf(dependencies, shown, message));
    const shownAt = await platform.deliver(message, place, source, incoming.locale);
    if (shownAt) await noteDelivered(dependencies, message, shownAt);
    else if (!message.to) logDelivery(shown, new Error('the platform offers no way to deliver it'));
  } catch (error) {
    logDelivery(shown, error);
  }
}

const requestsOf = ({ store, now }: ChatDependencies) => chatRequests(store.idempotency, now);

/** A press names its card. For a typed button, the stored request knows where its card is. */
async function placeOf(
  dependencies: ChatDependencies,
  { incoming, cardOf }: Shown,
  { replacesCard }: Message,
): Promise<Place> {
  if (incoming.type === 'press' || !replacesCard || cardOf === undefined) return incoming.place;
  return (await requestsOf(dependencies).find(cardOf))?.card ?? incoming.place;
}

function logDelivery({ source, requestId }: Shown, error: unknown): void {
  logger.warn('chat', { request_id: requestId, source: source.name, delivery: 'failed', cause: loggedCause(error) });
}

/** The stack of an error for the log, without URLs: that of a reply lets its holder post as the app. */
export const loggedCause = (error: unknown): string => describeCause(error).replace(/https?:\/\/[^\s"']+/g, '<url>');
