/** What a request would revoke, read again whenever that matters, and who may revoke it. */
import { countPassedOn, digestOf, findGrants } from '../authority/bulk-revoke.ts';
import type { Grant, ListFailure } from '../domain/model.ts';
import type { RequestContext } from '../domain/request-context.ts';
import { isUnknownKey } from '../errors.ts';
import { isAllowed } from '../identity/roles.ts';
import type { Reader } from './dependencies.ts';
import type { Person } from './person.ts';
import type { ChatRequest } from './requests.ts';

export type Target = ChatRequest['target'];

export interface FoundTarget {
  grants: readonly Grant[];
  /** What could not be read: it may hide further grants. */
  failed: readonly ListFailure[];
  /** How many grants that the holders have issued remain; undefined if they could not be counted. */
  passedOn: number | undefined;
  digest: string;
}

export const contextsOf = (person: Person, { projectIds }: Target): RequestContext[] =>
  person.contexts.filter(({ projectId }) => projectIds.includes(projectId));

/** Finds the grants of the target as they are now. @param person as whom to read; see `mayRevoke` */
export async function findTarget({ authority }: Reader, person: Person, target: Target): Promise<FoundTarget> {
  const grants: Grant[] = [];
  const failed: ListFailure[] = [];
  let passedOn: number | undefined = 0;
  for (const context of contextsOf(person, target)) {
    for (const grantee of target.grantees ?? []) {
      const selection = { grantee, keyId: target.keyId };
      const found = await findGrants(authority, context, selection).catch(noneWithoutKey);
      if (!found) continue;
      grants.push(...found.grants.filter(({ grant_id: id }) => (target.grantId ?? id) === id));
      failed.push(...found.failed);
      const count = await countPassedOn(authority, context, selection, found);
      passedOn = passedOn === undefined || count === undefined ? undefined : passedOn + count;
    }
  }
  return { grants, failed, passedOn, digest: digestOf(grants) };
}

/** The key was deleted, and its grants with it. */
function noneWithoutKey(error: unknown): undefined {
  if (!isUnknownKey(error)) throw error;
}

/** Whether the person has the right in every project of the target, as `person` was looked up. */
export async function mayRevoke(reader: Reader, person: Person, target: Target): Promise<boolean> {
  const contexts = contextsOf(person, target);
  if (contexts.length === 0 || contexts.length < new Set(target.projectIds).size) return false;
  for (const context of contexts) {
    const { roles } = context.caller;
    if (isAllowed(roles, 'kms:grant:revoke-any')) continue;
    if (target.action !== 'revoke' || !isAllowed(roles, 'kms:grant:revoke')) return false;
    if (!(await isCreator(reader, context, target.keyId ?? ''))) return false;
  }
  return true;
}

/**
 * Whether the person counts as the creator of the key, who may revoke its grants. With an upstream, which does not
 * report creators, only those of keys created through this service are known. For any other key everyone with the role
 * counts, as in the API revoke-grant.
 */
async function isCreator({ authority, store }: Reader, context: RequestContext, keyId: string): Promise<boolean> {
  try {
    const key = await authority.describeKey(context, keyId);
    const creator = 'creator' in key ? key.creator : await store.events.creatorOf(context.projectId, keyId);
    return creator === undefined || creator === context.caller.userId;
  } catch (error) {
    // Without the key there is nothing to revoke, which is what the person gets to know.
    if (isUnknownKey(error)) return true;
    throw error;
  }
}

/** Returns what to call each key: its alias, or its id where that cannot be read. */
export async function keyLabels(
  { authority }: Reader,
  contexts: readonly RequestContext[],
  keyIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const labelOf = async (keyId: string): Promise<string> => {
    for (const context of contexts) {
      const key = await authority.describeKey(context, keyId).catch(() => undefined);
      const alias = key && ('alias' in key ? key.alias : key.details['key_alias']);
      if (typeof alias === 'string' && alias !== '') return alias;
    }
    return keyId;
  };
  const ids = [...new Set(keyIds)];
  return new Map(await Promise.all(ids.map(async (id) => [id, await labelOf(id)] as const)));
}
