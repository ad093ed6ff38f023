import { KmsError, PassedError } from '../../errors.ts';
import { inTurn } from '../../in-turn.ts';
import { sha256Hex } from '../../signing/bytes.ts';
import type { ChangeEvent, Once, Store } from '../../store/store.ts';
import type { Act } from '../authority.ts';
import { newEventId } from '../ids.ts';
import { ONCE_MS, onceKeyOf, refusalKeyOf } from '../once.ts';
import type { Course, Told } from './cloud.ts';

/** A change that another KMS is to make. */
export interface Sending<T> {
  /** What it changes; one change of the same is made at a time. */
  target: string;
  /** How a second time is refused, where that tells that the first has worked; a change without it is begun anew. */
  workedCode?: string | undefined;
  /** Checks what is to be checked here, and sends it. @throws KmsError, also where a second time is found out here */
  send(course: Course): Promise<Told<T>>;
  /** What the caller is answered. */
  answerOf(told: T | undefined): object;
  /** What the event tells besides who and when. */
  eventOf(told: T | undefined): Pick<ChangeEvent, 'keyId' | 'grantId' | 'grant'>;
}

/** What is remembered of a change that was begun: whether it is still not known to have ended. */
type Begun = { isOpen: boolean };

/**
 * Prepares the way of every change that another KMS makes: remember that it is begun, send it, and write its event; a
 * repeat is answered as the first time. A change that ended without an answer, even with this process, stays begun: when
 * the same caller sends it again and the KMS says that it is done already, then it has worked.
 */
export function upstreamChanger(
  { events, seen }: Pick<Store, 'events' | 'seen'>,
  { timeoutMs, now }: { timeoutMs: number; now: () => number },
) {
  const turns = inTurn(timeoutMs);
  const remembered = (onceKey: string, answer: unknown): Once => ({ onceKey, answer, expiresAtMs: now() + ONCE_MS });

  /** @throws what a captured request was refused with, when it comes again */
  async function assertNotRefused(refusalKey: string | undefined): Promise<void> {
    const refused = refusalKey && (await seen.firstAnswer(refusalKey, now()));
    if (refused) throw new PassedError(refused.answer as Refusal);
  }

  async function begin(begunKey: string): Promise<Course> {
    const begun = (await seen.firstAnswer(begunKey, now()))?.answer as Begun | undefined;
    if (begun?.isOpen) return { isDoubtful: true };
    await seen.remember(remembered(begunKey, { isOpen: true } satisfies Begun), now());
    return { isDoubtful: false };
  }

  /** Sends it; a second time that is found out here counts as one that the KMS found out. */
  async function sendOnce<T>({ send, workedCode }: Sending<T>, course: Course): Promise<Told<T>> {
    try {
      return await send(course);
    } catch (error) {
      const isDone = course.isDoubtful && error instanceof KmsError && error.wireCode === workedCode;
      if (!isDone) throw error;
      return { answer: undefined, requestId: '' };
    }
  }

  async function make<T>(act: Act, sending: Sending<T>): Promise<object> {
    const onceKey = onceKeyOf(act);
    const refusalKey = refusalKeyOf(act);
    const first = onceKey && (await seen.firstAnswer(onceKey, now()));
    if (first) return first.answer as object;
    await assertNotRefused(refusalKey);

    const begunKey = sending.workedCode === undefined ? undefined : begunKeyOf(act, sending.target);
    const course = begunKey ? await begin(begunKey) : { isDoubtful: false };
    const ended = begunKey ? [remembered(begunKey, { isOpen: false } satisfies Begun)] : [];
    try {
      const told = await sendOnce(sending, course);
      // Until its event is written, it has not ended.
      course.isDoubtful = true;
      const answer = sending.answerOf(told.answer);
      const event = { ...toldBy(act, now()), ...sending.eventOf(told.answer), upstreamRequestId: told.requestId };
      await events.append(event, onceKey ? [remembered(onceKey, answer), ...ended] : ended);
      return answer;
    } catch (error) {
      const isKnown = error instanceof KmsError && !course.isDoubtful;
      const isRefusal = isKnown && error.status < 500 && error.status !== 429;
      const refusal = refusalKey && isRefusal ? [remembered(refusalKey, refusalOf(error))] : [];
      for (const once of [...refusal, ...(isKnown ? ended : [])]) await seen.remember(once, now());
      throw error;
    }
  }

  return async <T, A extends object>(
    act: Act,
    sending: Sending<T> & { answerOf(told: T | undefined): A },
  ): Promise<A> => (await turns(`${act.projectId} ${sending.target}`, () => make(act, sending))) as A;
}

function begunKeyOf({ caller, projectId, action }: Act, target: string): string {
  return sha256Hex([caller.userId, projectId, action, 'begun', target].join('\n'));
}

function toldBy({ action, projectId, caller, door, requestId, sequence }: Act, atMs: number) {
  return { eventId: newEventId(atMs), atMs, action, projectId, actor: caller.userId, door, requestId, sequence };
}

interface Refusal {
  status: number;
  code: string;
  text: string;
}

function refusalOf({ status, wireCode, message }: KmsError): Refusal {
  return { status, code: wireCode, text: message };
}
