/** What the settings HOOKS and TARGETS have in common: JSON that names others, read again as it changes. */
import * as z from 'zod/mini';
import { refreshingValue } from '../clients/refreshing-value.ts';
import { readSecret, type SecretReference } from '../clients/secrets.ts';
import { parseBody } from '../validation/json-body.ts';

/** Read again when older: a secret that was replaced, or somebody who was shut out, is noticed in this time. */
const KEEP_MS = 10_000;

const list = <T extends z.core.$ZodType>(item: T) =>
  z.array(item, 'must be a list').check(z.minLength(1, 'must not be empty'), z.maxLength(100, 'must be 100 at most'));

const PROJECT = 'must be the id of a project';
const SECRET = 'must be a text of 1 to 4096 characters';
const secret = z.string(SECRET).check(z.minLength(1, SECRET), z.maxLength(4096, SECRET));
const SECRETS = 'must be a list of 1 to 10 secrets';

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

const name = z.string().check(z.regex(NAME, 'must be 1 to 64 of a-z, 0-9 and -, and not begin with -'));

/** Of what is no object; what has a field too many is told in words of its own. */
const notObject = ({ code }: { code?: string }) => (code === 'unrecognized_keys' ? undefined : 'must be a JSON object');

/** Others by their names, each with these fields and no more. */
export const namedEntries = <T extends z.core.$ZodShape>(fields: T) =>
  z.record(name, z.strictObject(fields, { error: notObject }), 'must be a JSON object, with no name twice');

/** The fields of both. */
export const FIELDS = {
  list,
  projects: list(z.string(PROJECT).check(z.regex(/^[\w-]{1,64}$/, PROJECT))),
  /** Each of them is good: while one is being replaced there are two. */
  secrets: z.array(secret, SECRETS).check(z.minLength(1, SECRETS), z.maxLength(10, SECRETS)),
};

/** What a setting names; nobody where there is no such setting. */
export function refreshingSetting<T>(
  setting: string,
  reference: SecretReference | undefined,
  parse: (text: string) => ReadonlyMap<string, T>,
): () => Promise<ReadonlyMap<string, T>> {
  if (!reference) return async () => new Map<string, T>();
  const fresh = refreshingValue(setting, async () => parse(await textOf(setting, reference)));
  return () => fresh(KEEP_MS);
}

async function textOf(setting: string, reference: SecretReference): Promise<string> {
  try {
    return await readSecret(reference);
  } catch (error) {
    throw new Error(`${setting} cannot be used: ${(error as Error).message}`);
  }
}

/** @throws an error that names what is wrong and where, and never holds anything of a secret */
export function parseSetting<T extends z.core.$ZodType>(setting: string, schema: T, text: string): z.output<T> {
  const { success, data, error } = z.safeParse(schema, objectIn(text));
  if (!success) assertNoProblems(setting, error.issues.map(faultOf));
  return data as z.output<T>;
}

/** Undefined for what is no JSON object, or names something twice: the one that is read last would win unseen. */
function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    return parseBody(Buffer.from(text));
  } catch {
    return undefined;
  }
}

/** @param faults each with where it is */
export function assertNoProblems(setting: string, faults: readonly string[]): void {
  if (faults.length > 0) throw new Error([`${setting} cannot be used:`, ...faults].join('\n  '));
}

function faultOf(issue: z.core.$ZodIssue): string {
  // What is wrong with a name is told one level down.
  const [{ message } = issue] = issue.code === 'invalid_key' ? issue.issues : [];
  // What stands where a name should may be anything, a secret too.
  const where = issue.code === 'invalid_key' ? 'a name' : issue.path.join('.') || 'the text';
  if (issue.code === 'unrecognized_keys') return `${where}: has ${issue.keys.join(', ')}, which is no field`;
  return `${where}: ${message}`;
}
