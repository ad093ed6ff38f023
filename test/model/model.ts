/**
 * What a KMS that keeps grants must answer, as plainly as it can be said: rows in arrays, filters over them, no index,
 * no counter, no randomness. A pure step from one state to the next, so that a search can try orders. It shares nothing
 * with the service: its rules are those of the API reference and of docs/api.md.
 */
import type { Answer, Ask, GrantAsk, Page, Quotas, Request } from './request.ts';

type KeyText = 'keyId' | 'projectId' | 'domainId' | 'creator' | 'alias' | 'description' | 'keySpec' | 'keyUsage';
type Key = Record<KeyText | 'state', string> & Record<'createdAtMs' | 'deletionAtMs', number>;
type GrantText = 'key_id' | 'grant_id' | 'grantee_principal' | 'grantee_principal_type' | 'issuing_principal';
type GrantMore = { operations: string[]; name?: string | undefined; retiring_principal?: string | undefined };
type Grant = Record<GrantText | 'creation_date', string> & GrantMore;
type Event = { action: string; projectId: string; keyId: string; grant?: Grant | undefined };
type Kept = { mark: string; answer: Answer; untilMs: number };

/** `events` are newest first; `memory` is of requests already answered. */
export type State = { keys: Key[]; grants: Grant[]; events: Event[]; memory: Kept[] };
export const EMPTY: State = { keys: [], grants: [], events: [], memory: [] };

const [ENABLED, DISABLED, PENDING] = ['2', '3', '4'] as const;
const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000] as const;

class Refusal extends Error {}
function refuseIf(isWrong: boolean, code: string): void {
  if (isWrong) throw new Refusal(code);
}

/** The state after the request, and its answer. */
export function step(state: State, request: Request, quotas: Quotas): [State, Answer] {
  const { action } = request.ask;
  if (action === 'delete-due-keys') return [deleteDueKeys(state, request.nowMs), { answer: {} }];
  if (action !== 'describe-key' && !action.startsWith('list-')) return once(state, request, quotas);
  const answer = orRefusal(() => ({ answer: read(state, request) }));
  return [state, answer];
}

/** A change asked for again within the hour gets its first answer; a refusal is kept only where it was signed. */
function once(state: State, request: Request, quotas: Quotas): [State, Answer] {
  const { ask, user, project, padding, sequence, signature, nowMs, requestId } = request;
  const markOf = (proof: string, value = '') => value && JSON.stringify([user, project, ask, padding, proof, value]);
  const doneMark = sequence ? markOf('sequence', sequence) : markOf('signature', signature);
  const refusedMark = markOf('refused', signature);
  const known = (mark: string) => state.memory.find((kept) => kept.mark === mark && kept.untilMs > nowMs);
  const first = known(doneMark) ?? known(refusedMark);
  if (first) return [state, first.answer];
  const remember = (mark: string, answer: Answer) =>
    mark ? [{ mark, answer, untilMs: nowMs + HOUR_MS }, ...state.memory] : state.memory;

  const done = orRefusal(() => change(state, request, quotas));
  if ('refused' in done) return [{ ...state, memory: remember(refusedMark, done) }, done];
  const { next, answer, keyId, grant } = done;
  const who = { actor: user, channel: 'http', requestId, sequence };
  const event = { action: ask.action, projectId: project, keyId, grant, atMs: nowMs, ...who };
  return [{ ...state, ...next, events: [event, ...state.events], memory: remember(doneMark, { answer }) }, { answer }];
}

function orRefusal<T>(work: () => T): T | { refused: string } {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.message };
    throw error;
  }
}

const fits = (value: string | undefined, wanted: string | undefined) => wanted === undefined || value === wanted;

function read(state: State, request: Request): unknown {
  const { ask, project } = request;
  const keys = state.keys.filter((key) => key.projectId === project);
  if (ask.action === 'describe-key') return told(state, keyOf(state, request, ask.keyId));
  if (ask.action === 'list-keys') {
    const found = keys.filter((key) => fits(key.state, ask.state) && fits(key.keySpec, ask.keySpec));
    const details = found.map((key) => told(state, key));
    return paged(details, ({ keyId }) => keyId, ask.page);
  }
  if (ask.action === 'list-grants') {
    const onKey = grantsOn(state, keyOf(state, request, ask.keyId));
    const found = onKey.filter((grant) => fits(grant.grantee_principal, ask.grantee));
    return paged(found, ({ grant_id }) => grant_id, ask.page);
  }
  if (ask.action === 'list-retirable-grants') {
    const found = keys.flatMap((key) => grantsOn(state, key)).filter((grant) => mayRetire(request, grant));
    return paged(found, ({ grant_id }) => grant_id, ask.page);
  }
  if (ask.action !== 'list-events') throw new Error(`not a read: ${ask.action}`);
  const events = state.events.filter((event) => event.projectId === project && fits(event.keyId, ask.keyId));
  return events.filter(({ grant }) => fits(grant?.grant_id, ask.grantId)).slice(0, ask.limit);
}

type Change = { next: Partial<State>; answer: unknown; keyId: string; grant?: Grant };

