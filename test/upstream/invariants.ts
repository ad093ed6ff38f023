/** Whether every answer was true: the history told by the backend compared with the one told by proxy and cloud. */
import { type Call, describe, type History, isOpen, isRemoval, lastCall, type Operation } from './history.ts';
import type { Passage } from './proxy.ts';

/** Tries of one request at most. */
const TRIES_MAX = 4;

/** What is wrong, in words; empty when all is true. */
export function untruths(history: History): string[] {
  const view = viewOf(history);
  return [
    ...history.operations.flatMap(({ calls }) => calls).flatMap((call) => aboutCall(view, call)),
    ...history.operations.filter(isRemoval).flatMap((operation) => aboutRemoval(view, operation)),
    ...aboutCloud(view, history),
    ...aboutReceipts(view, history),
  ];
}

/** What belongs together. */
interface View {
  /** The tries of a call, by its request id, oldest first. */
  triesOf: Map<string, Passage[]>;
  callById: Map<string, Call>;
  /** The call that made the cloud do it, by the cloud's request id. */
  callByCloudId: Map<string, Call>;
  /** The call that made the cloud remove the grant. */
  removedBy: Map<string, Call>;
  /** Who was answered 200 for the removal of which grant. */
  thanked: Set<string>;
}

function viewOf({ operations, passages, cloudEvents }: History): View {
  const callById = new Map(operations.flatMap(({ calls }) => calls.map((call) => [call.requestId, call] as const)));
  const triesOf = Map.groupBy(passages, ({ body }) => String(body['sequence']).replaceAll('-', ''));
  const callByCloudId = new Map<string, Call>();
  for (const [requestId, tries] of triesOf) {
    const call = callById.get(requestId);
    for (const { cloud } of tries) if (cloud && call) callByCloudId.set(cloud.headers['x-request-id'] ?? '', call);
  }
  const removedBy = new Map<string, Call>();
  for (const { action, grant, requestId } of cloudEvents) {
    const call = callByCloudId.get(requestId);
    if (grant && call && action !== 'create-grant') removedBy.set(grant.grant_id, call);
  }
  const done = operations.filter((operation) => isRemoval(operation) && lastCall(operation).answer.status === 200);
  return { triesOf, callById, callByCloudId, removedBy, thanked: new Set(done.map(placeOf)) };
}

/** Tried as often as is right, and not after what may have been done already, where that would be done twice. */
function aboutCall({ triesOf }: View, call: Call): string[] {
  const { answer, operation, isLeftBehind } = call;
  // With credentials of its own the backend may have to look up what it is asked about.
  const all = triesOf.get(call.requestId) ?? [];
  const tries = all.filter(({ action }) => action === operation.action);
  const told = `${describe(call)} after ${tries.map(({ fault }) => fault).join(', ')}`;
  const faults: string[] = [];
  if (tries.length > TRIES_MAX) faults.push(`${told}: tried ${tries.length} times`);
  if (isLeftBehind) faults.push(`${told}: answered 200 and is still there`);
  if (operation.action === 'create-grant' && !tries.slice(0, -1).every(isThrottled)) {
    faults.push(`${told}: a create that may have been done was tried again`);
  }
  if (answer.status === 200 && !all.some(({ cloud }) => cloud)) faults.push(`${told}: 200 without the cloud`);
  return faults;
}

const isThrottled = ({ fault }: Passage) => fault.startsWith('429');

/** A removal that is settled: what was refused last was not done by that call, nor is it denied to whom it was done for. */
function aboutRemoval({ removedBy, thanked }: View, operation: Operation): string[] {
  const last = lastCall(operation);
  const { status, body } = last.answer;
  if (isOpen(last.answer)) return [`${describe(last)}: not known after all`];
  const cause = removedBy.get(operation.grantId ?? '');
  if (status === 200 || cause?.operation !== operation) return [];
  const isDenied = body.error_code === 'KMS.2501' && !thanked.has(placeOf(operation));
  return cause === last || isDenied ? [`${describe(last)}: refused, but it was done by ${describe(cause)}`] : [];
}

const placeOf = ({ user, grantId }: Operation) => `${user.user_id} ${grantId}`;

/** Nothing was done that nobody asked for, and nothing twice. */
function aboutCloud({ callByCloudId }: View, { operations, givenIds, cloudEvents, left }: History): string[] {
  const faults: string[] = [];
  const made = new Map<string, Set<string>>();
  const living = new Set<string>();
  for (const { action, grant, requestId } of cloudEvents) {
    const id = grant?.grant_id ?? '';
    const call = callByCloudId.get(requestId);
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
function aboutReceipts({ callById, triesOf }: View, { operations, receipts }: History): string[] {
  const faults: string[] = [];
  const receiptsOf = Map.groupBy(receipts, ({ requestId }) => requestId);
  for (const [requestId, events] of receiptsOf) {
    const call = callById.get(requestId);
    const [event] = events;
    const cloudIds = (triesOf.get(requestId) ?? []).map(({ cloud }) => cloud?.headers['x-request-id']);
    const told = call ? describe(call) : requestId;
    if (events.length > 1) faults.push(`${told}: ${events.length} receipts`);
    if (call?.answer.status !== 200) faults.push(`${told}: a receipt for what was not answered 200`);
    const named = event?.upstreamRequestId;
    if (!named || !cloudIds.includes(named)) faults.push(`${told}: the receipt names ${named}, the cloud ${cloudIds}`);
  }
  for (const operation of operations.filter(({ action }) => !action.startsWith('list-'))) {
    for (const call of operation.calls) {
      const count = receiptsOf.get(call.requestId)?.length ?? 0;
      if (call.answer.status === 200 && count !== 1) faults.push(`${describe(call)}: ${count} receipts`);
    }
  }
  return faults;
}
