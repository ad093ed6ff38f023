/** What the settings HOOKS and TARGETS share: a JSON object of named entries, read again as it changes. */
import * as z from 'zod/mini';
import { refreshingValue } from '../clients/refreshing-value.ts';
import { readSecret, type SecretReference } from '../clients/secrets.ts';
import { IAM_ID_PATTERN } from '../domain/ids.ts';
import { parseBody } from '../validation/json-body.ts';

/** A change, such as a replaced secret or a removed source, takes effect within this time. */
const MAX_AGE_MS = 10_000;

export const NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,63}$/;

const PROJECT_PROBLEM = 'must be the id of a project';
const SECRET_PROBLEM = 'must be a string of 1 to 4096 characters';
const SECRETS_PROBLEM = 'must be a list of 1 to 10 secrets';

const notAList = ({ input }: { input?: unknown }) =>
  input === undefined ? 'is missing: must be a list' : 'must be a list';

const list = <T extends z.core.$ZodType>(item: T) =>
  z
    .array(item, { error: notAList })
    .check(z.minLength(1, 'must not be empty'), z.maxLength(100, 'must have at most 100 entries'));

const name = z
  .string()
  .check(z.regex(NAME_PATTERN, 'must be 1 to 64 characters of a-z, 0-9 and -, and must not begin with -'));

const secret = z.string(SECRET_PROBLEM).check(z.minLength(1, SECRET_PROBLEM), z.maxLength(4096, SECRET_PROBLEM));

/** Schemas of fields that entries of several settings have. */
export const FIELDS = {
  list,
  flag: z.optional(z.boolean('must be true or false')),
  projects: list(z.string(PROJECT_PROBLEM).check(z.regex(IAM_ID_PATTERN, PROJECT_PROBLEM))),
  /** All of them are valid at the same time, so that a secret can be replaced without an interruption. */
  secrets: z.array(secret, SECRETS_PROBLEM).check(z.minLength(1, SECRETS_PROBLEM), z.maxLength(10, SECRETS_PROBLEM)),
};

/** For any issue but an unknown field, which `problemOf` describes. */
const notAnObject = ({ code }: { code?: string }) =>
  code === 'unrecognized_keys' ? undefined : 'must be a JSON object';

/** A schema of an entry with exactly these fields. */
export const entryOf = <T extends z.core.$ZodShape>(fields: T) => z.strictObject(fields, { error: notAnObject });

/** A schema of entries by name. */
export const namedEntries = <T extends z.core.$ZodType>(entry: T) =>
  z.record(name, entry, 'must be a JSON object in which no name occurs twice');

/** Returns a function that reads the entries, again when they may have changed; an empty map without the setting. */
export function refreshingSetting<T>(
  setting: string,
  reference: SecretReference | undefined,
  parse: (text: string) => ReadonlyMap<string, T> | Promise<ReadonlyMap<string, T>>,
): () => Promise<ReadonlyMap<string, T>> {
  if (!reference) return async () => new Map<string, T>();
  const entries = refreshingValue(setting, async () => parse(await readSetting(setting, reference)));
  return () => entries(MAX_AGE_MS);
}

async function readSetting(setting: string, reference: SecretReference): Promise<string> {
  try {
    return await readSecret(reference);
  } catch (error) {
    throw new Error(`${setting} cannot be used: ${(error as Error).message}`);
  }
}

/** @throws Error that lists each problem and where it is, without any part of a secret */
export function parseSetting<T extends z.core.$ZodType>(setting: string, schema: T, text: string): z.output<T> {
  const { success, data, error } = z.safeParse(schema, parseObject(text));
  if (!success) assertNoProblems(setting, error.issues.map(problemOf));
  return data as z.output<T>;
}

/** Returns undefined for anything but a JSON object, and for one with a key twice, which may hide a mistake. */
function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return parseBody(Buffer.from(text));
  } catch {
    return undefined;
  }
}

/** @throws Error that lists the problems, if there are any. @param problems each with where it is */
export function assertNoProblems(setting: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new Error([`${setting} cannot be used:`, ...problems].join('\n  '));
}

function problemOf(issue: z.core.$ZodIssue): string {
  // The key itself is not repeated: it may be a secret in the wrong place.
  if (issue.code === 'invalid_key') return `a name: ${issue.issues[0]?.message}`;
  const path = issue.path.join('.') || 'the content';
  if (issue.code === 'unrecognized_keys') return `${path}: unknown field ${issue.keys.join(', ')}`;
  return `${path}: ${issue.message}`;
}
