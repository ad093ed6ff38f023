/** Who may tell this service something: the JSON that the setting HOOKS names. */
import * as z from 'zod/mini';
import type { SecretReference } from '../../clients/secrets.ts';
import { opened } from '../../services.ts';
import { assertNoProblems, FIELDS, namedEntries, parseSetting, refreshingSetting } from '../named-settings.ts';
import { ADAPTERS, type Kind } from './adapters.ts';

/** What an event of a source may cause. */
const ACTIONS = ['principal.disabled', 'grant.revoke', 'key.compromised'] as const;

/** What a source may not be called. */
const TAKEN = 'jobs';

/** Who may tell something. */
export interface Source {
  name: string;
  kind: Kind;
  secrets: readonly string[];
  projectIds: readonly string[];
  actions: readonly (typeof ACTIONS)[number][];
}

export type Sources = ReadonlyMap<string, Source>;

const KINDS = Object.keys(ADAPTERS) as [Kind, ...Kind[]];

const SOURCES = namedEntries({
  kind: z.enum(KINDS, `must be one of: ${KINDS.join(', ')}`),
  secrets: FIELDS.secrets,
  projects: FIELDS.projects,
  actions: FIELDS.list(z.enum(ACTIONS, `must be one of: ${ACTIONS.join(', ')}`)),
});

/**
 * @param text JSON: each source by its name, with `kind`, `secrets`, `projects` and `actions`
 * @param served the only projects that there may be; all when left out
 * @throws an error that names what is wrong and where, and never holds anything of a secret
 */
export function parseSources(text: string, served?: readonly string[]): Sources {
  const sources = Object.entries(parseSetting('HOOKS', SOURCES, text)).map(
    ([name, { projects, ...source }]): Source => {
      return { name, projectIds: projects, ...source };
    },
  );
  assertNoProblems('HOOKS', [...sources.flatMap(secretFaults), ...sources.flatMap((one) => placeFaults(one, served))]);
  return new Map(sources.map((source) => [source.name, source]));
}

function placeFaults({ name, projectIds }: Source, served: readonly string[] | undefined): string[] {
  const faults = projectIds
    .filter((id) => served && !served.includes(id))
    .map((id) => `${name}.projects: ${id} is not one of PROJECTS`);
  return name === TAKEN ? [...faults, `${name}: must not be ${TAKEN}, for the path is another API's`] : faults;
}

function secretFaults({ name, kind, secrets }: Source): string[] {
  return secrets.flatMap((secret, place) => {
    const fault = ADAPTERS[kind].secretProblem(secret);
    return fault ? [`${name}.secrets.${place}: ${fault}`] : [];
  });
}

/** Read again as they change; none where there is no setting. */
export const refreshingSources = (reference: SecretReference | undefined, served?: readonly string[]) =>
  refreshingSetting('HOOKS', reference, (text) => parseSources(text, served));

/** Those of the services. */
export const sourcesOf = opened(({ config }) => refreshingSources(config.hooks, config.projects));
