/** The webhook sources in the document that the setting HOOKS names (`hooks.ts`). */
import * as z from 'zod/mini';
import { memoizeByStore } from '../../util/memoize.ts';
import {
  CHAT_ROUTE_NAMES,
  type HooksDependencies,
  type Kind,
  refreshingHooks,
  type SourceFamily,
  WEBHOOK_KINDS,
} from '../hooks.ts';
import { entryOf, FIELDS } from '../named-settings.ts';
import { ADAPTERS } from './adapters.ts';

/** The event types that a source can be allowed to send. */
const ACTIONS = ['principal.disabled', 'grant.revoke', 'key.compromised'] as const;

export interface Source {
  name: string;
  kind: Kind;
  secrets: readonly string[];
  projectIds: readonly string[];
  actions: readonly (typeof ACTIONS)[number][];
}

const ENTRY = entryOf({
  kind: z.enum(WEBHOOK_KINDS),
  secrets: FIELDS.secrets,
  projects: FIELDS.projects,
  actions: FIELDS.list(z.enum(ACTIONS, `must be one of: ${ACTIONS.join(', ')}`)),
});

export const WEBHOOK_SOURCES: SourceFamily<Source> = {
  allKinds: WEBHOOK_KINDS,
  kinds: () => WEBHOOK_KINDS,
  entries: () => [ENTRY],
  sourceOf(name, entry) {
    const { projects, ...fields } = entry as z.output<typeof ENTRY>;
    return { name, projectIds: projects, ...fields };
  },
  problemsOf({ name, kind, secrets }) {
    const problems = secrets.flatMap((secret, index) => {
      const problem = ADAPTERS[kind].secretProblem(secret);
      return problem ? [`${name}.secrets.${index}: ${problem}`] : [];
    });
    return CHAT_ROUTE_NAMES.includes(name)
      ? [...problems, `${name}: this name is only for chat; choose another one for a source of kind ${kind}`]
      : problems;
  },
};

/** The webhook sources, with one cache per process. */
export const sourcesOf = memoizeByStore(({ config, store }: HooksDependencies) =>
  refreshingHooks({ config, store }, [WEBHOOK_SOURCES]),
);
