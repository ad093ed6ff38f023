import { setImmediate } from 'node:timers/promises';
import { newEvent } from '../../domain/events.ts';
import type { GrantRef } from '../../domain/model.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import type { Store } from '../../store/store.ts';

interface ObserveDependencies {
  store: Pick<Store, 'events'>;
  now: () => number;
}

/**
 * Records grants that would have been revoked: one event for each, which targets receive too. A grant that the same job
 * has recorded already is left out, so that a job which continues after a crash records each grant once.
 * @param context its request id is the id of the job
 * @returns how many grants were recorded now, and whether the deadline left time for all
 */
export async function observeGrants(
  { store: { events }, now }: ObserveDependencies,
  context: RequestContext,
  grants: readonly GrantRef[],
  isPastDeadline: () => boolean,
): Promise<{ observed: number; isDone: boolean }> {
  let observed = 0;
  for (const grant of grants) {
    await setImmediate();
    const { key_id: keyId, grant_id: grantId } = grant;
    const [newest] = await events.list(context.projectId, { grantId }, 1);
    if (newest?.requestId === context.requestId && newest.isObserved) continue;
    // The deadline is checked only here: a job that continues must first get past the grants that it has recorded.
    if (isPastDeadline()) return { observed, isDone: false };
    const known = 'operations' in grant ? grant : newest?.grant;
    const subject = { keyId, grantId, grant: known, isObserved: true };
    await events.append(newEvent({ ...context, actor: context.caller.userId }, subject, now()), []);
    observed += 1;
  }
  return { observed, isDone: true };
}
