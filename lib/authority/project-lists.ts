/** Listing all keys of a project, and the grants on many keys. One key that cannot be read does not hide the others. */
import type { Grant, KeyState, ListedKey, ListFailure } from '../domain/model.ts';
import type { RequestContext } from '../domain/request-context.ts';
import { isUnknownKey, KmsError, knownError } from '../errors.ts';
import { mapWithConcurrency } from '../util/concurrency.ts';
import type { Authority } from './authority.ts';
import { listAllGrants } from './bulk-revoke.ts';

/** The largest page that the documented API allows. Source: list-keys and list-grants, `limit`. */
const PAGE_LIMIT = 1000;
/** Keys whose grants are listed at the same time. */
const CONCURRENT_LISTS = 16;

interface KeyInProject {
  /** Of the project that has the key. */
  context: RequestContext;
  keyId: string;
}

export const keyIdOf = (key: ListedKey): string => ('details' in key ? key.details.key_id : key.keyId);

export const keyStateOf = (key: ListedKey): KeyState | string | undefined =>
  'details' in key ? key.details.key_state : key.state;

/** Undefined for a key of an upstream that has none. */
export function aliasOf(key: ListedKey): string | undefined {
  const alias = 'details' in key ? key.details['key_alias'] : key.alias;
  return typeof alias === 'string' && alias !== '' ? alias : undefined;
}

/**
 * All keys of the project, each once, and what could not be read.
 * @throws KmsError when a page cannot be read
 */
export async function allKeys(
  authority: Pick<Authority, 'listKeys'>,
  context: RequestContext,
): Promise<{ keys: ListedKey[]; failed: ListFailure[] }> {
  // The pages of a list of an upstream may overlap.
  const keys = new Map<string, ListedKey>();
  const [failed, markers]: [ListFailure[], Set<string>] = [[], new Set()];
  for (let after: string | undefined; ; ) {
    const page = await authority.listKeys(context, {}, { limit: PAGE_LIMIT, after });
    for (const key of page.keys) keys.set(keyIdOf(key), key);
    failed.push(...(page.failed ?? []));
    after = page.next;
    if (after === undefined) break;
    if (markers.has(after)) {
      const error = new KmsError('APIGW.0201:502', { detail: 'The list of keys of the upstream KMS does not end.' });
      failed.push({ keyId: '', grantId: '', error });
      break;
    }
    markers.add(after);
  }
  return { keys: [...keys.values()], failed };
}

/** The wanted grants on the keys, each once, and what could not be read. A key that is gone has none. */
export async function grantsOnKeys(
  authority: Pick<Authority, 'listGrants'>,
  keys: readonly KeyInProject[],
  isWanted: (grant: Grant) => boolean,
): Promise<{ grants: { context: RequestContext; grant: Grant }[]; failed: ListFailure[] }> {
  const grants = new Map<string, { context: RequestContext; grant: Grant }>();
  const failed: ListFailure[] = [];
  await mapWithConcurrency(keys, CONCURRENT_LISTS, async ({ context, keyId }) => {
    try {
      const listed = await listAllGrants((page) =>
        authority.listGrants(context, keyId, {}, { ...page, limit: PAGE_LIMIT }),
      );
      for (const grant of listed.grants.filter(isWanted))
        grants.set(`${grant.key_id} ${grant.grant_id}`, { context, grant });
      failed.push(...listed.failed);
    } catch (error) {
      if (!isUnknownKey(error)) failed.push({ keyId, grantId: '', error: knownError(error) });
    }
  });
  return { grants: [...grants.values()], failed };
}
