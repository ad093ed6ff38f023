/**
 * The reference model of the service: arrays and filters, without indexes, counters or randomness. `step` is a pure
 * function from one state to the next, so that a search can try different orders. The model shares no code with the
 * service: its rules are those of the API reference and of docs/api.md.
 */
import type { Answer, Call, CreateGrantCall, Page, Quotas, Request } from './request.ts';

type KeyText = 'keyId' | 'projectId' | 'domainId' | 'creator' | 'alias' | 'description' | 'keySpec' | 'keyUsage';
type Key = Record<KeyText | 'state', string> & Record<'createdAtMs' | 'deletionAtMs', number>;
type GrantText = 'key_id' | 'grant_id' | 'grantee_principal' | 'grantee_principal_type' | 'issuing_principal';
type GrantMore = { operations: string[]; name?: string | undefined; retiring_principal?: string | undefined };
type Grant = Record<GrantText | 'creation_date', string> & GrantMore;
type Event = { action: string; projectId: string; keyId: string; grant?: Grant | undefined };
type IdempotencyRecord = { key: string; answer: Answer; atMs: number };

/** `events` are newest first. */
export type State = { keys: Key[]; grants: Grant[]; events: Event[]; records: IdempotencyRecord[] };
export const EMPTY: State = { keys: [], grants: [], events: [], records: [] };

const [ENABLED, DISABLED, PENDING] = ['2', '3', '4'] as const;
const [SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS] = [1000, 60_000, 3_600_000, 86_400_000] as const;
const SIGN_AGAIN: Answer = { refused: 'APIGW.0301' };

class Refusal extends Error {}
function refuseIf(isWrong: boolean, code: string): void {
  if (isWrong) throw new Refusal(code);
}

/** Returns the state after the request, and the answer. */
export function step(state: State, request: Request, quotas: Quotas): [State, Answer] {
  const { action } = request.call;
  if (action === 'delete-due-keys') return [deleteDueKeys(state, request.nowMs), { answer: {} }];
  if (action !== 'describe-key' && !action.startsWith('list-')) return changeOnce(state, request, quotas);
  const answer = orRefusal(() => ({ answer: read(state, request) }));
  return [state, answer];
}

/**
 * A repeated sequence gets the first answer for an hour, while that is true. A repeated signature is a separate request
 * for 2 s. Later it gets the first answer while that is true, and otherwise changes nothing.
 */
function changeOnce(state: State, request: Request, quotas: Quotas): [State, Answer] {
  const { call, user, project, padding, sequence, signature, nowMs, requestId } = request;
  const keyOfRecord = (kind: string, id = '') => id && JSON.stringify([user, project, call, padding, kind, id]);
  const [sequenceKey, signatureKey] = [keyOfRecord('sequence', sequence), keyOfRecord('signature', signature)];
  const find = (key: string) => state.records.find((record) => record.key === key && nowMs < record.atMs + HOUR_MS);
  const [first, signed] = [find(sequenceKey), find(signatureKey)];
  const done = orRefusal(() => change(state, request, quotas));
  if (signed && nowMs - signed.atMs >= 2 * SECOND_MS) {
    if ('refused' in signed.answer) return [state, 'refused' in done ? done : SIGN_AGAIN];
    return [state, isStillTrue(state, request, signed.answer) ? signed.answer : SIGN_AGAIN];
  }
  if (first && isStillTrue(state, request, first.answer)) return [state, first.answer];
  const newKey = signed ? '' : signatureKey;
  const recordsWith = (keys: string[], answer: Answer) =>
    keys
      .filter((key) => key)
      .map((key): IdempotencyRecord => ({ key, answer, atMs: nowMs }))
      .concat(state.records);

  if ('refused' in done) return [newKey ? { ...state, records: recordsWith([newKey], done) } : state, done];
  const { next, answer, keyId, grant } = done;
  const origin = { actor: user, channel: 'http', requestId, sequence };
  const event = { action: call.action, projectId: project, keyId, grant, atMs: nowMs, ...origin };
  const records = recordsWith([sequenceKey, newKey], { answer });
  return [{ ...state, ...next, events: [event, ...state.events], records }, { answer }];
}

