/** Chat in the demo: a source of kind bot, and the users who may use it. */
import { randomBytes } from 'node:crypto';
import { CHAT_ACTIONS } from '../lib/chat/source.ts';
import type { Mapping } from '../lib/domain/job.ts';

export const DEMO_CHAT_SOURCE = 'bot';

/** Returns a document for HOOKS, with a random secret. */
export function demoHooks(projectId: string): object {
  const source = {
    kind: 'bot',
    secrets: [`whsec_${randomBytes(32).toString('base64')}`],
    projects: [projectId],
    actions: CHAT_ACTIONS,
    may_approve: true,
  };
  return { [DEMO_CHAT_SOURCE]: source };
}

/** Makes a user of the demo act in chat under the user's name. */
export function demoMapping(user: { name: string; user_id: string }): Mapping {
  return { source: DEMO_CHAT_SOURCE, identity: `bot:${DEMO_CHAT_SOURCE}:${user.name}`, grantee: user.user_id };
}
