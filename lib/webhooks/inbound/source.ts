/** A webhook source, as the setting HOOKS describes it, and what its events mean. */
import type { Kind } from '../hooks.ts';

/** The event types that a source can be allowed to cause. */
export const ACTIONS = ['principal.disabled', 'grant.revoke', 'key.compromised'] as const;
export type Action = (typeof ACTIONS)[number];

/** What an event means: an action; `needs-person` for a job that a person must decide about; or nothing. */
export const MEANINGS = [...ACTIONS, 'needs-person', 'ignore'] as const;
export type Meaning = (typeof MEANINGS)[number];

/** An event in the table of a kind. */
export interface EventRule {
  /** What the event can mean, apart from `needs-person` and `ignore`. */
  action: Action;
  /** What it means unless the source's settings say otherwise. */
  byDefault: Meaning;
}

/** An event that has its effect unless the settings say otherwise. */
export const acts = (action: Action): EventRule => ({ action, byDefault: action });

/** An event that has an effect only if the settings say so. */
export const actsByChoice = (action: Action): EventRule => ({ action, byDefault: 'ignore' });

/** An event that a person must decide about, unless the settings say otherwise. */
export const needsPersonByDefault = (action: Action): EventRule => ({ action, byDefault: 'needs-person' });

/** @template S the settings that only its kind has */
export interface Source<S extends object = object> {
  /** The source's name in the URL and in mappings. */
  name: string;
  kind: Kind;
  secrets: readonly string[];
  projectIds: readonly string[];
  actions: readonly Action[];
  /** `observe`: its jobs record what they would revoke, and revoke nothing. */
  mode: 'revoke' | 'observe';
  /** How many principals its jobs may revoke for within an hour. A job that would exceed it waits for a person. */
  maxPrincipals: number;
  /** What its events mean, by name. */
  events: ReadonlyMap<string, Meaning>;
  settings: S;
}

/** @param event a name from the table of the kind, or one that only the settings know */
export const meaningOf = ({ events }: Source, event: string): Meaning => events.get(event) ?? 'ignore';
