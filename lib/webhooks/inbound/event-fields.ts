/** What the bodies of several sources have in common. */
import * as z from 'zod/mini';
import type { ExternalIdentity, Task } from '../../domain/job.ts';

/** In a list of ours. */
const NAMES_MAX = 10;
/** Of one person, of all that a source knows. */
const ALL_NAMES_MAX = 32;
const NAME_CHARACTERS_MAX = 256;
const TYPE_CHARACTERS_MAX = 128;
const REASON_CHARACTERS_MAX = 255;

/** Controls, invisible and unassigned characters, half of a pair, line ends. */
const UNPRINTABLE = '\\p{C}\\p{Zl}\\p{Zp}';

/** What looks like a credential is no name: only who finds credentials may name one. */
const NAME = new RegExp(`^(?!access-key:|sha256:)[^${UNPRINTABLE}]{1,${NAME_CHARACTERS_MAX}}$`, 'u');

/** An empty text says as little as none. */
const failing = (detail: string) => ({
  error: ({ input }: { input?: unknown }) => (input === undefined || input === '' ? 'KMS.0204' : `KMS.0308 ${detail}`),
});

/** Any text: what a source calls an event is looked up, and shortened where it is kept. */
export const type = (field: string) => z.string(failing(`${field} must be a text.`));

/** Who or what somebody else means: printable, and short enough to be kept. */
export function name(field: string) {
  const fails = failing(`${field} must be 1 to ${NAME_CHARACTERS_MAX} printable characters.`);
  return z.string(fails).check(z.regex(NAME, fails));
}

/** None at all says as little as no list. */
export function names(field: string) {
  const fails = failing(`${field} must be an array of 1 to ${NAMES_MAX} texts.`);
  return z.array(name(field), fails).check(z.minLength(1, 'KMS.0204'), z.maxLength(NAMES_MAX, fails));
}

export const object = (field: string) => z.record(z.string(), z.unknown(), failing(`${field} must be an object.`));

export const objects = (field: string) => {
  const fails = failing(`${field} must be an array of objects.`);
  return z.array(z.record(z.string(), z.unknown(), fails), fails);
};

/** Of what may be names those that are, each once. */
export function identitiesIn(values: readonly unknown[]): ExternalIdentity[] {
  const found = values.filter((value): value is string => typeof value === 'string' && NAME.test(value));
  return [...new Set(found)].slice(0, ALL_NAMES_MAX);
}

/** Undefined for what is no text. */
export function lowerCase(value: unknown): string | undefined {
  return typeof value === 'string' ? value.toLowerCase() : undefined;
}

/** The addresses of `[{"value": "…"}]`, as SCIM has them. */
export function emailsIn(list: unknown): (string | undefined)[] {
  return Array.isArray(list)
    ? list.map((email: unknown) => lowerCase((email as { value?: unknown } | null)?.value))
    : [];
}

export const ignored = (type: string): Task => ({ action: 'ignore', type: shown(type, TYPE_CHARACTERS_MAX) });

/** A reason of our own that holds words of a source. */
export const reasonOf = (words: string): string => shown(words, REASON_CHARACTERS_MAX);

/** Fit to be kept and read by people. */
function shown(words: string, charactersMax: number): string {
  const characters = Array.from(words.replace(new RegExp(`[${UNPRINTABLE}]`, 'gu'), '?'));
  return characters.slice(0, charactersMax).join('');
}
