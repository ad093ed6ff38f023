import { isSameIdentity } from '../../domain/external-identity.ts';
import type { ExternalIdentity } from '../../domain/job.ts';
import type { Store } from '../../store/store.ts';

/** Identities of leaked credentials, as the source `github` reports them. */
const ACCESS_KEY_PREFIX = 'access-key:';
const HASH_PREFIX = 'sha256:';

/**
 * Finds the principals of an external identity: by its mappings, else as the owner of a leaked access key or token in
 * the embedded directory.
 * @param isCaseInsensitive whether the attribute that the identity comes from ignores case
 * @returns the principals' ids; none when the identity has no mapping
 */
export async function resolveIdentity(
  { mappings, directory }: Pick<Store, 'mappings' | 'directory'>,
  source: string,
  identity: ExternalIdentity,
  isCaseInsensitive = false,
): Promise<string[]> {
  const mapped = await mappedPrincipals(mappings, source, identity, isCaseInsensitive);
  if (mapped.length > 0) return mapped;
  const owner = await ownerOfCredential(directory, identity);
  return owner === undefined ? [] : [owner];
}

/**
 * Finds the principals that an administrator mapped the identity to: for the source, else for every source.
 * @returns the principals' ids; none when the identity has no mapping
 */
export async function mappedPrincipals(
  mappings: Store['mappings'],
  source: string,
  identity: ExternalIdentity,
  isCaseInsensitive = false,
): Promise<string[]> {
  for (const mappedSource of [source, '*']) {
    const found = await mappings.find(mappedSource, identity);
    const own = found.filter((mapping) => isSameIdentity(mapping.identity, identity, isCaseInsensitive));
    if (own.length > 0) return [...new Set(own.map(({ grantee }) => grantee))];
  }
  return [];
}

async function ownerOfCredential(
  directory: Store['directory'],
  identity: ExternalIdentity,
): Promise<string | undefined> {
  if (identity.startsWith(ACCESS_KEY_PREFIX)) {
    return (await directory.accessKey(identity.slice(ACCESS_KEY_PREFIX.length)))?.userId;
  }
  // The directory stores tokens by their hash.
  if (identity.startsWith(HASH_PREFIX)) {
    return (await directory.session(identity.slice(HASH_PREFIX.length)))?.user.userId;
  }
  return undefined;
}
