import type { ExternalIdentity } from '../../domain/job.ts';
import type { Store } from '../../store/store.ts';

/** What a secret that leaked is known by, where it is one of the embedded directory. */
const ACCESS_KEY = 'access-key:';
const HASH = 'sha256:';

/**
 * Who an outside identity is: as mapped for the source, else as mapped for any, else the owner of a credential of ours.
 * @returns the id of the principal; undefined when nobody has told
 */
export async function resolveIdentity(
  { mappings, directory }: Pick<Store, 'mappings' | 'directory'>,
  source: string,
  identity: ExternalIdentity,
): Promise<string | undefined> {
  const mapping = (await mappings.mapping(source, identity)) ?? (await mappings.mapping('*', identity));
  if (mapping) return mapping.grantee;
  if (identity.startsWith(ACCESS_KEY)) return (await directory.accessKey(identity.slice(ACCESS_KEY.length)))?.userId;
  // A token is stored as its hash.
  if (identity.startsWith(HASH)) return (await directory.session(identity.slice(HASH.length)))?.user.userId;
  return undefined;
}
