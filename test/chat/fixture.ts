/** What tests of chat commands need: a source, and people with roles. */
import type { Person } from '../../lib/chat/person.ts';
import type { ChatSource } from '../../lib/chat/source.ts';
import { CHAT_ACTIONS } from '../../lib/chat/source.ts';
import type { RequestContext } from '../../lib/domain/request-context.ts';
import { CREATOR, PROJECT, requestContext } from '../authority/standalone/fixture.ts';

export const WORKSPACE = 'T1';

/** A source of Slack that offers every command. */
export const chatSource = (more: Partial<ChatSource> = {}): ChatSource => ({
  name: 'ops',
  kind: 'slack',
  secrets: [],
  projectIds: [PROJECT],
  actions: CHAT_ACTIONS,
  mayApprove: false,
  settings: {},
  ...more,
});

/** The context of a command of a person with these roles. */
export function contextIn(projectId: string, roles: readonly string[] = ['KMS Administrator']): RequestContext {
  const context = requestContext('chat', { projectId });
  return { ...context, caller: { ...context.caller, projectId, roles } };
}

/** A person of the workspace, mapped to the principal. */
export const personOf = (contexts: readonly RequestContext[], principal = CREATOR): Person => ({
  identity: `slack:${WORKSPACE}:U1`,
  principal,
  contexts,
});
