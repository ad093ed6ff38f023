import { CHAT_SOURCES } from '../lib/chat/sources.ts';
import { type HooksDependencies, refreshingHooks } from '../lib/webhooks/hooks.ts';
import { WEBHOOK_SOURCES } from '../lib/webhooks/inbound/sources.ts';

/** Reads all sources of HOOKS, of webhooks and of chat. @throws Error that lists every problem of the setting */
export async function readAllSources(services: HooksDependencies): Promise<ReadonlyMap<string, { name: string }>> {
  const families = [WEBHOOK_SOURCES, CHAT_SOURCES] as const;
  return refreshingHooks<{ name: string; projectIds: readonly string[] }>(services, families)();
}
