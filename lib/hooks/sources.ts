/** Who may tell this service something: the JSON that the setting HOOKS names. */
import * as z from 'zod/mini';
import type { Reference } from '../outbound/kept.ts';
import { opened } from '../services.ts';
import { ADAPTERS, type Kind } from './adapters.ts';
import { assertFaultless, FIELDS, keptNamed, named, parseNamed } from './settings.ts';

/** What an event of a source may cause. */
const ACTIONS = ['principal.disabled', 'grant.revoke', 'key.compromised'] as const;

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

const SOURCES = named({
  kind: z.enum(KINDS, `must be one of: ${KINDS.join(', ')}`),
  secrets: FIELDS.secrets,
  projects: FIELDS.projects,
  actions: FIELDS.list(z.enum(ACTIONS, `must be one of: ${ACTIONS.join(', ')}`)),
});

/**
 * @param text JSON: each source by its name, with `kind`, `secrets`, `projects` and `actions`
 * @throws an error that names what is wrong and where, and never holds anything of a secret
 */
export function parseSources(text: string): Sources {
  const sources = Object.entries(parseNamed('HOOKS', SOURCES, text)).map(([name, { projects, ...source }]): Source => {
    return { name, projectIds: projects, ...source };
  });
  assertFaultless('HOOKS', sources.flatMap(secretFaults));
  return new Map(sources.map((source) => [source.name, source]));
}

function secretFaults({ name, kind, secrets }: Source): string[] {
  return secrets.flatMap((secret, place) => {
    const fault = ADAPTERS[kind].secretFault(secret);
    return fault ? [`${name}.secrets.${place}: ${fault}`] : [];
  });
}

/** Read again as they change; none where there is no setting. */
export const keptSources = (reference: Reference | undefined) => keptNamed('HOOKS', reference, parseSources);

/** Those of the services. */
export const sourcesOf = opened(({ config }) => keptSources(config.hooks));
