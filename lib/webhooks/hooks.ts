/**
 * The document that the setting HOOKS names: the sources of webhooks and of chat, each name once. A function checks the
 * sources that it receives from, and carries the code only of those; `npm start` checks all of them.
 */
import * as z from 'zod/mini';
import { CHAT_KINDS } from '../chat/source.ts';
import type { Config } from '../config.ts';
import type { ReceiverStore } from '../store/store.ts';
import { mapWithConcurrency } from '../util/concurrency.ts';
import { assertNoProblems, namedEntries, parseSetting, refreshingSetting } from './named-settings.ts';

/** The kinds of webhook sources. Each has an adapter in `inbound/adapters/<kind>.ts`. */
export const WEBHOOK_KINDS = [
  'standard',
  'bearer',
  'okta',
  'workos',
  'scim',
  'github',
  'github-org',
  'gitlab',
  'gitguardian',
  'smn',
  'sns',
  'ssf',
] as const;
export type Kind = (typeof WEBHOOK_KINDS)[number];

/** Not a source's name, because /hooks/jobs/{id} is an API. */
const RESERVED_NAME = 'jobs';

/** When deployed, `POST /hooks/<name>` with one of these names is a route of the function `chat` (serverless.yml). */
export const CHAT_ROUTE_NAMES: readonly string[] = ['slack', 'feishu', 'lark', 'mattermost', 'bot'];

/** When deployed, `POST /hooks/<name>` with one of these names is a route of the function `notification`. */
const NOTIFICATION_ROUTE_NAMES: readonly string[] = ['smn', 'sns'];

const CONCURRENT_READS = 32;

interface AnySource {
  name: string;
  kind?: string;
  projectIds: readonly string[];
}

export type HooksSettings = Pick<Config, 'hooks' | 'projects' | 'upstream' | 'keystone' | 'aws'>;

export interface HooksDependencies {
  config: HooksSettings;
  store: Pick<ReceiverStore, 'directory'>;
}

type ParseSettings = Partial<Pick<HooksSettings, 'projects' | 'keystone' | 'aws'>>;

/** The sources of some kinds: their entries in the document, and what makes one invalid. */
export interface SourceFamily<S extends AnySource> {
  /** Also those that this version has no code for. */
  allKinds: readonly string[];
  kinds(): readonly string[];
  entries(): readonly z.core.$ZodTypeDiscriminable[];
  /** @param entry as one of `entries` returns it */
  sourceOf(name: string, entry: unknown): S;
  /** Returns what is wrong with a source whose form is right, each problem with its place. */
  problemsOf(source: S, settings: ParseSettings): readonly string[];
}

/**
 * @param text JSON: an object of sources by name, each with `kind`, `secrets`, `projects` and the fields of its kind
 * @param families whose sources to return; those of other kinds are left out
 * @param settings.projects the only projects that a source may name; any when absent
 * @throws Error that lists each problem and where it is, without any part of a secret
 */
export function parseHooks<S extends AnySource>(
  text: string,
  families: readonly SourceFamily<S>[],
  settings: ParseSettings = {},
): ReadonlyMap<string, S> {
  const problems: string[] = [];
  const sources = Object.entries(parseSetting('HOOKS', schemaOf(families), text)).flatMap(([name, entry]) => {
    const family = families.find((one) => one.kinds().includes(entry.kind));
    if (!family) return [];
    const source = family.sourceOf(name, entry);
    problems.push(...family.problemsOf(source, settings), ...commonProblems(source, settings.projects));
    return [source];
  });
  assertNoProblems('HOOKS', problems);
  return new Map(sources.map((source) => [source.name, source]));
}

function schemaOf(families: readonly SourceFamily<AnySource>[]) {
  const own = families.flatMap((family) => family.kinds());
  const others = [...WEBHOOK_KINDS, ...CHAT_KINDS].filter(
    (kind) => !families.some(({ allKinds }) => allKinds.includes(kind)),
  );
  const error = ({ code }: { code?: string }) =>
    code === 'invalid_union' ? `must be one of: ${[...own, ...others].join(', ')}` : 'must be a JSON object';
  const entries = [
    ...families.flatMap((family) => family.entries()),
    ...(others.length > 0 ? [z.looseObject({ kind: z.enum(others as [string, ...string[]]) })] : []),
  ];
  const union = z.discriminatedUnion('kind', entries as [z.core.$ZodTypeDiscriminable], { error });
  return namedEntries(union as unknown as z.ZodMiniType<{ kind: string }>);
}

function commonProblems({ name, kind, projectIds }: AnySource, served: readonly string[] | undefined): string[] {
  const problems = projectIds
    .filter((id) => served && !served.includes(id))
    .map((id) => `${name}.projects: ${id} is not one of PROJECTS`);
  if (name === RESERVED_NAME) problems.push(`${name}: must not be ${RESERVED_NAME}, which is the path of another API`);
  if (kind && NOTIFICATION_ROUTE_NAMES.includes(name) && !NOTIFICATION_ROUTE_NAMES.includes(kind)) {
    const names = NOTIFICATION_ROUTE_NAMES.join(' and ');
    problems.push(`${name}: this name is only for the kinds ${names}; choose another one for a source of kind ${kind}`);
  }
  return problems;
}

/**
 * Returns a function that reads HOOKS, again when it may have changed; without the setting, there are no sources.
 * @param complete adds to valid sources what else is to be read
 */
export function refreshingHooks<S extends AnySource>(
  { config, store }: HooksDependencies,
  families: readonly SourceFamily<S>[],
  complete: (sources: ReadonlyMap<string, S>) => Promise<ReadonlyMap<string, S>> = async (sources) => sources,
): () => Promise<ReadonlyMap<string, S>> {
  // In upstream mode and with Keystone, projects need not be in the directory.
  const assertProjects = config.upstream || config.keystone ? undefined : projectCheck(store.directory);
  return refreshingSetting('HOOKS', config.hooks, async (text) => {
    const sources = parseHooks(text, families, config);
    await assertProjects?.([...sources.values()]);
    return complete(sources);
  });
}

/** Returns a function that throws an Error for sources with a project that does not exist. */
function projectCheck(directory: ReceiverStore['directory']) {
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
