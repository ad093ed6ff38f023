/** The sources that may send webhooks, from the JSON document that the setting HOOKS names. */
import * as z from 'zod/mini';
import type { SecretReference } from '../../clients/secrets.ts';
import type { Config } from '../../config.ts';
import type { Store } from '../../store/store.ts';
import { mapWithConcurrency } from '../../util/concurrency.ts';
import { memoizeByStore } from '../../util/memoize.ts';
import { assertNoProblems, FIELDS, namedEntries, parseSetting, refreshingSetting } from '../named-settings.ts';
import { ADAPTERS, type Kind } from './adapters.ts';

/** The event types that a source can be allowed to send. */
const ACTIONS = ['principal.disabled', 'grant.revoke', 'key.compromised'] as const;

/** Not a source's name, because /hooks/jobs/{id} is an API. */
const RESERVED_NAME = 'jobs';

export interface Source {
  name: string;
  kind: Kind;
  secrets: readonly string[];
  projectIds: readonly string[];
  actions: readonly (typeof ACTIONS)[number][];
}

type Sources = ReadonlyMap<string, Source>;

export type SourceSettings = Pick<Config, 'hooks' | 'projects' | 'upstream' | 'keystone'>;

interface Projects {
  /** The setting PROJECTS: the only projects that a source may name; any when absent. */
  served?: readonly string[] | undefined;
  /** Where every project that a source names must exist; absent where this service does not know all projects. */
  directory?: Pick<Store['directory'], 'project'> | undefined;
}

const CONCURRENT_READS = 32;

const KINDS = Object.keys(ADAPTERS) as [Kind, ...Kind[]];

const SOURCES = namedEntries({
  kind: z.enum(KINDS, `must be one of: ${KINDS.join(', ')}`),
  secrets: FIELDS.secrets,
  projects: FIELDS.projects,
  actions: FIELDS.list(z.enum(ACTIONS, `must be one of: ${ACTIONS.join(', ')}`)),
});

/**
 * @param text JSON: an object of sources by name, each with `kind`, `secrets`, `projects` and `actions`
 * @param servedProjects the only projects that a source may name; any when absent
 * @throws Error that lists each problem and where it is, without any part of a secret
 */
export function parseSources(text: string, servedProjects?: readonly string[]): Sources {
  const sources = Object.entries(parseSetting('HOOKS', SOURCES, text)).map(
    ([name, { projects, ...source }]): Source => ({ name, projectIds: projects, ...source }),
  );
  assertNoProblems('HOOKS', [
    ...sources.flatMap(secretProblems),
    ...sources.flatMap((source) => projectProblems(source, servedProjects)),
    ...sources.flatMap(nameProblems),
  ]);
  return new Map(sources.map((source) => [source.name, source]));
}

function secretProblems({ name, kind, secrets }: Source): string[] {
  return secrets.flatMap((secret, index) => {
    const problem = ADAPTERS[kind].secretProblem(secret);
    return problem ? [`${name}.secrets.${index}: ${problem}`] : [];
  });
}

function projectProblems({ name, projectIds }: Source, servedProjects: readonly string[] | undefined): string[] {
  return projectIds
    .filter((id) => servedProjects && !servedProjects.includes(id))
    .map((id) => `${name}.projects: ${id} is not one of PROJECTS`);
}

function nameProblems({ name }: Source): string[] {
  return name === RESERVED_NAME ? [`${name}: must not be ${RESERVED_NAME}, which is the path of another API`] : [];
}

/** Returns a function that reads the sources, again when they may have changed; none without the setting. */
export function refreshingSources(reference: SecretReference | undefined, { served, directory }: Projects = {}) {
  const assertKnown = directory && projectCheck(directory);
  return refreshingSetting('HOOKS', reference, async (text) => {
    const sources = parseSources(text, served);
    await assertKnown?.([...sources.values()]);
    return sources;
  });
}

/** Returns a function that throws an Error for sources with a project that does not exist. */
function projectCheck(directory: NonNullable<Projects['directory']>) {
  // A project is never deleted, so each is looked up once.
  const known = new Set<string>();
  return async (sources: readonly Source[]): Promise<void> => {
    const ids = new Set(sources.flatMap(({ projectIds }) => projectIds));
    const unchecked = [...ids].filter((id) => !known.has(id));
    await mapWithConcurrency(unchecked, CONCURRENT_READS, async (id) => {
      if (await directory.project(id)) known.add(id);
    });
    const problemsOf = ({ name, projectIds }: Source) =>
      projectIds
        .filter((id) => !known.has(id))
        .map((id) => `${name}.projects: there is no project ${id}; see npm run admin -- list-projects`);
    assertNoProblems('HOOKS', sources.flatMap(problemsOf));
  };
}

/** Like `refreshingSources`, but with one cache per process. */
export const sourcesOf = memoizeByStore(
  ({ store, config }: { store: Pick<Store, 'directory'>; config: SourceSettings }) => {
    // In upstream mode and with Keystone, projects need not be in the directory.
    const directory = config.upstream || config.keystone ? undefined : store.directory;
    return refreshingSources(config.hooks, { served: config.projects, directory });
  },
);