/** Whether what was created exists, what was removed is gone, or the key has the state that was answered. */
function isStillTrue({ keys, grants }: State, { call }: Request, recorded: Answer): boolean {
  const answer = ('answer' in recorded ? recorded.answer : {}) as Partial<Key & Grant>;
  const key = keys.find(({ keyId }) => keyId === answer.keyId);
  if (call.action === 'create-grant') return grants.some(({ grant_id }) => grant_id === answer.grant_id);
  if ('grantId' in call) return !grants.some(({ grant_id }) => grant_id === call.grantId);
  if (call.action === 'create-key') return key !== undefined;
  return key?.state === answer.state && key?.deletionAtMs === answer.deletionAtMs;
}

function orRefusal<T>(work: () => T): T | { refused: string } {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.message };
    throw error;
  }
}

const matches = (value: string | undefined, filter: string | undefined) => filter === undefined || value === filter;

function read(state: State, request: Request): unknown {
  const { call, project } = request;
  const keys = state.keys.filter((key) => key.projectId === project);
  if (call.action === 'describe-key') return detailsOf(state, keyOf(state, request, call.keyId));
  if (call.action === 'list-keys') {
    const found = keys.filter((key) => matches(key.state, call.state) && matches(key.keySpec, call.keySpec));
    const details = found.map((key) => detailsOf(state, key));
    return paged(details, ({ keyId }) => keyId, call.page);
  }
  if (call.action === 'list-grants') {
    const onKey = grantsOn(state, keyOf(state, request, call.keyId));
    const found = onKey.filter((grant) => matches(grant.grantee_principal, call.grantee));
    return paged(found, ({ grant_id }) => grant_id, call.page);
  }
  if (call.action === 'list-retirable-grants') {
    const found = keys.flatMap((key) => grantsOn(state, key)).filter((grant) => mayRetire(request, grant));
    return paged(found, ({ grant_id }) => grant_id, call.page);
  }
  if (call.action !== 'list-events') throw new Error(`not a read: ${call.action}`);
  const events = state.events.filter((event) => event.projectId === project && matches(event.keyId, call.keyId));
  return events.filter(({ grant }) => matches(grant?.grant_id, call.grantId)).slice(0, call.limit);
}

type Change = { next: Partial<State>; answer: unknown; keyId: string; grant?: Grant };

function change(state: State, request: Request, quotas: Quotas): Change {
  const { call, user, domain, project, nowMs, newId } = request;
  if (call.action === 'create-key') {
    const { action, ...terms } = call;
    const others = state.keys.filter((key) => key.projectId === project);
    const isTaken = others.some((key) => key.alias === call.alias);
    refuseIf(isTaken, 'KMS.1104');
    refuseIf(others.length >= quotas.keysPerProject, 'KMS.1105');
    const owner = { keyId: newId, projectId: project, domainId: domain, creator: user };
    const key = { ...terms, ...owner, state: ENABLED, createdAtMs: nowMs, deletionAtMs: 0 };
    return { next: { keys: [...state.keys, key] }, answer: detailsOf(state, key), keyId: newId };
  }
  const key = keyOf(state, request, 'keyId' in call ? call.keyId : undefined);
  const { keyId } = key;
  if (call.action === 'create-grant') {
    const grant = newGrant(state, request, call, key, quotas);
    return { next: { grants: [...state.grants, grant] }, answer: { grant_id: newId }, keyId, grant };
  }
  if (call.action === 'revoke-grant' || call.action === 'retire-grant') {
    refuseIf(call.action === 'revoke-grant' && key.creator !== user, 'KMS.0306');
    const inProject = state.keys.filter((other) => other.projectId === project);
    const grant = inProject.flatMap((other) => grantsOn(state, other)).find((row) => row.grant_id === call.grantId);
    if (!grant) throw new Refusal('KMS.2501');
    refuseIf(grant.key_id !== keyId, 'KMS.2502');
    refuseIf(call.action === 'retire-grant' && !mayRetire(request, grant), 'KMS.0306');
    return { next: { grants: state.grants.filter((other) => other !== grant) }, answer: {}, keyId, grant };
  }
  const updated = { ...key, ...statusAfter(key, call, nowMs) };
  const keys = state.keys.map((other) => (other === key ? updated : other));
  return { next: { keys }, answer: detailsOf(state, updated), keyId };
}

