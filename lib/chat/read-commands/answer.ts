/** What the answers have in common: rows, facts, what could not be read, and names that were not found. */
import type { Authority } from '../../authority/authority.ts';
import type { Grant, ListFailure } from '../../domain/model.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { KmsError } from '../../errors.ts';
import type { Store } from '../../store/store.ts';
import type { CommandCall } from '../command-call.ts';
import type { ChatDependencies } from '../dependencies.ts';
import { keysOf, type Lookup } from '../lookup.ts';
import { NOTHING, shownText, shownTime } from '../text.ts';
import { userName } from '../user-name.ts';
import { type Row, type View, viewOf } from '../view.ts';
import type { ReadingWording } from '../wording/reading.ts';

/** A command to answer. */
export interface Question<C> extends CommandCall<C> {
  dependencies: ChatDependencies;
  words: ReadingWording;
  /** Of the projects in which the person may use the command. */
  contexts: readonly RequestContext[];
}

/** How many rows a list has. An upstream that tells no total has at least one more if there is another page. */
export const countOf = (rows: number, { total, next }: { total: number; next?: string | undefined }): number =>
  Math.max(total, next === undefined ? rows : rows + 1);

/** The facts whose value is known. */
export function factsOf(
  words: ReadingWording,
  values: Partial<Record<keyof ReadingWording['labels'], string | undefined>>,
): View['facts'] {
  return Object.entries(values).flatMap(([label, value]) =>
    value === undefined ? [] : [{ name: words.labels[label as keyof typeof values], value }],
  );
}

/** A row's id can be copied into a command where platforms can show it as such; other ids are details. */
export function rowOf(title: string, details: readonly (string | undefined)[], id: string): Row {
  const known = details.filter((detail) => detail !== undefined);
  return /^[0-9a-f-]+$/.test(id) ? { title, details: known, id } : { title, details: [...known, shownText(id, 255)] };
}

/** One line that describes each side of a grant; see `details` of rows. */
export function grantDetails(
  words: ReadingWording,
  grant: Grant,
  names: ReadonlyMap<string, string>,
): (string | undefined)[] {
  const { issuing_principal: issuer } = grant;
  return [
    shownText(grant.operations.join(', '), 255),
    words.labelled('issuer', principalText(issuer, names)),
    words.labelled('created', shownTime(grant.creation_date)),
    grant.name ? words.labelled('name', shownText(grant.name)) : undefined,
  ];
}

export function granteeText(
  words: ReadingWording,
  { grantee_principal, grantee_principal_type: type }: Grant,
  names: ReadonlyMap<string, string>,
): string {
  return `${words.principalTypes[type] ?? shownText(type)} ${principalText(grantee_principal, names)}`;
}

/** An id, with the name of the user where it is known. */
export function principalText(id: string | undefined, names: ReadonlyMap<string, string>): string {
  const name = id === undefined ? undefined : names.get(id);
  return name === undefined ? shownText(id) : `${shownText(id)} (${name})`;
}

/** The names of the users among these principals, by id. */
export async function userNames(
  store: Pick<Store, 'directory'>,
  ids: readonly (string | undefined)[],
): Promise<Map<string, string>> {
  const unique = [...new Set(ids.filter((id) => id !== undefined))];
  const names = await Promise.all(unique.map(async (id) => ({ id, name: await userName(store, id) })));
  return new Map(names.flatMap(({ id, name }) => (name === undefined ? [] : [[id, name]])));
}

/** The names of the users who are grantees or issuers of the grants, by id. */
export const namesIn = (store: Pick<Store, 'directory'>, grants: readonly Grant[]): Promise<Map<string, string>> =>
  userNames(
    store,
    grants.flatMap(({ grantee_principal, issuing_principal }) => [grantee_principal, issuing_principal]),
  );

const FAILURES_SHOWN = 3;

/** Says what could not be read; nothing if everything could. */
export function failureSentences(words: ReadingWording, failed: readonly ListFailure[]): string[] {
  if (failed.length === 0) return [];
  const examples = failed.slice(0, FAILURES_SHOWN).map(({ keyId, grantId, error }) => {
    const what = shownText(grantId || keyId, 64);
    return `${what === NOTHING ? words.wholeProject : what} (${shownText(error.publicCode)})`;
  });
  return [words.incomplete(failed.length, examples.join(', ') + (failed.length > FAILURES_SHOWN ? ', …' : ''))];
}

/**
 * Does the same in each project. A project that fails does not hide the others.
 * @throws KmsError the first error when all fail
 */
export async function inEachProject<T>(
  contexts: readonly RequestContext[],
  work: (context: RequestContext) => Promise<T>,
): Promise<{ results: { context: RequestContext; result: T }[]; failed: ListFailure[] }> {
  const settled = await Promise.allSettled(contexts.map(async (context) => ({ context, result: await work(context) })));
  const results = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = settled.flatMap((one): ListFailure[] => {
    if (one.status === 'fulfilled') return [];
    if (!(one.reason instanceof KmsError)) throw one.reason;
    return [{ keyId: '', grantId: '', error: one.reason }];
  });
  if (results.length === 0 && failed[0]) throw failed[0].error;
  return { results, failed };
}

/** The names of projects, by id; a project that the directory does not know is called by its id. */
export async function projectNames(
  { directory }: Pick<Store, 'directory'>,
  projectIds: readonly string[],
): Promise<Map<string, string>> {
  const names = projectIds.map(async (projectId): Promise<[string, string]> => {
    const project = await directory.project(projectId);
    return [projectId, shownText(project?.name ?? projectId)];
  });
  return new Map(await Promise.all(names));
}

/** The aliases of keys, by id. They only make an answer easier to read, so an error leaves them out. */
export async function aliasesOf(
  authority: Authority,
  contexts: readonly RequestContext[],
): Promise<Map<string, string>> {
  try {
    const { keys } = await keysOf(authority, contexts);
    return new Map(keys.map(({ keyId, label }) => [keyId, shownText(label)]));
  } catch (error) {
    if (error instanceof KmsError) return new Map();
    throw error;
  }
}

/** The answer to a name that names nothing, or not one thing. */
export function notFound(
  words: ReadingWording,
  kind: 'key' | 'grant' | 'person',
  lookup: Exclude<Lookup<unknown>, { result: 'found' }>,
): View {
  if (lookup.result === 'absent') {
    const sentences = [words.absentHint[kind]];
    return viewOf({ title: words.absentTitle[kind], tone: 'bad', sentences, data: { result: 'absent' } });
  }
  const { candidates } = lookup;
  return viewOf({
    title: words.ambiguousTitle[kind],
    tone: 'warning',
    sentences: [words.ambiguousHint],
    rows: candidates.map((candidate) => ({ title: shownText(candidate, 255), details: [] })),
    data: { result: 'ambiguous', candidates },
  });
}
