/** Mappings of external identities to principals, as the admin command and the APIs of an administrator handle them. */
import { isSameIdentity, normalizeIdentity } from '../domain/external-identity.ts';
import type { ExternalIdentity, Mapping } from '../domain/job.ts';
import type { MappingStore } from '../store/store.ts';
import { mapWithConcurrency } from '../util/concurrency.ts';
import { NAME_PATTERN } from './named-settings.ts';

/** The source of a mapping that applies to every source of webhooks. */
export const ANY_SOURCE = '*';

export const IDENTITY_CHARACTERS_MAX = 256;

const CONCURRENT_READS = 8;

/** The name of a source, or `*` for every source. */
export const SOURCE_OF_MAPPING_PATTERN = new RegExp(`^\\${ANY_SOURCE}$|${NAME_PATTERN.source}`);

/** Whether a mapping may have this source, as far as its form goes. */
export const isSourceOfMapping = (source: string): boolean => SOURCE_OF_MAPPING_PATTERN.test(source);

/** Returns the mapping in the form in which it is stored. */
export const newMapping = ({ source, identity, grantee }: Mapping): Mapping => ({
  source,
  identity: normalizeIdentity(identity),
  grantee,
});

/** Returns the mappings of exactly this identity. */
export async function mappingsOf(
  mappings: MappingStore,
  source: string,
  identity: ExternalIdentity,
): Promise<Mapping[]> {
  const found = await mappings.find(source, identity);
  return found.filter((mapping) => isSameIdentity(mapping.identity, identity, false));
}

/** Removes the mapping, in every form in which it may be stored. Returns false if there is none. */
export async function removeMapping(mappings: MappingStore, { source, identity, grantee }: Mapping): Promise<boolean> {
  const found = await mappingsOf(mappings, source, identity);
  const removed = found.filter((mapping) => mapping.grantee === grantee);
  for (const mapping of removed) await mappings.remove(mapping);
  return removed.length > 0;
}

export interface MappingFilter {
  /** Only mappings of these sources. */
  sources: ReadonlySet<string>;
  /** Also matches identities that differ only in case. */
  identity?: ExternalIdentity | undefined;
  grantee?: string | undefined;
}

/**
 * Lists mappings by identity, then source, then grantee.
 * Without `identity` it reads all mappings, of other domains too: the stores have no order by source and identity.
 * @param after the last mapping of the page before
 */
export async function listMappings(
  mappings: MappingStore,
  { sources, identity, grantee }: MappingFilter,
  { limit, after }: { limit: number; after?: Mapping | undefined },
): Promise<{ page: Mapping[]; next: Mapping | undefined }> {
  const found =
    identity === undefined
      ? (await mappings.list()).filter(({ source }) => sources.has(source))
      : (await mapWithConcurrency([...sources], CONCURRENT_READS, (source) => mappings.find(source, identity))).flat();
  const rest = found
    .filter((mapping) => grantee === undefined || mapping.grantee === grantee)
    .filter((mapping) => after === undefined || compareMappings(mapping, after) > 0)
    // Not as the store sorts: SQLite and DynamoDB order some characters differently, and `after` needs one order.
    .sort(compareMappings);
  const page = rest.slice(0, limit);
  return { page, next: rest.length > page.length ? page.at(-1) : undefined };
}

const compareMappings = (a: Mapping, b: Mapping) =>
  compare(a.identity, b.identity) || compare(a.source, b.source) || compare(a.grantee, b.grantee);

const compare = (a: string, b: string) => Number(a > b) - Number(a < b);