/** The key's creator may grant every operation; others only those that grants to them or their domain give them. */
function newGrant(state: State, request: Request, call: CreateGrantCall, key: Key, quotas: Quotas): Grant {
  refuseIf(key.state === DISABLED, 'KMS.0209');
  refuseIf(key.state === PENDING, 'KMS.0210');
  const held = grantsOn(state, key).flatMap((grant) => (isGrantee(request, grant) ? grant.operations : []));
  const holds = ['create-grant', ...call.operations].every((operation) => held.includes(operation));
  refuseIf(key.creator !== request.user && !holds, 'KMS.0306');
  refuseIf(grantsOn(state, key).length >= quotas.grantsPerKey, 'KMS.2404');
  const grantee = { grantee_principal: call.grantee, grantee_principal_type: call.granteeType };
  const others = { issuing_principal: request.user, retiring_principal: call.retiringPrincipal };
  const created = { key_id: key.keyId, grant_id: request.newId, creation_date: String(request.nowMs) };
  return { ...created, name: call.name, ...grantee, ...others, operations: call.operations };
}

function statusAfter(key: Key, { action, ...fields }: Call, nowMs: number): Partial<Key> {
  const mustBe = (state: string, code: string) => refuseIf(key.state !== state, code);
  if (action === 'enable-key') mustBe(DISABLED, 'KMS.1201');
  if (action === 'disable-key') mustBe(ENABLED, 'KMS.1301');
  if (action === 'cancel-key-deletion') {
    mustBe(PENDING, 'KMS.1501');
    refuseIf(key.deletionAtMs <= nowMs, 'KMS.0210');
  }
  if (!('pendingDays' in fields)) return { state: action === 'enable-key' ? ENABLED : DISABLED, deletionAtMs: 0 };
  refuseIf(key.state === PENDING, 'KMS.1402');
  return { state: PENDING, deletionAtMs: nowMs + fields.pendingDays * DAY_MS };
}

/** Keys are deleted one minute after their time, after their grants. Each key and grant leaves an event. */
function deleteDueKeys(state: State, nowMs: number): State {
  const due = state.keys.filter((key) => key.state === PENDING && key.deletionAtMs <= nowMs - MINUTE_MS);
  const [first] = due.toSorted((a, b) => a.deletionAtMs - b.deletionAtMs);
  if (!first) return state;
  const { keyId, projectId } = first;
  const origin = { actor: 'kms-grants', channel: 'deletion', requestId: '' };
  const event = { action: 'delete-key', projectId, keyId, atMs: nowMs, ...origin };
  const grantEvents = grantsOn(state, first).map((grant) => ({ ...event, grant }));
  const keys = state.keys.filter((key) => key !== first);
  const grants = state.grants.filter((grant) => grant.key_id !== keyId);
  return deleteDueKeys({ ...state, keys, grants, events: [event, ...grantEvents.reverse(), ...state.events] }, nowMs);
}

function keyOf(state: State, { project }: Request, keyId: string | undefined): Key {
  const key = state.keys.find((other) => other.keyId === keyId && other.projectId === project);
  if (!key) throw new Refusal('KMS.0207');
  return key;
}

const grantsOn = (state: State, key: Key) => state.grants.filter((grant) => grant.key_id === key.keyId);

const detailsOf = (state: State, key: Key) => ({ ...key, grantCount: grantsOn(state, key).length });

/** A user and a domain are different principals even if their ids are equal. */
const isGrantee = ({ user, domain }: Request, grant: Grant) =>
  grant.grantee_principal === (grant.grantee_principal_type === 'user' ? user : domain);

const mayRetire = (request: Request, grant: Grant) =>
  grant.issuing_principal === request.user ||
  grant.retiring_principal === request.user ||
  (grant.operations.includes('retire-grant') && isGrantee(request, grant));

function paged<Row>(found: Row[], idOf: (row: Row) => string, { limit, after = '', offset = 0 }: Page) {
  const sorted = found.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const rest = sorted.filter((row) => idOf(row) > after).slice(offset);
  const rows = rest.slice(0, limit);
  return { rows, total: found.length, next: rest.length > limit ? idOf(rows.at(-1) as Row) : undefined };
}