function change(state: State, request: Request, quotas: Quotas): Change {
  const { ask, user, domain, project, nowMs, newId } = request;
  if (ask.action === 'create-key') {
    const { action, ...terms } = ask;
    const others = state.keys.filter((key) => key.projectId === project);
    const isTaken = others.some((key) => key.alias === ask.alias);
    refuseIf(isTaken, 'KMS.1104');
    refuseIf(others.length >= quotas.keysPerProject, 'KMS.1105');
    const owner = { keyId: newId, projectId: project, domainId: domain, creator: user };
    const key = { ...terms, ...owner, state: ENABLED, createdAtMs: nowMs, deletionAtMs: 0 };
    return { next: { keys: [...state.keys, key] }, answer: told(state, key), keyId: newId };
  }
  const key = keyOf(state, request, 'keyId' in ask ? ask.keyId : undefined);
  const { keyId } = key;
  if (ask.action === 'create-grant') {
    const grant = newGrant(state, request, ask, key, quotas);
    return { next: { grants: [...state.grants, grant] }, answer: { grant_id: newId }, keyId, grant };
  }
  if (ask.action === 'revoke-grant' || ask.action === 'retire-grant') {
    refuseIf(ask.action === 'revoke-grant' && key.creator !== user, 'KMS.0306');
    const inProject = state.keys.filter((other) => other.projectId === project);
    const grant = inProject.flatMap((other) => grantsOn(state, other)).find((row) => row.grant_id === ask.grantId);
    if (!grant) throw new Refusal('KMS.2501');
    refuseIf(grant.key_id !== keyId, 'KMS.2502');
    refuseIf(ask.action === 'retire-grant' && !mayRetire(request, grant), 'KMS.0306');
    return { next: { grants: state.grants.filter((other) => other !== grant) }, answer: {}, keyId, grant };
  }
  const moved = { ...key, ...moveOf(key, ask, nowMs) };
  const keys = state.keys.map((other) => (other === key ? moved : other));
  return { next: { keys }, answer: told(state, moved), keyId };
}

/** The key's creator may pass anything on; others what grants to them, or to their domain, give together. */
function newGrant(state: State, request: Request, ask: GrantAsk, key: Key, quotas: Quotas): Grant {
  refuseIf(key.state === DISABLED, 'KMS.0209');
  refuseIf(key.state === PENDING, 'KMS.0210');
  const held = grantsOn(state, key).flatMap((grant) => (isGrantee(request, grant) ? grant.operations : []));
  const holds = ['create-grant', ...ask.operations].every((operation) => held.includes(operation));
  refuseIf(key.creator !== request.user && !holds, 'KMS.0306');
  refuseIf(grantsOn(state, key).length >= quotas.grantsPerKey, 'KMS.2404');
  const grantee = { grantee_principal: ask.grantee, grantee_principal_type: ask.granteeType };
  const others = { issuing_principal: request.user, retiring_principal: ask.retiringPrincipal };
  const made = { key_id: key.keyId, grant_id: request.newId, creation_date: String(request.nowMs) };
  return { ...made, name: ask.name, ...grantee, ...others, operations: ask.operations };
}

function moveOf(key: Key, { action, ...more }: Ask, nowMs: number): Partial<Key> {
  const mustBe = (state: string, code: string) => refuseIf(key.state !== state, code);
  if (action === 'enable-key') mustBe(DISABLED, 'KMS.1201');
  if (action === 'disable-key') mustBe(ENABLED, 'KMS.1301');
  if (action === 'cancel-key-deletion') {
    mustBe(PENDING, 'KMS.1501');
    refuseIf(key.deletionAtMs <= nowMs, 'KMS.0210');
  }
  if (!('pendingDays' in more)) return { state: action === 'enable-key' ? ENABLED : DISABLED, deletionAtMs: 0 };
  refuseIf(key.state === PENDING, 'KMS.1402');
  return { state: PENDING, deletionAtMs: nowMs + more.pendingDays * DAY_MS };
}

/** A key goes a minute after its time, after its grants; each of them leaves an event. */
function deleteDueKeys(state: State, nowMs: number): State {
  const due = state.keys.filter((key) => key.state === PENDING && key.deletionAtMs <= nowMs - MINUTE_MS);
  const [first] = due.toSorted((a, b) => a.deletionAtMs - b.deletionAtMs);
  if (!first) return state;
  const { keyId, projectId } = first;
  const who = { actor: 'kms-grants', channel: 'deletion', requestId: '' };
  const event = { action: 'delete-key', projectId, keyId, atMs: nowMs, ...who };
  const gone = grantsOn(state, first).map((grant) => ({ ...event, grant }));
  const keys = state.keys.filter((key) => key !== first);
  const grants = state.grants.filter((grant) => grant.key_id !== keyId);
  return deleteDueKeys({ ...state, keys, grants, events: [event, ...gone.reverse(), ...state.events] }, nowMs);
}

function keyOf(state: State, { project }: Request, keyId: string | undefined): Key {
  const key = state.keys.find((known) => known.keyId === keyId && known.projectId === project);
  if (!key) throw new Refusal('KMS.0207');
  return key;
}

const grantsOn = (state: State, key: Key) => state.grants.filter((grant) => grant.key_id === key.keyId);

const told = (state: State, key: Key) => ({ ...key, grantCount: grantsOn(state, key).length });

/** A user and a domain never match each other, even with equal ids. */
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
