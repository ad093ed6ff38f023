/** Turns a command of a history into a request, given what exists when the command runs. */

import type { Command, DeadlineCommand, PageTemplate, Ref, ResendCommand, SendCommand } from './commands.ts';
import type { Answer, Call, Request } from './request.ts';
import { PROJECTS, UNKNOWN_IDS, USERS } from './values.ts';

export type Resolved = Omit<Request, 'requestId' | 'nowMs' | 'newId'>;

/** What has been created and sent so far, whether or not it still exists. */
export interface Registry {
  keys: { keyId: string; project: string; creator: string }[];
  grants: { grantId: string; keyId: string }[];
  sent: { request: Resolved; atMs: number }[];
}

/** A key in the model. */
interface ModelKey {
  keyId: string;
  projectId: string;
  creator: string;
  deletionAtMs: number;
}

const MINUTE_MS = 60_000;

/** @returns the request, and its time if the command sets one; undefined if the command refers to nothing */
export function resolve(
  command: Command,
  registry: Registry,
  keys: readonly ModelKey[] = [],
): { request: Resolved; atMs?: number } | undefined {
  if ('resend' in command) return resolveResend(command, registry);
  if ('deadline' in command) return resolveDeadline(command, keys);
  return { request: resolveSend(command, registry) };
}

function resolveResend({ resend, afterMs }: ResendCommand, { sent }: Registry) {
  const first = sent.at(-1 - (resend % sent.length));
  if (!first || afterMs === undefined) return first && { request: first.request };
  return { request: first.request, atMs: first.atMs + afterMs };
}

function resolveDeadline({ deadline, which, offsetMs }: DeadlineCommand, keys: readonly ModelKey[]) {
  const pending = keys.filter(({ deletionAtMs }) => deletionAtMs > 0);
  const key = pending[which % pending.length];
  if (!key) return undefined;
  const { keyId, projectId, creator, deletionAtMs } = key;
  const isCancellation = deadline === 'cancel-key-deletion';
  const call: Call = isCancellation ? { action: deadline, keyId } : { action: deadline };
  const request: Resolved = { call, ...userNamed(creator), project: projectId, padding: '' };
  return { request, atMs: deletionAtMs + (isCancellation ? 0 : MINUTE_MS) + offsetMs };
}

/** A number refers to a key counted from the first, or to a grant counted from the last. */
function resolveSend(
  { template, sender, isWrongProject, instance, ...rest }: SendCommand,
  { keys, grants }: Registry,
): Resolved {
  const { key: keyRef, grant: grantRef, page: pageTemplate, ...fields } = template;
  const grantIdOf = (ref: Ref) =>
    (typeof ref === 'string' ? ref : grants.at(-1 - (ref % grants.length))?.grantId) ?? UNKNOWN_IDS.grant[0][0];
  const keyIdOf = (ref: Ref) =>
    (typeof ref === 'string' ? ref : keys[ref % keys.length]?.keyId) ?? UNKNOWN_IDS.key[0][0];

  const grantId = grantRef === undefined ? undefined : grantIdOf(grantRef);
  const ownKeyId = grants.find((grant) => grant.grantId === grantId)?.keyId ?? UNKNOWN_IDS.key[0][0];
  const keyId = keyRef === undefined ? undefined : keyRef === 'own' ? ownKeyId : keyIdOf(keyRef);
  const page = pageTemplate && resolvePage(pageTemplate, template.action === 'list-keys' ? keyIdOf : grantIdOf);
  const ids = { ...(keyId !== undefined && { keyId }), ...(grantId !== undefined && { grantId }) };
  const call = { ...fields, ...ids, ...(page && { page }) } as Call;

  const key = keys.find((other) => other.keyId === keyId);
  const user = sender === 'creator' ? userNamed(key?.creator) : (USERS[sender] ?? USERS[0]);
  const [home, other] = key?.project === PROJECTS[1] ? [PROJECTS[1], PROJECTS[0]] : PROJECTS;
  return { call, ...user, project: isWrongProject ? other : home, ...rest };
}

const userNamed = (name: string | undefined) => USERS.find(({ user }) => user === name) ?? USERS[0];

function resolvePage({ after, ...range }: PageTemplate, idOf: (ref: Ref) => string) {
  return { ...range, ...(after !== undefined && { after: idOf(after) }) };
}

/** Returns the id of the key or grant that the call has created; undefined for other calls and refusals. */
export function createdId({ action }: Call, answer: Answer): string | undefined {
  const { keyId, grant_id } = ('answer' in answer ? answer.answer : {}) as { keyId?: string; grant_id?: string };
  return action === 'create-key' ? keyId : action === 'create-grant' ? grant_id : undefined;
}

/** Registers a created key or grant, so that later commands can refer to it. */
export function register({ keys, grants }: Registry, { call, project, user }: Resolved, answer: Answer): void {
  const id = createdId(call, answer);
  if (id === undefined) return;
  if (call.action === 'create-key' && !keys.some(({ keyId }) => keyId === id)) {
    keys.push({ keyId: id, project, creator: user });
  }
  if (call.action === 'create-grant' && !grants.some(({ grantId }) => grantId === id)) {
    grants.push({ grantId: id, keyId: call.keyId });
  }
}
