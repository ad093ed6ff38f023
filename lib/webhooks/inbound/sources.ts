/** The sources that may send webhooks, from the JSON document that the setting HOOKS names. */
import * as z from 'zod/mini';
import type { SecretReference } from '../../clients/secrets.ts';
import type { Config } from '../../config.ts';
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

export type SourceSettings = Pick<Config, 'hooks' | 'projects'>;

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
export const refreshingSources = (reference: SecretReference | undefined, servedProjects?: readonly string[]) =>
  refreshingSetting('HOOKS', reference, (text) => parseSources(text, servedProjects));

/** Like `refreshingSources`, but with one cache per process. */
export const sourcesOf = memoizeByStore(({ config }: { store: object; config: SourceSettings }) =>
  refreshingSources(config.hooks, config.projects),
);
