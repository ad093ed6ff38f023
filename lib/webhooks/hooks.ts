/** The document that the setting HOOKS names: the sources of webhooks and of chat, each name once. */
import * as z from 'zod/mini';
import type { ChatSource } from '../chat/source.ts';
import {
  type ChatEntry,
  chatEntries,
  chatKinds,
  chatProblems,
  chatSourceOf,
  isChatEntry,
  isChatSource,
  withSecrets,
} from '../chat/sources.ts';
import type { Config } from '../config.ts';
import type { Store } from '../store/store.ts';
import { mapWithConcurrency } from '../util/concurrency.ts';
import { memoizeByStore } from '../util/memoize.ts';
import { ADAPTERS } from './inbound/adapters.ts';
import { type Source, WEBHOOK_ENTRY, WEBHOOK_KINDS, webhookSourceOf } from './inbound/sources.ts';
import { assertNoProblems, namedEntries, parseSetting, refreshingSetting } from './named-settings.ts';

/** Not a source's name, because /hooks/jobs/{id} is an API. */
const RESERVED_NAME = 'jobs';

/** When deployed, `POST /hooks/<name>` with one of these names is a route of the function `chat` (serverless.yml). */
export const CHAT_ROUTE_NAMES: readonly string[] = ['slack', 'feishu', 'lark', 'mattermost', 'bot'];

const CONCURRENT_READS = 32;

type AnySource = Source | ChatSource;
type Sources = ReadonlyMap<string, AnySource>;

export type HooksSettings = Pick<Config, 'hooks' | 'projects' | 'upstream' | 'keystone' | 'aws'>;

interface HooksDependencies {
  config: HooksSettings;
  store: Pick<Store, 'directory'>;
}

type ParseSettings = Partial<Pick<HooksSettings, 'projects' | 'keystone' | 'aws'>>;

/**
 * @param text JSON: an object of sources by name, each with `kind`, `secrets`, `projects` and the fields of its kind
 * @param settings.projects the only projects that a source may name; any when absent
 * @throws Error that lists each problem and where it is, without any part of a secret
 */
export function parseHooks(text: string, settings: ParseSettings = {}): Sources {
  const entries = Object.entries(parseSetting('HOOKS', schemaOfHooks(), text));
  const sources = entries.map(([name, entry]) =>
    isChatEntry(entry) ? chatSourceOf(name, entry) : webhookSourceOf(name, entry),
  );
  const problems = sources.flatMap((source) => [
    ...(isChatSource(source) ? chatProblems(source, settings) : webhookProblems(source)),
    ...projectProblems(source, settings.projects),
    ...nameProblems(source),
  ]);
  assertNoProblems('HOOKS', problems);
  return new Map(sources.map((source) => [source.name, source]));
}

function schemaOfHooks() {
  const kinds = [...WEBHOOK_KINDS, ...chatKinds()];
  const error = ({ code }: { code?: string }) =>
    code === 'invalid_union' ? `must be one of: ${kinds.join(', ')}` : 'must be a JSON object';
  const entry = z.discriminatedUnion('kind', [WEBHOOK_ENTRY, ...chatEntries()], { error });
  return namedEntries(entry as z.ZodMiniType<z.output<typeof WEBHOOK_ENTRY> | ChatEntry>);
}

function webhookProblems({ name, kind, secrets }: Source): string[] {
  const problems = secrets.flatMap((secret, index) => {
    const problem = ADAPTERS[kind].secretProblem(secret);
    return problem ? [`${name}.secrets.${index}: ${problem}`] : [];
  });
  return CHAT_ROUTE_NAMES.includes(name)
    ? [...problems, `${name}: this name is only for chat; choose another one for a source of kind ${kind}`]
    : problems;
}

function projectProblems({ name, projectIds }: AnySource, served: readonly string[] | undefined): string[] {
  return projectIds
    .filter((id) => served && !served.includes(id))
    .map((id) => `${name}.projects: ${id} is not one of PROJECTS`);
}

function nameProblems({ name }: AnySource): string[] {
  return name === RESERVED_NAME ? [`${name}: must not be ${RESERVED_NAME}, which is the path of another API`] : [];
}

/**
 * Returns a function that reads HOOKS, again when it may have changed; without the setting, there are no sources.
 * @param select returns what the caller needs of the sources
 */
export function refreshingHooks<T = AnySource>(
  { config, store }: HooksDependencies,
  select: (sources: Sources) => Promise<ReadonlyMap<string, T>>,
): () => Promise<ReadonlyMap<string, T>> {
  // In upstream mode and with Keystone, projects need not be in the directory.
  const assertProjects = config.upstream || config.keystone ? undefined : projectCheck(store.directory);
  return refreshingSetting('HOOKS', config.hooks, async (text) => {
    const sources = parseHooks(text, config);
    await assertProjects?.([...sources.values()]);
    return select(sources);
  });
}

/** Returns a function that throws an Error for sources with a project that does not exist. */
function projectCheck(directory: Pick<Store['directory'], 'project'>) {
  // A project is never deleted, so each is looked up once.
  const known = new Set<string>();
  return async (sources: readonly AnySource[]): Promise<void> => {
    const ids = new Set(sources.flatMap(({ projectIds }) => projectIds));
    const unchecked = [...ids].filter((id) => !known.has(id));
    await mapWithConcurrency(unchecked, CONCURRENT_READS, async (id) => {
      if (await directory.project(id)) known.add(id);
    });
    const problemsOf = ({ name, projectIds }: AnySource) =>
      projectIds
        .filter((id) => !known.has(id))
        .map((id) => `${name}.projects: there is no project ${id}; see npm run admin -- list-projects`);
    assertNoProblems('HOOKS', sources.flatMap(problemsOf));
  };
}

/** All sources, with one cache per process. The secrets that settings of chat sources refer to are not read. */
export const sourcesOf = memoizeByStore((dependencies: HooksDependencies) =>
  refreshingHooks(dependencies, async (sources) => sources),
);

/** The chat sources with their secrets, with one cache per process. */
export const chatSourcesOf = memoizeByStore(({ config, store }: HooksDependencies) =>
  refreshingHooks({ config, store }, (sources) => withSecrets([...sources.values()].filter(isChatSource), config.aws)),
);
