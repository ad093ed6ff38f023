import { type ErrorCode, KmsError } from '../errors.ts';
import type { Change, ChangeEvent, Door, Store } from '../store/store.ts';
import type { Act } from './authority.ts';
import { newEventId } from './ids.ts';
import { ONCE_MS, onceKeyOf, refusalKeyOf } from './once.ts';

/** A change decided on, and what its caller is to be answered once it is durable. */
export interface Decision<T> {
  change: Change;
  answer: T;
}

/** Makes changes: decides, writes with its event, and answers a repeat as the first time. */
export type Changer = <T>(act: Act, decide: () => Promise<Decision<T>>) => Promise<T>;

/** Races lost in a row before giving up. Each loss means that another change went through. */
const ATTEMPTS = 10;
/** Later than this no attempt is begun: a slow store must not keep a caller for the sum of its delays. */
const LAST_ATTEMPT_MS = 4_000;

/**
 * Prepares the way of every change: read and decide, then write; decide anew when something changed in between.
 * The memory of repeats is asked after `decide` has read: whoever sees the effect of a twin sees its answer too.
 */
export function changer({ grants, seen }: Store, now: () => number): Changer {
  /** What `decide` answers or throws; or, for a repeat, what the first was answered or refused with. */
  async function decideOnce<T>(act: Act, onceKey: string | undefined, decide: () => Promise<Decision<T>>) {
    const refusalKey = refusalKeyOf(act);
    const decision = await decide().catch((error: unknown) => ({ error }));
    const first = onceKey && (await seen.firstAnswer(onceKey, now()));
    if (first) return { first: first.answer as T };
    const refused = refusalKey && (await seen.firstAnswer(refusalKey, now()));
    if (refused) throw refusalOf(refused.answer as Refusal);
    if (!('error' in decision)) return decision;
    const { error } = decision;
    // What only came too late is no refusal: it may be tried again.
    if (refusalKey && error instanceof KmsError && error.status < 500) {
      const answer: Refusal = { code: error.code, detail: error.detail };
      await seen.remember({ onceKey: refusalKey, answer, expiresAtMs: now() + ONCE_MS }, now());
    }
    throw error;
  }

  return async (act, decide) => {
    const onceKey = onceKeyOf(act);
    const startedAtMs = performance.now();
    let lost = 0;
    do {
      const decision = await decideOnce(act, onceKey, decide);
      if ('first' in decision) return decision.first;
      const { change, answer } = decision;
      const event = eventOf(change, { ...act, actor: act.caller.userId }, now());
      const once = onceKey === undefined ? undefined : { onceKey, answer, expiresAtMs: event.atMs + ONCE_MS };
      const outcome = await grants.commit(change, event, once);
      if (outcome.type === 'done') return answer;
      if (outcome.type === 'repeat') return outcome.answer as typeof answer;
      lost += 1;
    } while (lost < ATTEMPTS && performance.now() - startedAtMs < LAST_ATTEMPT_MS);
    throw new KmsError('APIGW.0201:504', { cause: new Error(`lost ${lost} races in a row`) });
  };
}

/** Who and how, as an event tells it. */
export interface Origin {
  action: string;
  projectId: string;
  actor: string;
  door: Door;
  requestId: string;
  sequence?: string | undefined;
  reason?: string | undefined;
}

/** The event of a change. */
export function eventOf(change: Change, origin: Origin, atMs: number): ChangeEvent {
  const { action, projectId, actor, door, requestId, sequence, reason } = origin;
  const grant = 'grant' in change ? change.grant : undefined;
  const keyId = keyIdOf(change);
  return { eventId: newEventId(atMs), atMs, action, projectId, keyId, actor, door, requestId, sequence, reason, grant };
}

function keyIdOf(change: Change): string {
  if ('grant' in change) return change.grant.key_id;
  return 'key' in change ? change.key.keyId : change.keyId;
}

interface Refusal {
  code: ErrorCode;
  detail?: string | undefined;
}

function refusalOf({ code, detail }: Refusal): KmsError {
  return new KmsError(code, { detail });
}
