import type { ExternalIdentity } from '../../domain/job.ts';
import type { Store } from '../../store/store.ts';

/** Identities of leaked credentials, as the source `github` reports them. */
const ACCESS_KEY_PREFIX = 'access-key:';
const HASH_PREFIX = 'sha256:';

/**
 * Finds the principal of an external identity: by its mapping for the source, else by its mapping for every source,
 * else as the owner of a leaked access key or token in the embedded directory.
 * @returns the principal's id; undefined when the identity has no mapping
 */
export async function resolveIdentity(
  { mappings, directory }: Pick<Store, 'mappings' | 'directory'>,
  source: string,
  identity: ExternalIdentity,
): Promise<string | undefined> {
  const mapping = (await mappings.mapping(source, identity)) ?? (await mappings.mapping('*', identity));
  if (mapping) return mapping.grantee;
  if (identity.startsWith(ACCESS_KEY_PREFIX)) {
    return (await directory.accessKey(identity.slice(ACCESS_KEY_PREFIX.length)))?.userId;
  }
  // The directory stores tokens by their hash.
  if (identity.startsWith(HASH_PREFIX)) {
    return (await directory.session(identity.slice(HASH_PREFIX.length)))?.user.userId;
  }
  return undefined;
}
