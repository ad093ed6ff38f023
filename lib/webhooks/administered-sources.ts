/** Which sources a caller administers. All projects share sources and mappings, so one rule separates their owners. */
import { KmsError } from '../errors.ts';
import type { DirectoryStore } from '../store/store.ts';
import { mapWithConcurrency } from '../util/concurrency.ts';
import { type AnySource, allSourcesOf } from './all-sources.ts';
import type { HooksDependencies } from './hooks.ts';
import { ANY_SOURCE } from './mappings.ts';

const CONCURRENT_READS = 32;

export interface AdministeredSources<S> {
  sources: readonly S[];
  /** What a mapping may name as its source: the names of `sources`, and `*` if there is no other source. */
  mappable: ReadonlySet<string>;
}

interface Rule {
  /** The project of the caller. */
  projectId: string;
  /** Undefined with an external IAM, which does not say to which domain a project belongs. */
  directory: Pick<DirectoryStore, 'project'> | undefined;
}

/**
 * Returns the sources that the caller administers: those whose projects all belong to the domain of the caller's
 * project; with an external IAM, those whose only project is the caller's. `*` stands for every source, also for later
 * ones, so it takes all sources that are configured, and at least one.
 */
export async function administeredSources<S extends { name: string; projectIds: readonly string[] }>(
  all: readonly S[],
  { projectId, directory }: Rule,
): Promise<AdministeredSources<S>> {
  const ids = [...new Set(all.flatMap(({ projectIds }) => projectIds))];
  const domainOf = async (id: string) => (await directory?.project(id))?.domainId;
  const domainId = await domainOf(projectId);
  const isOwn = async (id: string) => id === projectId || (domainId !== undefined && (await domainOf(id)) === domainId);
  const own = new Set(
    (await mapWithConcurrency(ids, CONCURRENT_READS, async (id) => ((await isOwn(id)) ? [id] : []))).flat(),
  );
  const sources = all.filter(({ projectIds }) => projectIds.length > 0 && projectIds.every((id) => own.has(id)));
  const hasAll = all.length > 0 && sources.length === all.length;
  return { sources, mappable: new Set([...sources.map(({ name }) => name), ...(hasAll ? [ANY_SOURCE] : [])]) };
}

/** The sources in HOOKS that a caller of the project administers. @throws Error if HOOKS cannot be read */
export async function administeredSourcesOf(
  { config, store }: HooksDependencies,
  projectId: string,
): Promise<AdministeredSources<AnySource>> {
  const all = await allSourcesOf({ config, store })();
  const directory = config.keystone ? undefined : store.directory;
  return administeredSources([...all.values()], { projectId, directory });
}

/** @throws KmsError APIGW.0101 for a source that does not exist, or that the caller does not administer */
export function assertMappable({ mappable }: AdministeredSources<unknown>, source: string): void {
  if (mappable.has(source)) return;
  throw new KmsError('APIGW.0101', { detail: 'You administer no such source; see list-sources.' });
}
