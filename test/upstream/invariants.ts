/** Checks the answers of the backend against what the proxy and the upstream recorded. */
import { type Call, describe, type History, isRemoval, isUncertain, lastCall, type Operation } from './history.ts';
import type { ProxiedCall } from './proxy.ts';

/** The most attempts that the backend may make for one request. */
const ATTEMPTS_MAX = 4;

/** Returns one sentence for each violation; empty if every answer was correct. */
export function violations(history: History): string[] {
  const view = viewOf(history);
  return [
    ...history.operations.flatMap(({ calls }) => calls).flatMap((call) => checkCall(view, call)),
    ...history.operations.filter(isRemoval).flatMap((operation) => checkRemoval(view, operation)),
    ...checkUpstream(view, history),
    ...checkEvents(view, history),
  ];
}

/** The records of a history, indexed for the checks. */
interface View {
  /** The attempts that the backend made for a call, by its request id, oldest first. */
  attemptsOf: Map<string, ProxiedCall[]>;
  callById: Map<string, Call>;
  /** The call that caused a change at the upstream, by the upstream's request id. */
  callByUpstreamId: Map<string, Call>;
  /** The call that removed a grant at the upstream, by grant id. */
  removedBy: Map<string, Call>;
  /** `<user> <grant>` of each removal that was answered with 200. */
  acknowledged: Set<string>;
}

function viewOf({ operations, proxiedCalls, upstreamEvents }: History): View {
  const callById = new Map(operations.flatMap(({ calls }) => calls.map((call) => [call.requestId, call] as const)));
  const attemptsOf = Map.groupBy(proxiedCalls, ({ body }) => String(body['sequence']).replaceAll('-', ''));
  const callByUpstreamId = new Map<string, Call>();
  for (const [requestId, attempts] of attemptsOf) {
    const call = callById.get(requestId);
    for (const { upstream } of attempts)
      if (upstream && call) callByUpstreamId.set(upstream.headers['x-request-id'] ?? '', call);
  }
  const removedBy = new Map<string, Call>();
  for (const { action, grant, requestId } of upstreamEvents) {
    const call = callByUpstreamId.get(requestId);
    if (grant && call && action !== 'create-grant') removedBy.set(grant.grant_id, call);
  }
  const done = operations.filter((operation) => isRemoval(operation) && lastCall(operation).answer.status === 200);
  return { attemptsOf, callById, callByUpstreamId, removedBy, acknowledged: new Set(done.map(userAndGrant)) };
}

/** Checks the number of attempts, and that a create which may have been applied is not sent again. */
function checkCall({ attemptsOf }: View, call: Call): string[] {
  const { answer, operation, stillExists } = call;
  // A backend with its own credentials also sends lookups, which have the same request id.
  const all = attemptsOf.get(call.requestId) ?? [];
  const attempts = all.filter(({ action }) => action === operation.action);
  const prefix = `${describe(call)} after ${attempts.map(({ fault }) => fault).join(', ')}`;
  const faults: string[] = [];
  if (attempts.length > ATTEMPTS_MAX) faults.push(`${prefix}: ${attempts.length} attempts`);
  if (stillExists) faults.push(`${prefix}: answered 200, but the grant still exists`);
  if (operation.action === 'create-grant' && !attempts.slice(0, -1).every(isThrottled)) {
    faults.push(`${prefix}: a create that may have been applied was sent again`);
  }
  if (answer.status === 200 && !all.some(({ upstream }) => upstream))
    faults.push(`${prefix}: answered 200 without a call of the upstream`);
  return faults;
}

const isThrottled = ({ fault }: ProxiedCall) => fault.startsWith('429');

/**
 * Checks that a refused removal was not applied by that call, and that its caller does not only get KMS.2501 for a
 * grant that an earlier call of the same operation removed.
 */
function checkRemoval({ removedBy, acknowledged }: View, operation: Operation): string[] {
  const last = lastCall(operation);
  const { status, body } = last.answer;
  if (isUncertain(last.answer)) return [`${describe(last)}: the result is still uncertain`];
  const cause = removedBy.get(operation.grantId ?? '');
  if (status === 200 || cause?.operation !== operation) return [];
  const isCauseUnreported = body.error_code === 'KMS.2501' && !acknowledged.has(userAndGrant(operation));
  return cause === last || isCauseUnreported
    ? [`${describe(last)}: refused, but the change was applied by ${describe(cause)}`]
    : [];
}

const userAndGrant = ({ user, grantId }: Operation) => `${user.user_id} ${grantId}`;

/** Checks that every change at the upstream was requested, and that none was applied twice. */
function checkUpstream(
  { callByUpstreamId }: View,
  { operations, directIds, upstreamEvents, remaining }: History,
): string[] {
  const faults: string[] = [];
  const created = new Map<string, Set<string>>();
  const expectedIds = new Set<string>();
  for (const { action, grant, requestId } of upstreamEvents) {
    const id = grant?.grant_id ?? '';
    const call = callByUpstreamId.get(requestId);
    if (action === 'create-grant') {
      expectedIds.add(id);
      if (directIds.has(id)) continue;
      if (call?.operation.action !== action) faults.push(`${id} was created without a request`);
      const name = grant?.name ?? '';
      created.set(name, (created.get(name) ?? new Set()).add(id));
    } else if (action === 'revoke-grant' || action === 'retire-grant') {
      expectedIds.delete(id);
      if (call?.operation.grantId !== id || call.operation.action !== action)
        faults.push(`${id} was removed without a request`);
    }
  }
  for (const operation of operations.filter(({ action }) => action === 'create-grant')) {
    const last = lastCall(operation);
    const { status, body } = last.answer;
    const ids = [...(created.get(`op-${operation.n}`) ?? [])];
    const isTrue = status === 200 ? ids.join() === body.grant_id : ids.length <= (status >= 500 ? 1 : 0);
    if (!isTrue) faults.push(`${describe(last)}: created ${ids.length}`);
  }
  const remainingIds = remaining.map(({ grant_id }) => grant_id).sort();
  if (remainingIds.join() !== [...expectedIds].sort().join()) faults.push('the final list differs from the events');
  return faults;
}

/** Checks that each change that was answered with 200 has one event, and that there are no other events. */
function checkEvents({ callById, attemptsOf }: View, { operations, backendEvents }: History): string[] {
  const faults: string[] = [];
  const eventsOf = Map.groupBy(backendEvents, ({ requestId }) => requestId);
  for (const [requestId, events] of eventsOf) {
    const call = callById.get(requestId);
    const [event] = events;
    const upstreamIds = (attemptsOf.get(requestId) ?? []).map(({ upstream }) => upstream?.headers['x-request-id']);
    const prefix = call ? describe(call) : requestId;
    if (events.length > 1) faults.push(`${prefix}: ${events.length} events`);
    if (call?.answer.status !== 200) faults.push(`${prefix}: an event, but the answer was not 200`);
    const named = event?.upstreamRequestId;
    if (!named || !upstreamIds.includes(named))
      faults.push(`${prefix}: the event has the upstream request id ${named}, the proxy saw ${upstreamIds}`);
  }
  for (const operation of operations.filter(({ action }) => !action.startsWith('list-'))) {
    for (const call of operation.calls) {
      const count = eventsOf.get(call.requestId)?.length ?? 0;
      if (call.answer.status === 200 && count !== 1) faults.push(`${describe(call)}: ${count} events`);
    }
  }
  return faults;
}
