/** How many grants each key has. */
import type { Authority } from '../authority/authority.ts';
import { listAllGrants } from '../authority/bulk-revoke.ts';
import { aliasOf, keyIdOf, keyStateOf } from '../authority/project-lists.ts';
import type { ListedKey, ListFailure, PageRequest } from '../domain/model.ts';
import type { RequestContext } from '../domain/request-context.ts';
import { isUnknownKey, knownError } from '../errors.ts';
import type { EventStore } from '../store/store.ts';
import { mapWithConcurrency } from '../util/concurrency.ts';

interface UsageServices {
  authority: Authority;
  store: { events: Pick<EventStore, 'creatorOf'> };
}

interface KeyUsage {
  key_id: string;
  key_alias?: string | undefined;
  key_state?: string | undefined;
  /** Undefined where the grants could not be counted. */
  grants?: number | undefined;
  created_by?: string | undefined;
  creation_date?: string | undefined;
}

/** Keys of an upstream whose grants are counted at the same time; the rate limit applies as well. */
const CONCURRENT_COUNTS = 16;

/**
 * Lists keys with the number of their grants, in the order of list-keys.
 * @param keyId lists only this key @throws KmsError KMS.0207 when it does not exist
 */
export async function listKeyUsage(
  { authority, store }: UsageServices,
  context: RequestContext,
  keyId: string | undefined,
  page: PageRequest,
) {
  const listed =
    keyId === undefined
      ? await authority.listKeys(context, {}, page)
      : { keys: [await authority.describeKey(context, keyId)], total: 1 };
  const failed = [...(listed.failed ?? [])];
  const keys = await mapWithConcurrency(listed.keys, CONCURRENT_COUNTS, async (key): Promise<KeyUsage> => {
    const [own, count] = await Promise.all([
      creationOf(store.events, context, key),
      countGrants(authority, context, key),
    ]);
    if (typeof count !== 'number') failed.push(...count);
    const grants = typeof count === 'number' ? count : undefined;
    return { key_id: keyIdOf(key), key_alias: aliasOf(key), key_state: keyStateOf(key), grants, ...own };
  });
  return { ...listed, keys, failed };
}

async function creationOf(
  events: UsageServices['store']['events'],
  { projectId }: RequestContext,
  key: ListedKey,
): Promise<Pick<KeyUsage, 'created_by' | 'creation_date'>> {
  if (!('details' in key)) return { created_by: key.creator, creation_date: String(key.createdAtMs) };
  const date = key.details['creation_date'];
  return {
    // The upstream does not tell it.
    created_by: await events.creatorOf(projectId, key.details.key_id),
    creation_date: typeof date === 'string' ? date : undefined,
  };
}

/** @returns why they could not be counted, if so; 0 for a key that was deleted meanwhile */
async function countGrants(
  authority: Authority,
  context: RequestContext,
  key: ListedKey,
): Promise<number | readonly ListFailure[]> {
  if (!('details' in key)) return key.grantCount;
  const { key_id: keyId } = key.details;
  try {
    const { total, next, failed = [] } = await authority.listGrants(context, keyId, {}, { limit: 1 });
    // Without a total of the upstream, the page has the number of its rows instead.
    if (total > 1 || (next === undefined && failed.length === 0)) return total;
    const all = await listAllGrants((page) => authority.listGrants(context, keyId, {}, page));
    return all.failed.length > 0 ? all.failed : all.grants.length;
  } catch (error) {
    return isUnknownKey(error) ? 0 : [{ keyId, grantId: '', error: knownError(error) }];
  }
}
