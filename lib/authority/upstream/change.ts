import { type EventSubject, newEvent } from '../../domain/events.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { KmsError } from '../../errors.ts';
import { idempotencyKeyOf } from '../../idempotency/key.ts';
import { type HeldLock, idempotencyLock } from '../../idempotency/lock.ts';
import { runOnce } from '../../idempotency/run-once.ts';
import { sha256Hex } from '../../signing/bytes.ts';
import type { Store } from '../../store/store.ts';
import { keyedMutex } from '../../util/keyed-mutex.ts';
import { type ChangeProgress, type UpstreamReply, undecided } from './client.ts';

/** A change that the upstream makes. `R` is the upstream's response to it, `A` the answer to the caller. */
interface UpstreamChange<R, A extends object> {
  /** Names what is changed: one caller's requests with the same target run one at a time. */
  target: string;
  /** The code with which the upstream refuses the change when it is already done; absent when it can be done twice. */
  alreadyDoneCode?: string | undefined;
  /** Checks this service's own rules and calls the upstream. @throws KmsError */
  send(progress: ChangeProgress): Promise<UpstreamReply<R>>;
  /** After `alreadyDoneCode`: whether the target is in the requested state. Absent where the code alone proves it. */
  isInRequestedState?(): Promise<boolean>;
  /** Asks the upstream whether an earlier answer is still true. @throws KmsError */
  isStillTrue(answer: A): Promise<boolean>;
  /** Whether the change must not be sent again when a request with the same signature did not end. */
  reservesSignature?: boolean;
  /** @param response undefined where only `alreadyDoneCode` shows that the change was applied */
  answerOf(response: R | undefined): A;
  subjectOf(response: R | undefined): Omit<EventSubject, 'upstreamRequestId' | 'failure'>;
}

/** Requests for the same change that may wait in this process. */
const WAITING_MAX = 32;

/**
 * Creates the function that makes every change at the upstream: take the lock, call, write the event. A change that
 * ended without a response, even by a crash, leaves its lock open. When the same caller sends it again and the upstream
 * refuses it as already done, the first attempt has succeeded.
 */
export function upstreamChanger(
  { events, idempotency }: Pick<Store, 'events' | 'idempotency'>,
  settings: { timeoutMs: number; now: () => number; isSingleHost: boolean },
) {
  const { timeoutMs, now } = settings;
  const withMutex = keyedMutex(timeoutMs, WAITING_MAX);
  const acquireLock = idempotencyLock(idempotency, settings);

  async function send<R>(
    context: RequestContext,
    change: UpstreamChange<R, object>,
    progress: ChangeProgress,
  ): Promise<UpstreamReply<R | undefined>> {
    try {
      return await change.send(progress);
    } catch (error) {
      const isAlreadyDone = error instanceof KmsError && error.publicCode === change.alreadyDoneCode;
      if (!progress.isUncertain || !isAlreadyDone) throw error;
      const isDone = await change.isInRequestedState?.().catch((cause: unknown) => {
        throw undecided(cause);
      });
      if (isDone === false) throw error;
      return { answer: undefined, requestId: context.trace?.upstreamRequestId ?? '' };
    }
  }

  async function makeOnce<R, A extends object>(
    context: RequestContext,
    change: UpstreamChange<R, A>,
    lock: HeldLock | undefined,
  ): Promise<A> {
    const progress = { isUncertain: lock?.isUncertain ?? false };
    let isLockEnded = false;
    try {
      return await runOnce<A>({ idempotency, now }, context, {
        async work(recordsOf) {
          const response = await send(context, change, progress);
          // The upstream has applied the change, and its event is not written yet.
          progress.isUncertain = true;
          const answer = change.answerOf(response.answer);
          const subject = { ...change.subjectOf(response.answer), upstreamRequestId: response.requestId };
          const event = newEvent({ ...context, actor: context.caller.userId }, subject, now());
          isLockEnded = await events.append(event, [...recordsOf(answer), ...(lock ? [lock.ended] : [])]);
          // A separate request with this signature has stored its record first. The change is made all the same.
          if (!isLockEnded) await events.append(event, []);
          progress.isUncertain = false;
          return answer;
        },
        isStillTrue: change.isStillTrue,
        isRefusalFinal: () => !progress.isUncertain,
        reservesSignature: change.reservesSignature ?? false,
        oldRefusalSuffix: '-upstream',
      });
    } finally {
      // If the store fails here, the lock expires later. The caller gets the error of the change.
      if (!isLockEnded) await lock?.release(progress.isUncertain).catch(() => undefined);
    }
  }

  return async function makeChange<R, A extends object>(
    context: RequestContext,
    change: UpstreamChange<R, A>,
  ): Promise<A> {
    // `send` reads the upstream's request id from here.
    context.trace ??= {};
    const name = lockNameOf(context, change.target);
    // A change that can be made twice and has no idempotency key is a new one each time.
    const needsLock = change.alreadyDoneCode !== undefined || idempotencyKeyOf(context) !== undefined;
    const leftMs = () => timeoutMs - (performance.now() - (context.startedAtMs ?? performance.now()));
    const make = async () =>
      makeOnce(context, change, needsLock ? await acquireLock(name, context.requestId, leftMs()) : undefined);
    return withMutex(name, make, leftMs());
  };
}

/**
 * Equal for requests of one caller for the same change. The word 'claim' is part of the name as version 0.1 stored
 * it.
 */
function lockNameOf({ caller, projectId, action }: RequestContext, target: string): string {
  return sha256Hex([caller.userId, projectId, action, 'claim', target].join('\n'));
}
