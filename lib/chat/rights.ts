/** Which permission each command needs, and where a person has it. */
import type { RequestContext } from '../domain/request-context.ts';
import { isAllowed, type Permission } from '../identity/roles.ts';
import type { ChatAction, ChatSource } from './source.ts';

/** By command, the permissions of which one suffices: those of the HTTP APIs that do the same. */
export const PERMISSIONS: Readonly<Record<ChatAction, readonly Permission[]>> = {
  keys: ['kms:cmk:list'],
  list: ['kms:grant:list'],
  who: ['kms:grant:list'],
  show: ['kms:grant:list'],
  events: ['kms:grant:list'],
  job: ['kms:grant:list'],
  revoke: ['kms:grant:revoke', 'kms:grant:revoke-any'],
  'revoke-all': ['kms:grant:revoke-any'],
};

/** Returns the contexts of the projects in which the person's roles allow the command. */
export function contextsWithRight(contexts: readonly RequestContext[], action: ChatAction): RequestContext[] {
  return contexts.filter(({ caller }) => PERMISSIONS[action].some((permission) => isAllowed(caller.roles, permission)));
}

/** Whether the source offers the command, and the person may use it in one of the source's projects. */
export function mayUse(source: ChatSource, contexts: readonly RequestContext[], action: ChatAction): boolean {
  return source.actions.includes(action) && contextsWithRight(contexts, action).length > 0;
}
