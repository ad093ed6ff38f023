/** Finds what people name in commands: keys, grants and people, within what they may see. */
import type { Authority } from '../authority/authority.ts';
import { aliasOf, allKeys, grantsOnKeys, keyIdOf } from '../authority/project-lists.ts';
import { GRANT_ID_PATTERN, IAM_ID_PATTERN, KEY_ID_PATTERN, PRINCIPAL_ID_PATTERN } from '../domain/ids.ts';
import type { Grant, ListedKey, ListFailure } from '../domain/model.ts';
import type { RequestContext } from '../domain/request-context.ts';
import { isUnknownKey } from '../errors.ts';
import { mappedPrincipals } from '../webhooks/jobs/identities.ts';
import type { PersonName } from './command.ts';
import type { Reader } from './dependencies.ts';
import { GRANT_PREFIX_PATTERN } from './grammar.ts';
import { identityOf } from './person.ts';
import type { Sender } from './platform.ts';
import type { ChatSource } from './source.ts';
import { userName } from './user-name.ts';

export type Lookup<T> =
  | { result: 'found'; found: T }
  | { result: 'absent' }
  /** `candidates` are what to type instead. */
  | { result: 'ambiguous'; candidates: readonly string[] };

export interface FoundKey {
  /** Of the project that has the key. */
  context: RequestContext;
  keyId: string;
  /** Its alias, or its id where there is none. */
  label: string;
}

export interface FoundGrant {
  context: RequestContext;
  grant: Grant;
}

export interface FoundPerson {
  principals: readonly string[];
  label: string;
}

const CANDIDATES_MAX = 5;

/**
 * An id of a key comes before an alias. An alias that differs only in case is a candidate: people type on phones.
 * @param contexts of the projects in which the person has the permission that the command needs
 * @throws KmsError when nothing was found and some keys could not be read: the key may be one of them
 */
export async function findKey(
  { authority }: Pick<Reader, 'authority'>,
  contexts: readonly RequestContext[],
  name: string,
): Promise<Lookup<FoundKey>> {
  const keyId = name.toLowerCase();
  if (KEY_ID_PATTERN.test(keyId)) {
    const results = await Promise.allSettled(contexts.map((context) => keyById(authority, context, keyId)));
    const key = results.flatMap((one) => (one.status === 'fulfilled' ? (one.value ?? []) : []))[0];
    if (key) return { result: 'found', found: key };
    const refused = results.find((one) => one.status === 'rejected');
    if (refused) throw refused.reason;
  }
  const { keys, failed } = await keysOf(authority, contexts);
  const named = keys.filter((key) => key.label === name || key.keyId === name);
  if (named.length === 0 && failed[0]) throw failed[0].error;
  if (named.length > 1) return ambiguous(named.map((key) => key.keyId));
  if (named[0]) return { result: 'found', found: named[0] };
  const similar = keys.filter(({ label }) => label.toLowerCase() === name.toLowerCase());
  return ambiguous(similar.map(({ label }) => label));
}

async function keyById(authority: Authority, context: RequestContext, keyId: string): Promise<FoundKey | undefined> {
  try {
    return foundKey(context, await authority.describeKey(context, keyId));
  } catch (error) {
    if (isUnknownKey(error)) return undefined;
    throw error;
  }
}

function foundKey(context: RequestContext, key: ListedKey): FoundKey {
  const keyId = keyIdOf(key);
  return { context, keyId, label: aliasOf(key) ?? keyId };
}

/** All keys of the projects, and what could not be read. @throws KmsError when the first page cannot be read */
export async function keysOf(
  authority: Authority,
  contexts: readonly RequestContext[],
): Promise<{ keys: FoundKey[]; failed: ListFailure[] }> {
  const [keys, failed]: [FoundKey[], ListFailure[]] = [[], []];
  for (const context of contexts) {
    const listed = await allKeys(authority, context);
    keys.push(...listed.keys.map((key) => foundKey(context, key)));
    failed.push(...listed.failed);
  }
  return { keys, failed };
}

