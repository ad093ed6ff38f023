/** The webhook sources in the document that the setting HOOKS names (`hooks.ts`). */
import * as z from 'zod/mini';
import { memoizeByStore } from '../../util/memoize.ts';
import { CHAT_ROUTE_NAMES, type HooksDependencies, type Kind, refreshingHooks, type SourceFamily } from '../hooks.ts';
import { entryOf, FIELDS } from '../named-settings.ts';
import type { Adapter } from './adapter.ts';
import { ACTIONS, type Action, type EventRule, MEANINGS, type Meaning, type Source } from './source.ts';

/** The adapters of the kinds that one function receives, by kind. */
export type Adapters = Readonly<Partial<Record<Kind, Adapter>>>;

/** The kinds of sources that one function receives. */
export interface SourceKinds {
  adapters: Adapters;
  /** Reads the sources of these kinds, with one cache per process. */
  sourcesOf(dependencies: HooksDependencies): () => Promise<ReadonlyMap<string, Source>>;
  family: SourceFamily<Source>;
}

/** The most principals that fit into the record that counts them (`jobs/principal-limit.ts`). */
const PRINCIPALS_MAX = 1_000;
const PRINCIPALS_DEFAULT = 100;
const PRINCIPALS_PROBLEM = `must be a whole number from 1 to ${PRINCIPALS_MAX}`;
const isCount = (count: number) => Number.isInteger(count) && count >= 1 && count <= PRINCIPALS_MAX;
const MODES = ['revoke', 'observe'] as const;

interface Entry {
  kind: Kind;
  secrets?: readonly string[] | undefined;
  projects: readonly string[];
  actions: readonly Action[];
  mode?: (typeof MODES)[number] | undefined;
  maxPrincipals?: number | undefined;
  events?: Readonly<Record<string, Meaning>> | undefined;
  [setting: string]: unknown;
}

export function sourceKinds(adapters: Adapters): SourceKinds {
  const family = familyOf(adapters);
  return {
    adapters,
    family,
    sourcesOf: memoizeByStore(({ config, store }: HooksDependencies) => refreshingHooks({ config, store }, [family])),
  };
}

function familyOf(adapters: Adapters): SourceFamily<Source> {
  const kinds = Object.keys(adapters) as Kind[];
  const adapterOf = (kind: Kind) => adapters[kind] as Adapter;
  return {
    allKinds: kinds,
    kinds: () => kinds,
    entries: () => kinds.map((kind) => schemaOf(kind, adapterOf(kind))),
    sourceOf(name, entry) {
      const { kind, secrets, projects, actions, mode, maxPrincipals, events, ...settings } = entry as Entry;
      return {
        name,
        kind,
        secrets: secrets ?? [],
        projectIds: projects,
        actions,
        mode: mode ?? 'revoke',
        maxPrincipals: maxPrincipals ?? PRINCIPALS_DEFAULT,
        events: new Map([...defaultsOf(adapterOf(kind)), ...Object.entries(events ?? {})]),
        settings,
      };
    },
    problemsOf: (source) => problemsOf(source, adapterOf(source.kind)),
  };
}

const defaultsOf = ({ events }: Adapter) =>
  Object.entries(events).map(([event, { byDefault }]): [string, Meaning] => [event, byDefault]);

function schemaOf(kind: Kind, { settings, hasOptionalSecrets }: Adapter) {
  const meaning = z.enum(MEANINGS, `must be one of: ${MEANINGS.join(', ')}`);
  return entryOf({
    kind: z.literal(kind),
    secrets: hasOptionalSecrets ? z.optional(FIELDS.secrets) : FIELDS.secrets,
    projects: FIELDS.projects,
    actions: FIELDS.list(z.enum(ACTIONS, `must be one of: ${ACTIONS.join(', ')}`)),
    mode: z.optional(z.enum(MODES, `must be one of: ${MODES.join(', ')}`)),
    maxPrincipals: z.optional(z.number(PRINCIPALS_PROBLEM).check(z.refine(isCount, PRINCIPALS_PROBLEM))),
    events: z.optional(z.record(z.string(), meaning, 'must be an object of meanings by event')),
    ...settings,
  });
}

function problemsOf(source: Source, adapter: Adapter): string[] {
  const { name, kind, secrets, events, actions } = source;
  const problems = secrets.flatMap((secret, index) => {
    const problem = adapter.secretProblem(secret);
    return problem ? [`${name}.secrets.${index}: ${problem}`] : [];
  });
  const defaults = new Map(defaultsOf(adapter));
  for (const [event, meaning] of events) {
    if (meaning === defaults.get(event)) continue;
    const problem = meaningProblem(adapter, event, meaning) ?? actionProblem(actions, meaning);
    if (problem) problems.push(`${name}.events.${event}: ${problem}`);
  }
  problems.push(...(adapter.settingsProblems?.(source) ?? []).map((problem) => `${name}.${problem}`));
  if (CHAT_ROUTE_NAMES.includes(name)) {
    problems.push(`${name}: this name is only for chat; choose another one for a source of kind ${kind}`);
  }
  return problems;
}

function meaningProblem({ events, otherEvents = [] }: Adapter, event: string, meaning: Meaning): string | undefined {
  const rule: EventRule | undefined = Object.hasOwn(events, event) ? events[event] : undefined;
  const allowed = rule ? [rule.action] : otherEvents;
  // An event that is not in the table is ignored anyway, so an entry that ignores it must be a misspelling.
  if (allowed.length === 0 || (!rule && meaning === 'ignore'))
    return `there is no such event; the events are: ${Object.keys(events).join(', ')}`;
  const meanings: readonly Meaning[] = [...allowed, 'needs-person', 'ignore'];
  return meanings.includes(meaning) ? undefined : `must be one of: ${meanings.join(', ')}`;
}

const actionProblem = (actions: readonly Action[], meaning: Meaning): string | undefined =>
  meaning === 'ignore' || meaning === 'needs-person' || actions.includes(meaning)
    ? undefined
    : `actions does not allow ${meaning}`;
