import { newEvent } from '../../domain/events.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { KmsError } from '../../errors.ts';
import { runOnce } from '../../idempotency/run-once.ts';
import type { Change, Store } from '../../store/store.ts';

/** A change, and the result for its caller, which is returned once the change is durable. */
interface Decision<T> {
  change: Change;
  answer: T;
}

/**
 * Decides about a change and commits it with its event. A repeat of the request returns the first result while that
 * is still true.
 * @param isStillTrue whether an earlier answer is still true
 */
type CommitChange = <T extends object>(
  context: RequestContext,
  decide: () => Promise<Decision<T>>,
  isStillTrue: (answer: T) => Promise<boolean>,
) => Promise<T>;

/** Each conflict means that another change was committed in between. */
const CONFLICTS_MAX = 10;
/** No attempt starts after this time, so that the caller does not wait for several slow attempts. */
const LAST_ATTEMPT_MS = 4_000;

/** Returns the function that commits the changes of the standalone authority. @param now ms since 1970 */
export function changeCommitter({ grants, idempotency }: Store, now: () => number): CommitChange {
  return (context, decide, isStillTrue) =>
    runOnce({ idempotency, now }, context, {
      isStillTrue,
      assertAllowed: decide,
      async work(recordsOf) {
        const startedAtMs = performance.now();
        let conflicts = 0;
        do {
          const { change, answer } = await decide();
          const event = newEvent({ ...context, actor: context.caller.userId }, subjectOf(change), now());
          const { type } = await grants.commit(change, event, recordsOf(answer));
          if (type === 'done') return answer;
          if (type === 'duplicate') return undefined;
          conflicts += 1;
        } while (conflicts < CONFLICTS_MAX && performance.now() - startedAtMs < LAST_ATTEMPT_MS);
        throw new KmsError('APIGW.0201:504', {
          cause: new Error(`each of ${conflicts} attempts conflicted with another change`),
        });
      },
    });
}

/** What the event of a change names: the grant as it is or was, and its key. */
export function subjectOf(change: Change) {
  if ('grant' in change) return { keyId: change.grant.key_id, grant: change.grant };
  return { keyId: 'key' in change ? change.key.keyId : change.keyId };
}
