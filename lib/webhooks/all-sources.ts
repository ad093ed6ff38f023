/** All sources in the document that the setting HOOKS names (`hooks.ts`): those of webhooks and those of chat. */
import type { ChatSource } from '../chat/source.ts';
import { CHAT_SOURCES } from '../chat/sources.ts';
import { memoizeByStore } from '../util/memoize.ts';
import { type HooksDependencies, refreshingHooks } from './hooks.ts';
import { WEBHOOKS } from './inbound/local-kinds.ts';
import type { Source } from './inbound/source.ts';
import { SSF } from './inbound/ssf/source-kind.ts';

export type AnySource = Source | ChatSource;

/** The families of webhook sources, one for each function that receives webhooks. */
export const WEBHOOK_FAMILIES = [WEBHOOKS.family, SSF.family];

const allHooks = (dependencies: HooksDependencies) =>
  refreshingHooks<AnySource>(dependencies, [...WEBHOOK_FAMILIES, CHAT_SOURCES]);

/** Reads all sources now. @throws Error that lists every problem of the setting */
export const readAllSources = (dependencies: HooksDependencies): Promise<ReadonlyMap<string, AnySource>> =>
  allHooks(dependencies)();

/** All sources, with one cache per process. The secrets that a chat source refers to are not read. */
export const allSourcesOf = memoizeByStore(({ config, store }: HooksDependencies) => allHooks({ config, store }));
