/** What tests of chat commands need: a source, and people with roles. */
import { expect } from '@jest/globals';
import type { ChatDependencies } from '../../lib/chat/dependencies.ts';
import { parseCommand } from '../../lib/chat/grammar.ts';
import type { Person } from '../../lib/chat/person.ts';
import type { Locale } from '../../lib/chat/platform.ts';
import { answerCommand } from '../../lib/chat/read-commands.ts';
import type { ChatSource } from '../../lib/chat/source.ts';
import { CHAT_ACTIONS } from '../../lib/chat/source.ts';
import type { View } from '../../lib/chat/view.ts';
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

interface Asker {
  source?: Partial<ChatSource>;
  contexts?: readonly RequestContext[];
  locale?: Locale;
  isDirect?: boolean;
  identity?: string;
}

/** Asks a command, as a person who has all rights unless `asker` says otherwise, in a direct message. */
export async function ask(
  { authority, store }: Pick<ChatDependencies, 'authority' | 'store'>,
  text: string,
  { source, contexts = [contextIn(PROJECT)], locale = 'en', isDirect = true, identity }: Asker = {},
): Promise<View> {
  const { audience, replacesCard, view } = await answerCommand(
    { authority, store, config: { region: 'here' }, now: () => 0 } as ChatDependencies,
    {
      command: parseCommand(text) as Parameters<typeof answerCommand>[1]['command'],
      person: { ...personOf(contexts), ...(identity !== undefined && { identity }) },
      source: chatSource(source),
      received: { sender: { workspace: WORKSPACE, userId: 'U1' }, place: { channelId: 'C1', isDirect }, locale },
      requestId: 'request-1',
    },
  );
  expect([audience, replacesCard, view.buttons]).toEqual(['asker', false, []]);
  for (const row of view.rows) expect(row.id ?? '').toMatch(/^[0-9a-f-]*$/);
  return view;
}

/** The facts of a view, by name. */
export const factsIn = (view: View) => Object.fromEntries(view.facts.map(({ name, value }) => [name, value]));
