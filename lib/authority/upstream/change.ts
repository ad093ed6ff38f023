import type { ChangeEvent } from '../../domain/events.ts';
import { newEventId } from '../../domain/ids.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { KmsError, UpstreamRefusalError } from '../../errors.ts';
import { IDEMPOTENCY_WINDOW_MS, idempotencyKeyOf, refusalKeyOf } from '../../idempotency/key.ts';
import { type HeldLock, idempotencyLock } from '../../idempotency/lock.ts';
import { sha256Hex } from '../../signing/bytes.ts';
import type { IdempotencyRecord, Store } from '../../store/store.ts';
import { keyedMutex } from '../../util/keyed-mutex.ts';
import type { ChangeProgress, UpstreamReply } from './client.ts';

/** A change that another KMS is to make. */
export interface UpstreamChange<T> {
  /** What it changes: of one caller's changes of the same, one is made at a time. */
  target: string;
  /** How a second time is refused, where a change can be done only once. */
  alreadyDoneCode?: string | undefined;
  /** Checks what is to be checked here, and sends it. @throws KmsError */
  send(course: ChangeProgress): Promise<UpstreamReply<T>>;
  /** After the refusal of a second time: whether things are as asked for. Left out where that refusal says so. */
  isInRequestedState?(): Promise<boolean>;
  /** What the caller is answered; `told` is undefined where only the refusal of a second time tells that it worked. */
  answerOf(told: T | undefined): object;
  /** What the event tells besides who and when. */
  eventOf(told: T | undefined): Pick<ChangeEvent, 'keyId' | 'grantId' | 'grant'>;
}

/** Requests for one change that may wait for their turn. */
const WAITING_MAX = 32;

/**
 * Prepares the way of every change that another KMS makes: claim it, send it, and write its event; a repeat is answered
 * as the first time. A change that ended without an answer, even with its process, leaves its claim open: when the same
 * caller sends it again and the KMS refuses it as one that is done already, then it has worked.
 */
export function upstreamChanger(
  { events, idempotency }: Pick<Store, 'events' | 'idempotency'>,
  settings: { timeoutMs: number; now: () => number; isSingleHost: boolean },
) {
  const { timeoutMs, now } = settings;
  const turns = keyedMutex(timeoutMs, WAITING_MAX);
  const claim = idempotencyLock(idempotency, settings);
  const remembered = (idempotencyKey: string, answer: unknown): IdempotencyRecord => ({
    idempotencyKey: idempotencyKey,
    answer,
    expiresAtMs: now() + IDEMPOTENCY_WINDOW_MS,
  });

  /** Sends it, and judges the refusal of a second time. */
  async function sendOnce<T>(
    context: RequestContext,
    sending: UpstreamChange<T>,
    course: ChangeProgress,
  ): Promise<UpstreamReply<T | undefined>> {
    try {
      return await sending.send(course);
    } catch (error) {
      const isSecond = course.isUncertain && error instanceof KmsError && error.publicCode === sending.alreadyDoneCode;
      if (!isSecond || (await sending.isInRequestedState?.()) === false) throw error;
      return { answer: undefined, requestId: context.trace?.upstreamRequestId ?? '' };
    }
  }

  async function make<T>(
    context: RequestContext,
    sending: UpstreamChange<T>,
    claimed: HeldLock | undefined,
  ): Promise<object> {
    const idempotencyKey = idempotencyKeyOf(context);
    const refusalKey = refusalKeyOf(context) && `${refusalKeyOf(context)}-upstream`;
    const course = { isUncertain: claimed?.isUncertain ?? false };
    try {
      const first = idempotencyKey && (await idempotency.find(idempotencyKey, now()));
      if (first) {
        await leave(claimed, course);
        return first.answer as object;
      }
      const refused = refusalKey && (await idempotency.find(refusalKey, now()));
      if (refused) throw new UpstreamRefusalError(refused.answer as Refusal);

      const told = await sendOnce(context, sending, course);
      // Until its event is written, it has not ended.
      course.isUncertain = true;
      const answer = sending.answerOf(told.answer);
      const event = { ...toldBy(context, now()), ...sending.eventOf(told.answer), upstreamRequestId: told.requestId };
      const once = idempotencyKey ? [remembered(idempotencyKey, answer)] : [];
      await events.append(event, claimed ? [...once, claimed.ended] : once);
      return answer;
    } catch (error) {
      const isRefusal = error instanceof KmsError && error.status < 500 && error.status !== 429;
      try {
        if (refusalKey && isRefusal && !course.isUncertain) {
          await idempotency.save(remembered(refusalKey, refusalOf(error)), now());
        }
      } finally {
        await leave(claimed, course);
      }
      throw error;
    }
  }

  return async function change<T, A extends object>(
    context: RequestContext,
    sending: UpstreamChange<T> & { answerOf(told: T | undefined): A },
  ): Promise<A> {
    // The ids of what its sending meets are read from it afterwards.
    context.trace ??= {};
    const name = nameOf(context, sending.target);
    // What can be done twice, and was sent without a mark by which it could be known again, is a new change each time.
    const isOne = sending.alreadyDoneCode !== undefined || idempotencyKeyOf(context) !== undefined;
    const leftMs = () => timeoutMs - (performance.now() - (context.startedAtMs ?? performance.now()));
    return (await turns(
      name,
      async () => make(context, sending, isOne ? await claim(name, context.requestId, leftMs()) : undefined),
      leftMs(),
    )) as A;
  };
}

/** Where the store fails now, the claim's time runs out by itself: what went before is what is told. */
async function leave(claimed: HeldLock | undefined, { isUncertain }: ChangeProgress): Promise<void> {
  await claimed?.release(isUncertain).catch(() => undefined);
}

/** Equal for what is the same change by the same caller. */
function nameOf({ caller, projectId, action }: RequestContext, target: string): string {
  return sha256Hex([caller.userId, projectId, action, 'claim', target].join('\n'));
}

function toldBy({ action, projectId, caller, channel, requestId, sequence, reason }: RequestContext, atMs: number) {
  return {
    eventId: newEventId(atMs),
    atMs,
    action,
    projectId,
    actor: caller.userId,
    channel,
    requestId,
    sequence,
    reason,
  };
}

interface Refusal {
  status: number;
  code: string;
  text: string;
}

function refusalOf({ status, publicCode, message }: KmsError): Refusal {
  return { status, code: publicCode, text: message };
}
