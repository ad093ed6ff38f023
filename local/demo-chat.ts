/** Chat in the demo: a source of kind bot, so that the chat command works after a first start without any set-up. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CHAT_ACTIONS } from '../lib/chat/source.ts';
import type { Config } from '../lib/config.ts';
import type { Mapping } from '../lib/domain/job.ts';

/** A document for HOOKS, with a random secret. */
export const DEMO_HOOKS_FILE = 'demo-hooks.json';
export const DEMO_CHAT_SOURCE = 'bot';

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

/** Returns the settings with the demo's sources where HOOKS is not set and the data folder has a demo. */
export function withDemoHooks(config: Config): Config {
  const path = join(config.dataDir, DEMO_HOOKS_FILE);
  const mayHaveDemo = !config.upstream && !config.keystone && (!config.dynamodb || config.dynamodb.endpoint);
  return config.hooks || !mayHaveDemo || !existsSync(path) ? config : { ...config, hooks: { kind: 'file', path } };
}
