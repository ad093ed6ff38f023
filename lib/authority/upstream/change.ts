import { KmsError, PassedError } from '../../errors.ts';
import { inTurn } from '../../in-turn.ts';
import { sha256Hex } from '../../signing/bytes.ts';
import type { ChangeEvent, Once, Store } from '../../store/store.ts';
import type { Act } from '../authority.ts';
import { type Claimed, claims } from '../claims.ts';
import { newEventId } from '../ids.ts';
import { ONCE_MS, onceKeyOf, refusalKeyOf } from '../once.ts';
import type { Course, Told } from './cloud.ts';

/** A change that another KMS is to make. */
export interface Sending<T> {
  /** What it changes: of one caller's changes of the same, one is made at a time. */
  target: string;
  /** How a second time is refused, where a change can be done only once. */
  workedCode?: string | undefined;
  /** Checks what is to be checked here, and sends it. @throws KmsError */
  send(course: Course): Promise<Told<T>>;
  /** After the refusal of a second time: whether things are as asked for. Left out where that refusal says so. */
  isAsAsked?(): Promise<boolean>;
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
  { events, seen }: Pick<Store, 'events' | 'seen'>,
  settings: { timeoutMs: number; now: () => number; isOneMachines: boolean },
) {
  const { timeoutMs, now } = settings;
  const turns = inTurn(timeoutMs, WAITING_MAX);
  const claim = claims(seen, settings);
  const remembered = (onceKey: string, answer: unknown): Once => ({ onceKey, answer, expiresAtMs: now() + ONCE_MS });

  /** Sends it, and judges the refusal of a second time. */
  async function sendOnce<T>(act: Act, sending: Sending<T>, course: Course): Promise<Told<T | undefined>> {
    try {
      return await sending.send(course);
    } catch (error) {
      const isSecond = course.isDoubtful && error instanceof KmsError && error.wireCode === sending.workedCode;
      if (!isSecond || (await sending.isAsAsked?.()) === false) throw error;
      return { answer: undefined, requestId: act.trace?.upstreamRequestId ?? '' };
    }
  }

  async function make<T>(act: Act, sending: Sending<T>, claimed: Claimed | undefined): Promise<object> {
    const onceKey = onceKeyOf(act);
    const refusalKey = refusalKeyOf(act) && `${refusalKeyOf(act)}-upstream`;
    const course = { isDoubtful: claimed?.isDoubtful ?? false };
    try {
      const first = onceKey && (await seen.firstAnswer(onceKey, now()));
      if (first) {
        await leave(claimed, course);
        return first.answer as object;
      }
      const refused = refusalKey && (await seen.firstAnswer(refusalKey, now()));
      if (refused) throw new PassedError(refused.answer as Refusal);

      const told = await sendOnce(act, sending, course);
      // Until its event is written, it has not ended.
      course.isDoubtful = true;
      const answer = sending.answerOf(told.answer);
      const event = { ...toldBy(act, now()), ...sending.eventOf(told.answer), upstreamRequestId: told.requestId };
      const once = onceKey ? [remembered(onceKey, answer)] : [];
      await events.append(event, claimed ? [...once, claimed.ended] : once);
      return answer;
    } catch (error) {
      const isRefusal = error instanceof KmsError && error.status < 500 && error.status !== 429;
      try {
        if (refusalKey && isRefusal && !course.isDoubtful) {
          await seen.remember(remembered(refusalKey, refusalOf(error)), now());
        }
      } finally {
        await leave(claimed, course);
      }
      throw error;
    }
  }

  return async function change<T, A extends object>(
    act: Act,
    sending: Sending<T> & { answerOf(told: T | undefined): A },
  ): Promise<A> {
    // The ids of what its sending meets are read from it afterwards.
    act.trace ??= {};
    const name = nameOf(act, sending.target);
    // What can be done twice, and was sent without a mark by which it could be known again, is a new change each time.
    const isOne = sending.workedCode !== undefined || onceKeyOf(act) !== undefined;
    const leftMs = () => timeoutMs - (performance.now() - (act.startedAtMs ?? performance.now()));
    return (await turns(
      name,
      async () => make(act, sending, isOne ? await claim(name, act.requestId, leftMs()) : undefined),
      leftMs(),
    )) as A;
  };
}

/** Where the store fails now, the claim's time runs out by itself: what went before is what is told. */
async function leave(claimed: Claimed | undefined, { isDoubtful }: Course): Promise<void> {
  await claimed?.leave(isDoubtful).catch(() => undefined);
}

/** Equal for what is the same change by the same caller. */
function nameOf({ caller, projectId, action }: Act, target: string): string {
  return sha256Hex([caller.userId, projectId, action, 'claim', target].join('\n'));
}

function toldBy({ action, projectId, caller, door, requestId, sequence, reason }: Act, atMs: number) {
  return {
    eventId: newEventId(atMs),
    atMs,
    action,
    projectId,
    actor: caller.userId,
    door,
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

function refusalOf({ status, wireCode, message }: KmsError): Refusal {
  return { status, code: wireCode, text: message };
}
