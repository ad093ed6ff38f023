/** What a job's state means to the person who looks at it. */
import { FINAL_STATES, RETRIED_FROM, STOPPED_FROM } from '../../lib/domain/job.ts';
import type { Job, JobState } from './types.ts';

/** States in which something is still to be done, by a worker or by a person. */
export const NOT_DONE: readonly JobState[] = [
  'queued',
  'running',
  'waiting',
  'leftovers',
  'unmapped',
  'unreadable',
  'needs-person',
  'paused',
  'stopped',
];

export const ALL_STATES: readonly JobState[] = [...NOT_DONE, 'done', 'nothing-found', 'observed', 'ignored'];

export const isFinal = ({ state }: Pick<Job, 'state'>): boolean => FINAL_STATES.includes(state);
export const canRetry = ({ state }: Pick<Job, 'state'>): boolean => RETRIED_FROM.includes(state);
export const canStop = ({ state }: Pick<Job, 'state'>): boolean => STOPPED_FROM.includes(state);

type Outcome = Pick<Job, 'state' | 'remaining' | 'unmapped' | 'unreadable' | 'needs_person'>;

/** Returns the state to show: `done` only if nothing remains, every identity is mapped and every event was read. */
export function shownState({ state, remaining, unmapped, unreadable, needs_person }: Outcome): JobState {
  if (state !== 'done') return state;
  if (remaining > 0) return 'leftovers';
  if (unreadable > 0) return 'unreadable';
  if (needs_person > 0) return 'needs-person';
  return unmapped.length > 0 ? 'unmapped' : 'done';
}

type Progress = Outcome & Pick<Job, 'revoked'> & { total?: number | undefined };

/** States in which the grants that remain have not been counted. */
const UNCOUNTED: readonly JobState[] = ['queued', 'running', 'stopped'];

/**
 * Returns how many grants remain, as far as is known: `remaining` is what an attempt left behind, so it is 0 before and
 * during the first one. `total` is what was selected when the job was stored; jobs of webhooks and of chat have none.
 * @returns undefined if that is unknown
 */
export function remainingOf({ state, remaining, revoked, total }: Progress): number | undefined {
  if (!UNCOUNTED.includes(state)) return remaining;
  const known = Math.max(remaining, (total ?? 0) - revoked);
  return known > 0 ? known : undefined;
}

/**
 * Returns how far the job is, as the value and the end of a progress bar. The bar is full only if the job is done.
 * @returns undefined if that is not known
 */
export function progressOf(job: Progress): { value: number; max: number } | undefined {
  if (shownState(job) === 'done') return { value: 1, max: 1 };
  const remaining = remainingOf(job);
  return remaining ? { value: job.revoked, max: job.revoked + remaining } : undefined;
}

/** Returns the states that the address asks for; undefined for all. */
export function statesOf(choice: string | null): JobState[] | undefined {
  if (choice === 'all') return undefined;
  const one = ALL_STATES.find((state) => state === choice);
  return one ? [one] : [...NOT_DONE];
}