/**
 * @param key where absent, the grants of all keys are searched
 * @throws KmsError when the grant may be among what could not be read
 */
export async function findGrant(
  { authority, store }: Reader,
  contexts: readonly RequestContext[],
  key: FoundKey | undefined,
  prefix: string,
): Promise<Lookup<FoundGrant>> {
  const beginning = prefix.toLowerCase();
  if (!GRANT_PREFIX_PATTERN.test(beginning)) return { result: 'absent' };
  const isMatch = ({ grant_id }: Grant) => grant_id.startsWith(beginning);
  const recorded = key ? undefined : await recordedKey(store, contexts, beginning);
  if (recorded) {
    const found = await grantsOnKeys(authority, [recorded], isMatch);
    if (found.grants[0]) return { result: 'found', found: found.grants[0] };
  }
  const { keys, failed: unread } = key ? { keys: [key], failed: [] } : await keysOf(authority, contexts);
  const { grants, failed } = await grantsOnKeys(authority, keys, isMatch);
  const [failure] = [...unread, ...failed];
  if (grants.length === 0 && failure) throw failure.error;
  if (grants.length > 1) return ambiguous(grants.map(({ grant }) => grant.grant_id));
  return grants[0] ? { result: 'found', found: grants[0] } : { result: 'absent' };
}

/** The key of the grant as the newest event about it says: listing one key takes less time than listing all. */
async function recordedKey(
  { events }: Reader['store'],
  contexts: readonly RequestContext[],
  grantId: string,
): Promise<FoundKey | undefined> {
  if (!GRANT_ID_PATTERN.test(grantId)) return undefined;
  for (const context of contexts) {
    const [event] = await events.list(context.projectId, { grantId }, 1);
    if (event) return { context, keyId: event.keyId, label: event.keyId };
  }
  return undefined;
}

/**
 * A mention is looked up as an identity that is mapped for this very source. A text is the id of a user of the
 * directory, else an identity that is mapped for this source or for every source, else the id of a principal that only
 * the KMS knows. Names and e-mail addresses that are not mapped name nobody.
 * @returns all principals of the person, and what to call the person
 */
export async function findPrincipals(
  { store }: Pick<Reader, 'store'>,
  source: ChatSource,
  sender: Sender,
  name: PersonName,
): Promise<Lookup<FoundPerson>> {
  if ('mention' in name) {
    const identity = identityOf(source, { workspace: sender.workspace, userId: name.mention });
    const mappings = await store.mappings.find(source.name, identity);
    return mappedPerson(
      store,
      mappings.filter((mapping) => mapping.identity === identity).map(({ grantee }) => grantee),
    );
  }
  const { text } = name;
  if (IAM_ID_PATTERN.test(text) && (await store.directory.user(text))) return foundPrincipal(text);
  const mapped = await mappedPrincipals(store.mappings, source.name, text);
  if (mapped.length > 0) return mappedPerson(store, mapped);
  return PRINCIPAL_ID_PATTERN.test(text) ? foundPrincipal(text) : { result: 'absent' };
}

const foundPrincipal = (principal: string): Lookup<FoundPerson> => ({
  result: 'found',
  found: { principals: [principal], label: principal },
});

async function mappedPerson(
  store: Pick<Reader['store'], 'directory'>,
  principals: readonly string[],
): Promise<Lookup<FoundPerson>> {
  if (principals.length === 0) return { result: 'absent' };
  const labels = await Promise.all(
    principals.map(async (principal) => (await userName(store, principal)) ?? principal),
  );
  return { result: 'found', found: { principals: [...new Set(principals)], label: [...new Set(labels)].join(', ') } };
}

/** @param names of which none names what was meant for certain */
function ambiguous<T>(names: readonly string[]): Lookup<T> {
  const candidates = [...new Set(names)].sort().slice(0, CANDIDATES_MAX);
  return candidates.length > 0 ? { result: 'ambiguous', candidates } : { result: 'absent' };
}
