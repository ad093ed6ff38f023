/** From a line of a history to the request that it stands for, given what is known when it runs. */

import type { Again, Command, Due, PageDraft, Ref, Send } from './commands.ts';
import type { Answer, Ask, Request } from './request.ts';
import { NOWHERE, PEOPLE, PROJECTS } from './values.ts';

export type Resolved = Omit<Request, 'requestId' | 'nowMs' | 'newId'>;

/** What has been made and asked so far, whether or not it is still there. */
export interface Known {
  keys: { keyId: string; project: string; creator: string }[];
  grants: { grantId: string; keyId: string }[];
  sent: { request: Resolved; atMs: number }[];
}

/** A key as the model has it. */
interface ModelKey {
  keyId: string;
  projectId: string;
  creator: string;
  deletionAtMs: number;
}

const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000] as const;

/** @returns the request, and when it is to be sent where that matters; undefined where the line points at nothing */
export function resolve(
  command: Command,
  known: Known,
  keys: readonly ModelKey[] = [],
): { request: Resolved; atMs?: number } | undefined {
  if ('again' in command) return resolveAgain(command, known);
  if ('due' in command) return resolveDue(command, keys);
  return { request: resolveSend(command, known) };
}

function resolveAgain({ again, offByMs }: Again, { sent }: Known) {
  const first = sent.at(-1 - (again % sent.length));
  if (!first || offByMs === undefined) return first && { request: first.request };
  return { request: first.request, atMs: first.atMs + HOUR_MS + offByMs };
}

function resolveDue({ due, which, offByMs }: Due, keys: readonly ModelKey[]) {
  const waiting = keys.filter(({ deletionAtMs }) => deletionAtMs > 0);
  const key = waiting[which % waiting.length];
  if (!key) return undefined;
  const { keyId, projectId, creator, deletionAtMs } = key;
  const isCancelled = due === 'cancel-key-deletion';
  const ask: Ask = isCancelled ? { action: due, keyId } : { action: due };
  const request: Resolved = { ask, ...personOf(creator), project: projectId, padding: '' };
  return { request, atMs: deletionAtMs + (isCancelled ? 0 : MINUTE_MS) + offByMs };
}

/** Keys are counted from the first, grants from the last. */
function resolveSend({ draft, by, isAstray, via, ...proofs }: Send, { keys, grants }: Known): Resolved {
  const { key: keyRef, grant: grantRef, page: pageDraft, ...fields } = draft;
  const grantIdOf = (ref: Ref) =>
    (typeof ref === 'string' ? ref : grants.at(-1 - (ref % grants.length))?.grantId) ?? NOWHERE.grant[0][0];
  const keyIdOf = (ref: Ref) => (typeof ref === 'string' ? ref : keys[ref % keys.length]?.keyId) ?? NOWHERE.key[0][0];

  const grantId = grantRef === undefined ? undefined : grantIdOf(grantRef);
  const ownKeyId = grants.find((grant) => grant.grantId === grantId)?.keyId ?? NOWHERE.key[0][0];
  const keyId = keyRef === undefined ? undefined : keyRef === 'own' ? ownKeyId : keyIdOf(keyRef);
  const page = pageDraft && pageOf(pageDraft, draft.action === 'list-keys' ? keyIdOf : grantIdOf);
  const ids = { ...(keyId !== undefined && { keyId }), ...(grantId !== undefined && { grantId }) };
  const ask = { ...fields, ...ids, ...(page && { page }) } as Ask;

  const key = keys.find((other) => other.keyId === keyId);
  const who = by === 'creator' ? personOf(key?.creator) : (PEOPLE[by] ?? PEOPLE[0]);
  const [home, other] = key?.project === PROJECTS[1] ? [PROJECTS[1], PROJECTS[0]] : PROJECTS;
  return { ask, ...who, project: isAstray ? other : home, ...proofs };
}

const personOf = (name: string | undefined) => PEOPLE.find(({ user }) => user === name) ?? PEOPLE[0];

function pageOf({ after, ...range }: PageDraft, idOf: (ref: Ref) => string) {
  return { ...range, ...(after !== undefined && { after: idOf(after) }) };
}

/** The id in the answer of what makes something. */
export function madeBy({ action }: Ask, answer: Answer): string | undefined {
  const { keyId, grant_id } = ('answer' in answer ? answer.answer : {}) as { keyId?: string; grant_id?: string };
  return action === 'create-key' ? keyId : action === 'create-grant' ? grant_id : undefined;
}

/** Keeps what was made, so that later lines can point at it. */
export function remember({ keys, grants }: Known, { ask, project, user }: Resolved, answer: Answer): void {
  const id = madeBy(ask, answer);
  if (id === undefined) return;
  if (ask.action === 'create-key' && !keys.some(({ keyId }) => keyId === id)) {
    keys.push({ keyId: id, project, creator: user });
  }
  if (ask.action === 'create-grant' && !grants.some(({ grantId }) => grantId === id)) {
    grants.push({ grantId: id, keyId: ask.keyId });
  }
}
