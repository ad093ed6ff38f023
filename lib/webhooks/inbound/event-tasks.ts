/** Builds the tasks of a job from the events of a source. */
import type { ExternalIdentity, Task } from '../../domain/job.ts';
import { KmsError } from '../../errors.ts';
import { printable } from '../../util/printable.ts';
import { REASON_CHARACTERS_MAX } from '../../validation/fields.ts';
import { isJsonObject } from '../../validation/json-body.ts';
import { type Meaning, meaningOf, type Source } from './source.ts';

/** A task must be much smaller than a job. With identities of the greatest length, it has 32 KB. */
const IDENTITIES_PER_TASK_MAX = 32;
const TYPE_CHARACTERS_MAX = 128;
/** With its payload, a job must fit into one item of the store. */
const PAYLOAD_CHARACTERS_MAX = 32 * 1024;

/** The person of an event: the principal itself, or identities that are mapped to principals. */
export type Person =
  | { grantee: string }
  | { identities: readonly ExternalIdentity[]; caseInsensitiveIdentities?: readonly ExternalIdentity[] };

const NO_PERSON = 'The event names no person.';

/**
 * Returns the task of an event about a person, as the source's settings want it.
 * @param event the event's name in the table of its kind
 * @param reason for the events of the job; may contain text of the source
 */
export function personTask(source: Source, event: string, person: Person, reason: string): Task {
  const meaning = meaningOf(source, event);
  const names = 'grantee' in person ? [person.grantee] : person.identities;
  if (meaning === 'ignore') return ignored(event);
  if (meaning === 'needs-person') return needsPerson(event, reason, names);
  if (names.length === 0) return unreadable(event, NO_PERSON);
  return {
    action: 'revoke-principal',
    type: 'principal.disabled',
    event: nameOf(event),
    ...person,
    reason: reasonOf(reason),
  };
}

/** Returns the task of an event about a key, as the source's settings want it. */
export function keyTask(
  source: Source,
  event: string,
  { keyId, projectId }: { keyId: string; projectId?: string | undefined },
  reason: string,
): Task {
  const meaning = meaningOf(source, event);
  if (meaning === 'ignore') return ignored(event);
  if (meaning === 'needs-person') return needsPerson(event, reason);
  return {
    action: 'revoke-key',
    type: 'key.compromised',
    event: nameOf(event),
    keyId,
    projectId,
    reason: reasonOf(reason),
  };
}

/** Whether an event with this meaning revokes grants. */
export const isActedOn = (meaning: Meaning): boolean => meaning !== 'ignore' && meaning !== 'needs-person';

const nameOf = (event: string) => printable(event, TYPE_CHARACTERS_MAX);

/** The task of an event that a person must decide about. @param reason what it is about */
export const needsPerson = (event: string, reason: string, identities: readonly ExternalIdentity[] = []): Task => ({
  action: 'needs-person',
  type: nameOf(event),
  ...(identities.length > 0 && { identities: identities.slice(0, IDENTITIES_PER_TASK_MAX) }),
  reason: reasonOf(reason),
});

type PrincipalTask = Extract<Task, { action: 'revoke-principal' }>;

/** Returns the task, or several with a part of the identities each if there are too many for one. */
export function splitByIdentities(task: PrincipalTask): PrincipalTask[] {
  const { identities = [] } = task;
  if (identities.length <= IDENTITIES_PER_TASK_MAX) return [task];
  return Array.from({ length: Math.ceil(identities.length / IDENTITIES_PER_TASK_MAX) }, (_, part) => {
    const start = part * IDENTITIES_PER_TASK_MAX;
    return { ...task, identities: identities.slice(start, start + IDENTITIES_PER_TASK_MAX) };
  });
}

/** The task of an event that has no effect here. */
export const ignored = (event: string): Task => ({ action: 'ignore', type: nameOf(event) });

/**
 * The task of an event that takes access away but cannot be read.
 * @param payload the text that the source sent; the job stores it for a person to read
 */
export const unreadable = (event: string, detail: string, payload?: string): Task => ({
  ...ignored(event),
  action: 'unreadable',
  reason: detail,
  ...(payload !== undefined && { payload: payload.slice(0, PAYLOAD_CHARACTERS_MAX) }),
});

/**
 * Returns the tasks of a delivery, with what the source sent in the first unreadable one. Only there: one delivery with
 * many events must not fill the store.
 */
export function keepingPayload(tasks: readonly Task[], payload: string): Task[] {
  const first = tasks.findIndex(({ action }) => action === 'unreadable');
  return tasks.map((task, index) =>
    index === first ? { ...task, ...unreadable(task.type, task.reason ?? '', payload) } : task,
  );
}

/**
 * Returns the tasks of each event of a batch. An event that cannot be read must not stop the others, because their
 * people would keep access: it becomes an unreadable task, so that the job does not end as done.
 * @param name of the list, for errors
 * @throws KmsError if no event of the batch causes a revocation and one cannot be read
 */
export function tasksOfEach(
  name: string,
  events: readonly unknown[],
  tasksOf: (event: Record<string, unknown>) => readonly Task[],
): Task[] {
  let firstError: KmsError | undefined;
  const tasks = events.flatMap((event): readonly Task[] => {
    try {
      if (isJsonObject(event)) return tasksOf(event);
      throw new KmsError('KMS.0308', { detail: `${name} must be an array of objects.` });
    } catch (error) {
      if (!(error instanceof KmsError)) throw error;
      firstError ??= error;
      return [unreadable('unreadable', error.message)];
    }
  });
  if (tasks.some(({ action }) => action !== 'ignore' && action !== 'unreadable')) return tasks;
  if (firstError) throw firstError;
  const detail = tasks.find(({ action }) => action === 'unreadable')?.reason;
  if (detail !== undefined) throw new KmsError('KMS.0308', { detail });
  return tasks;
}

/** A reason for the events of a job. @param text may contain text of the source */
const reasonOf = (text: string): string => printable(text, REASON_CHARACTERS_MAX);
