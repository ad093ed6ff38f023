/** Body fields that several kinds of sources share, and the parts of a task that are built from them. */
import * as z from 'zod/mini';
import { UNPRINTABLE } from '../../domain/characters.ts';
import type { ExternalIdentity, Task } from '../../domain/job.ts';
import { KmsError } from '../../errors.ts';
import { sha256Hex } from '../../signing/bytes.ts';
import { printable } from '../../util/printable.ts';
import { failsWith, field } from '../../validation/field.ts';
import { REASON_CHARACTERS_MAX } from '../../validation/fields.ts';
import { isJsonObject } from '../../validation/json-body.ts';

/** A task must be much smaller than a job. With identities of the greatest length, it has 32 KB. */
const IDENTITIES_PER_TASK_MAX = 32;
const IDENTIFIER_CHARACTERS_MAX = 256;
const TYPE_CHARACTERS_MAX = 128;

/** Excludes the forms that identify a leaked credential: only secret scanning may report one. */
const IDENTIFIER = new RegExp(`^(?!access-key:|sha256:)[^${UNPRINTABLE}]{1,${IDENTIFIER_CHARACTERS_MAX}}$`, 'u');

/** A field where "" counts as missing. */
const eventField = <T extends z.core.$ZodType>(schema: T, detail: string) =>
  field(schema, { code: 'KMS.0308', detail, isAbsent: (input) => input === undefined || input === '' });

/** The type of an event: any string, because unknown types are ignored. */
export const eventType = (name: string) => eventField(z.string(), `${name} must be a string.`);

const identifierText = z.string().check(z.regex(IDENTIFIER));

/** The id of a person. */
export const identifier = (name: string) =>
  eventField(identifierText, `${name} must be a string of 1 to ${IDENTIFIER_CHARACTERS_MAX} printable characters.`);

/** A list of ids, as long as the body may be; an empty list counts as missing. */
export function identifiers(name: string) {
  const isNotEmpty = z.refine<string[]>((list) => list.length > 0, failsWith('KMS.0204', `${name} is required.`));
  return eventField(
    z.array(identifierText).check(isNotEmpty),
    `${name} must be a list of strings of 1 to ${IDENTIFIER_CHARACTERS_MAX} printable characters.`,
  );
}

const anyObject = z.record(z.string(), z.unknown());

export const object = (name: string) => eventField(anyObject, `${name} must be an object.`);

export const list = (name: string) => eventField(z.array(z.unknown()), `${name} must be an array of objects.`);

/** Returns the values that can be identities, without duplicates. */
export function identitiesIn(values: readonly unknown[]): ExternalIdentity[] {
  const identities = values.filter((value): value is string => typeof value === 'string' && IDENTIFIER.test(value));
  return [...new Set(identities)];
}

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

/** Returns undefined for anything but a string. */
export function lowerCase(value: unknown): string | undefined {
  return typeof value === 'string' ? value.toLowerCase() : undefined;
}

/** The task of an event that has no effect here. */
export const ignored = (type: string): Task => ({ action: 'ignore', type: printable(type, TYPE_CHARACTERS_MAX) });

/** The task of an event that takes access away but cannot be read. */
export const unreadable = (type: string, detail: string): Task => ({
  ...ignored(type),
  action: 'unreadable',
  reason: detail,
});

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
export const reasonOf = (text: string): string => printable(text, REASON_CHARACTERS_MAX);

/**
 * Returns the source's id of a delivery. It decides nothing about access, so a missing or malformed one is no error: a
 * digest of the body takes its place.
 */
export const deliveryIdOf = (id: unknown, body: Uint8Array): string =>
  typeof id === 'string' && IDENTIFIER.test(id) ? id : sha256Hex(body);
