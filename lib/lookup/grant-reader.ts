/** How a search reads the keys and grants of one project: by index, or from one listing of everything. */
import type { Authority } from '../authority/authority.ts';
import { allKeys, grantsOnKeys, keyIdOf } from '../authority/project-lists.ts';
import type { Grant, ListedKey, ListFailure } from '../domain/model.ts';
import type { RequestContext } from '../domain/request-context.ts';
import type { GrantStore } from '../store/store.ts';

export interface GrantReader {
  /** @throws KmsError when they cannot be listed */
  keys(): Promise<ListedKey[]>;
  /** Counts the grants that the principal holds. */
  countOf(principal: string): Promise<number>;
  grant(grantId: string): Promise<Grant | undefined>;
  /** What the reads so far should have shown and could not read. */
  failed(): readonly ListFailure[];
  /** Whether grants were listed and not a single key could be read. */
  isUnread(): boolean;
}

/** For the keys and grants of the service's own store, which has an index for each of these reads. */
export function indexedReader(
  authority: Pick<Authority, 'listKeys' | 'listPrincipalGrants'>,
  grants: Pick<GrantStore, 'grant'>,
  context: RequestContext,
): GrantReader {
  return {
    keys: async () => (await allKeys(authority, context)).keys,
    countOf: async (principal) => (await authority.listPrincipalGrants(context, principal, { limit: 1 })).total,
    grant: (grantId) => grants.grant(context.projectId, grantId),
    failed: () => [],
    isUnread: () => false,
  };
}

/** For an upstream: the documented API finds no grant by id or grantee, so all are listed, once for all questions. */
export function listingReader(
  authority: Pick<Authority, 'listKeys' | 'listGrants'>,
  context: RequestContext,
): GrantReader {
  const failed: ListFailure[] = [];
  let isUnread = false;
  const keys = once(async () => {
    const listed = await allKeys(authority, context);
    failed.push(...listed.failed);
    return listed.keys;
  });
  const grants = once(async () => {
    const keyIds = (await keys()).map(keyIdOf);
    const listed = await grantsOnKeys(
      authority,
      keyIds.map((keyId) => ({ context, keyId })),
      () => true,
    );
    failed.push(...listed.failed);
    const unreadKeys = new Set(listed.failed.map(({ keyId }) => keyId));
    isUnread = keyIds.length > 0 && listed.grants.length === 0 && keyIds.every((keyId) => unreadKeys.has(keyId));
    return listed.grants.map(({ grant }) => grant);
  });
  return {
    keys,
    countOf: async (principal) =>
      (await grants()).filter(({ grantee_principal }) => grantee_principal === principal).length,
    grant: async (grantId) => (await grants()).find(({ grant_id }) => grant_id === grantId),
    failed: () => failed,
    isUnread: () => isUnread,
  };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
