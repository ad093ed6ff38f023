/** Whether every answer was true: the history told by the backend compared with the one told by proxy and upstream. */
import { type Call, describe, type History, isOpen, isRemoval, lastCall, type Operation } from './history.ts';
import type { ProxiedCall } from './proxy.ts';

/** Tries of one request at most. */
const ATTEMPTS_MAX = 4;

/** What is wrong, in words; empty when all is true. */
export function violations(history: History): string[] {
  const view = viewOf(history);
  return [
    ...history.operations.flatMap(({ calls }) => calls).flatMap((call) => checkCall(view, call)),
    ...history.operations.filter(isRemoval).flatMap((operation) => checkRemoval(view, operation)),
    ...checkUpstream(view, history),
    ...checkEvents(view, history),
  ];
}

/** What belongs together. */
interface View {
  /** The attempts of a call, by its request id, oldest first. */
  attemptsOf: Map<string, ProxiedCall[]>;
  callById: Map<string, Call>;
  /** The call that made the upstream do it, by the upstream's request id. */
  callByUpstreamId: Map<string, Call>;
  /** The call that made the upstream remove the grant. */
  removedBy: Map<string, Call>;
  /** Who was answered 200 for the removal of which grant. */
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
  return { attemptsOf, callById, callByUpstreamId, removedBy, acknowledged: new Set(done.map(placeOf)) };
}

/** Tried as often as is right, and not after what may have been done already, where that would be done twice. */
function checkCall({ attemptsOf }: View, call: Call): string[] {
  const { answer, operation, stillExists } = call;
  // With credentials of its own the backend may have to look up what it is asked about.
  const all = attemptsOf.get(call.requestId) ?? [];
  const attempts = all.filter(({ action }) => action === operation.action);
  const told = `${describe(call)} after ${attempts.map(({ fault }) => fault).join(', ')}`;
  const faults: string[] = [];
  if (attempts.length > ATTEMPTS_MAX) faults.push(`${told}: tried ${attempts.length} times`);
  if (stillExists) faults.push(`${told}: answered 200 and is still there`);
  if (operation.action === 'create-grant' && !attempts.slice(0, -1).every(isThrottled)) {
    faults.push(`${told}: a create that may have been done was tried again`);
  }
  if (answer.status === 200 && !all.some(({ upstream }) => upstream)) faults.push(`${told}: 200 without the upstream`);
  return faults;
}

const isThrottled = ({ fault }: ProxiedCall) => fault.startsWith('429');

/**
 * A removal that is settled: what was refused last was not done by that call, nor is it denied to whom it was done
 * for.
 */
function checkRemoval({ removedBy, acknowledged }: View, operation: Operation): string[] {
  const last = lastCall(operation);
  const { status, body } = last.answer;
  if (isOpen(last.answer)) return [`${describe(last)}: not known after all`];
  const cause = removedBy.get(operation.grantId ?? '');
  if (status === 200 || cause?.operation !== operation) return [];
  const isDenied = body.error_code === 'KMS.2501' && !acknowledged.has(placeOf(operation));
  return cause === last || isDenied ? [`${describe(last)}: refused, but it was done by ${describe(cause)}`] : [];
}

const placeOf = ({ user, grantId }: Operation) => `${user.user_id} ${grantId}`;

/** Nothing was done that nobody asked for, and nothing twice. */
function checkUpstream({ callByUpstreamId }: View, { operations, givenIds, upstreamEvents, left }: History): string[] {
  const faults: string[] = [];
  const made = new Map<string, Set<string>>();
  const living = new Set<string>();
  for (const { action, grant, requestId } of upstreamEvents) {
    const id = grant?.grant_id ?? '';
    const call = callByUpstreamId.get(requestId);
    if (action === 'create-grant') {
      living.add(id);
      if (givenIds.has(id)) continue;
      if (call?.operation.action !== action) faults.push(`${id} was made by nobody`);
      const name = grant?.name ?? '';
      made.set(name, (made.get(name) ?? new Set()).add(id));
    } else if (action === 'revoke-grant' || action === 'retire-grant') {
      living.delete(id);
      if (call?.operation.grantId !== id || call.operation.action !== action)
        faults.push(`${id} was removed by mistake`);
    }
  }
  for (const operation of operations.filter(({ action }) => action === 'create-grant')) {
    const last = lastCall(operation);
    const { status, body } = last.answer;
    const ids = [...(made.get(`op-${operation.n}`) ?? [])];
    const isTrue = status === 200 ? ids.join() === body.grant_id : ids.length <= (status >= 500 ? 1 : 0);
    if (!isTrue) faults.push(`${describe(last)}: made ${ids.length}`);
  }
  const found = left.map(({ grant_id }) => grant_id).sort();
  if (found.join() !== [...living].sort().join()) faults.push('the list at the end is not what the events tell');
  return faults;
}

/** Each change that was answered 200 has one receipt, and nothing else has. */
function checkEvents({ callById, attemptsOf }: View, { operations, backendEvents }: History): string[] {
  const faults: string[] = [];
  const eventsOf = Map.groupBy(backendEvents, ({ requestId }) => requestId);
  for (const [requestId, events] of eventsOf) {
    const call = callById.get(requestId);
    const [event] = events;
    const upstreamIds = (attemptsOf.get(requestId) ?? []).map(({ upstream }) => upstream?.headers['x-request-id']);
    const told = call ? describe(call) : requestId;
    if (events.length > 1) faults.push(`${told}: ${events.length} backendEvents`);
    if (call?.answer.status !== 200) faults.push(`${told}: a receipt for what was not answered 200`);
    const named = event?.upstreamRequestId;
    if (!named || !upstreamIds.includes(named))
      faults.push(`${told}: the receipt names ${named}, the upstream ${upstreamIds}`);
  }
  for (const operation of operations.filter(({ action }) => !action.startsWith('list-'))) {
    for (const call of operation.calls) {
      const count = eventsOf.get(call.requestId)?.length ?? 0;
      if (call.answer.status === 200 && count !== 1) faults.push(`${describe(call)}: ${count} backendEvents`);
    }
  }
  return faults;
}
