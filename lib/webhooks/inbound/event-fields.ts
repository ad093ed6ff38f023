/** Body fields that several kinds of sources share. */
import * as z from 'zod/mini';
import { UNPRINTABLE } from '../../domain/characters.ts';
import type { ExternalIdentity } from '../../domain/job.ts';
import { sha256Hex } from '../../signing/bytes.ts';
import { failsWith, field } from '../../validation/field.ts';

const IDENTIFIER_CHARACTERS_MAX = 256;

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

export const isIdentifier = (value: unknown): value is string => typeof value === 'string' && IDENTIFIER.test(value);

/** Returns the values that can be identities, without duplicates. */
export const identitiesIn = (values: readonly unknown[]): ExternalIdentity[] => [
  ...new Set(values.filter(isIdentifier)),
];

/** Returns undefined for anything but a string. */
export function lowerCase(value: unknown): string | undefined {
  return typeof value === 'string' ? value.toLowerCase() : undefined;
}

/**
 * Returns the source's id of a delivery. It decides nothing about access, so a missing or malformed one is no error: a
 * digest of the body takes its place.
 */
export const deliveryIdOf = (id: unknown, body: Uint8Array): string => (isIdentifier(id) ? id : sha256Hex(body));
