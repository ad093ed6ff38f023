import { changeEvent } from '../../domain/events.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { type ErrorCode, KmsError } from '../../errors.ts';
import { IDEMPOTENCY_WINDOW_MS, idempotencyKeyOf, refusalKeyOf } from '../../idempotency/key.ts';
import type { Change, Store } from '../../store/store.ts';

/** A change decided on, and what its caller is to be answered once it is durable. */
export interface Decision<T> {
  change: Change;
  answer: T;
}

/** Makes changes: decides, writes with its event, and answers a repeat as the first time. */
export type CommitChange = <T>(context: RequestContext, decide: () => Promise<Decision<T>>) => Promise<T>;

/** Races lost in a row before giving up. Each loss means that another change went through. */
const ATTEMPTS = 10;
/** Later than this no attempt is begun: a slow store must not keep a caller for the sum of its delays. */
const LAST_ATTEMPT_MS = 4_000;

/**
 * Prepares the way of every change: read and decide, then write; decide anew when something changed in between.
 * The memory of repeats is asked after `decide` has read: whoever sees the effect of a twin sees its answer too.
 */
export function changeCommitter({ grants, idempotency }: Store, now: () => number): CommitChange {
  /** What `decide` answers or throws; or, for a repeat, what the first was answered or refused with. */
  async function decideOnce<T>(
    context: RequestContext,
    idempotencyKey: string | undefined,
    decide: () => Promise<Decision<T>>,
  ) {
    const refusalKey = refusalKeyOf(context);
    const decision = await decide().catch((error: unknown) => ({ error }));
    const first = idempotencyKey && (await idempotency.find(idempotencyKey, now()));
    if (first) return { first: first.answer as T };
    const refused = refusalKey && (await idempotency.find(refusalKey, now()));
    if (refused) throw refusalOf(refused.answer as Refusal);
    if (!('error' in decision)) return decision;
    const { error } = decision;
    // What only came too late is no refusal: it may be tried again.
    if (refusalKey && error instanceof KmsError && error.status < 500) {
      const answer: Refusal = { code: error.code, detail: error.detail };
      await idempotency.save({ idempotencyKey: refusalKey, answer, expiresAtMs: now() + IDEMPOTENCY_WINDOW_MS }, now());
    }
    throw error;
  }

  return async (context, decide) => {
    const idempotencyKey = idempotencyKeyOf(context);
    const startedAtMs = performance.now();
    let lost = 0;
    do {
      const decision = await decideOnce(context, idempotencyKey, decide);
      if ('first' in decision) return decision.first;
      const { change, answer } = decision;
      const event = changeEvent(change, { ...context, actor: context.caller.userId }, now());
      const once =
        idempotencyKey === undefined
          ? undefined
          : { idempotencyKey, answer, expiresAtMs: event.atMs + IDEMPOTENCY_WINDOW_MS };
      const outcome = await grants.commit(change, event, once);
      if (outcome.type === 'done') return answer;
      if (outcome.type === 'repeat') return outcome.answer as typeof answer;
      lost += 1;
    } while (lost < ATTEMPTS && performance.now() - startedAtMs < LAST_ATTEMPT_MS);
    throw new KmsError('APIGW.0201:504', { cause: new Error(`lost ${lost} races in a row`) });
  };
}

interface Refusal {
  code: ErrorCode;
  detail?: string | undefined;
}

function refusalOf({ code, detail }: Refusal): KmsError {
  return new KmsError(code, { detail });
}
