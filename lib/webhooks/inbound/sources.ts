/** The webhook sources in the document that the setting HOOKS names (`hooks.ts`). */
import * as z from 'zod/mini';
import { entryOf, FIELDS } from '../named-settings.ts';
import { ADAPTERS, type Kind } from './adapters.ts';

/** The event types that a source can be allowed to send. */
const ACTIONS = ['principal.disabled', 'grant.revoke', 'key.compromised'] as const;

export interface Source {
  name: string;
  kind: Kind;
  secrets: readonly string[];
  projectIds: readonly string[];
  actions: readonly (typeof ACTIONS)[number][];
}

export const WEBHOOK_KINDS = Object.keys(ADAPTERS) as [Kind, ...Kind[]];

export const WEBHOOK_ENTRY = entryOf({
  kind: z.enum(WEBHOOK_KINDS),
  secrets: FIELDS.secrets,
  projects: FIELDS.projects,
  actions: FIELDS.list(z.enum(ACTIONS, `must be one of: ${ACTIONS.join(', ')}`)),
});

export function webhookSourceOf(name: string, { projects, ...entry }: z.output<typeof WEBHOOK_ENTRY>): Source {
  return { name, projectIds: projects, ...entry };
}
