/** Which mappings of identities count in a project. All projects share the table of mappings. */
import * as z from 'zod/mini';
import { CHAT_KINDS } from '../chat/source.ts';
import type { Mapping } from '../domain/job.ts';
import { describeCause, logger } from '../logger.ts';
import type { Store } from '../store/store.ts';
import { memoizeByStore } from '../util/memoize.ts';
import { type HooksDependencies, refreshingHooks, type SourceFamily, WEBHOOK_KINDS } from '../webhooks/hooks.ts';
import { ANY_SOURCE } from '../webhooks/mappings.ts';

const KINDS: readonly string[] = [...WEBHOOK_KINDS, ...CHAT_KINDS];

const ENTRY = z.looseObject({ kind: z.enum(KINDS), projects: z.array(z.string()) });

/** Sources of all kinds as far as their projects: a function that needs no more does not bundle their adapters. */
const PROJECTS_OF_SOURCES: SourceFamily<{ name: string; projectIds: readonly string[] }> = {
  allKinds: KINDS,
  kinds: () => KINDS,
  entries: () => [ENTRY],
  sourceOf: (name, entry) => ({ name, projectIds: (entry as z.output<typeof ENTRY>).projects }),
  problemsOf: () => [],
};

const sourcesOf = memoizeByStore(({ config, store }: HooksDependencies) =>
  refreshingHooks({ config, store }, [PROJECTS_OF_SOURCES]),
);

export interface MappingDependencies extends HooksDependencies {
  store: Pick<Store, 'directory' | 'mappings'>;
}

/**
 * Returns the mappings that name people in the project: those for every source, and those of sources that act in it. An
 * administrator of another domain may map any identity to any principal for the sources of that domain. Without HOOKS,
 * only the operator can make mappings, so all count.
 */
export async function mappingsInProject(dependencies: MappingDependencies, projectId: string): Promise<Mapping[]> {
  const { config, store } = dependencies;
  const mappings = await store.mappings.list();
  if (!config.hooks) return mappings;
  const sources = await sourcesOf(dependencies)().catch((error: unknown) => {
    // In an incident, a search must not fail because of a setting that it hardly needs.
    logger.warn('hooks', { cause: describeCause(error) });
    return new Map<string, { projectIds: readonly string[] }>();
  });
  return mappings.filter(
    ({ source }) => source === ANY_SOURCE || sources.get(source)?.projectIds.includes(projectId) === true,
  );
}
