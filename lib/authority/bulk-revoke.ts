/** Finding and revoking many grants, for an administrator's request and for the jobs of webhooks. */
import type { Grant, GrantPage, GrantRef, ListFailure, Operation, PageRequest } from '../domain/model.ts';
import type { RequestContext } from '../domain/request-context.ts';
import { isUnknownKey, KmsError, knownError, RateLimitedError } from '../errors.ts';
import { describeCause, logger } from '../logger.ts';
import { mapWithConcurrency } from '../util/concurrency.ts';
import type { Authority } from './authority.ts';

/** Selects grants of a principal. */
export interface Selection {
  grantee: string;
  keyId?: string | undefined;
  /** Only grants that allow one of these; all grants when absent. */
  operations?: readonly Operation[] | undefined;
}

export interface FoundGrants {
  grants: Grant[];
  /** What could not be read: it may hide further grants. */
  failed: readonly ListFailure[];
  /** Returns the grants that the principal issued, where the calls for `grants` have listed them too. */
  issued?: (() => Promise<Grant[]>) | undefined;
}

/**
 * - gone: the grant no longer existed.
 * - not-started: no attempt was made, because the deadline had passed or the rate limit was reached.
 */
export type RevokeResult =
  | { grant: GrantRef; result: 'revoked' | 'gone' | 'not-started' }
  | { grant: GrantRef; result: 'failed'; error: KmsError; unexpected?: unknown };

/** The failure of a grant whose revoke was confirmed, and that is listed nevertheless. */
export const STILL_LISTED = new KmsError('APIGW.0201:502', {
  detail: 'The KMS reported the grant as revoked, but still lists it. Send the request again.',
});

/** Enough to keep the store or the upstream's rate busy, few enough to leave room for other callers. */
const CONCURRENT_REVOKES = 32;

/** As large as possible: with an upstream, each page costs a complete listing. */
const PAGE_LIMIT = 10_000;

export async function listAllGrants(list: (page: PageRequest) => Promise<GrantPage>): Promise<FoundGrants> {
  const grants: Grant[] = [];
  const failed: ListFailure[] = [];
  let issued: FoundGrants['issued'];
  for (let after: string | undefined; ; ) {
    const page = await list({ limit: PAGE_LIMIT, after });
    grants.push(...(JSON.parse(page.json) as Grant[]));
    failed.push(...(page.failed ?? []));
    issued = page.issued;
    if (page.next === undefined || page.next === after) return { grants, failed, issued };
    after = page.next;
  }
}

/** Whether a list may lack grants of the key, so that the absence of a grant proves nothing. */
export function isKeyUnread(failed: readonly ListFailure[], keyId: string): boolean {
  return failed.some((failure) => failure.keyId === '' || failure.keyId === keyId);
}

/** The selected grants of a principal, in the order of the list. @throws KmsError KMS.0207 */
export async function findGrants(
  authority: Authority,
  context: RequestContext,
  selection: Selection,
): Promise<FoundGrants> {
  const { grantee, keyId } = selection;
  const { grants, ...rest } = await listAllGrants((page) =>
    keyId === undefined
      ? authority.listPrincipalGrants(context, grantee, page)
      : authority.listGrants(context, keyId, { grantee }, page),
  );
  return { ...rest, grants: grants.filter((grant) => isSelected(selection, grant)) };
}

function isSelected({ grantee, keyId = '', operations }: Selection, grant: Grant): boolean {
  if (grant.grantee_principal !== grantee || (keyId !== '' && grant.key_id !== keyId)) return false;
  return operations?.some((operation) => grant.operations.includes(operation)) ?? true;
}

/**
 * Counts the grants that the principal issued, that still exist, and that the selection does not contain: what it has
 * passed on remains when its own grants are revoked. With `keyId`, only on that key.
 * @returns undefined when they cannot be counted: the count is only for information, so it stops nothing
 */
export async function countPassedOn(
  authority: Authority,
  context: RequestContext,
  selection: Selection,
  { issued }: Pick<FoundGrants, 'issued'>,
): Promise<number | undefined> {
  const { grantee, keyId } = selection;
  try {
    const grants = await (issued ? issued() : authority.issuedGrants(context, grantee));
    return grants.filter((grant) => (keyId === undefined || grant.key_id === keyId) && !isSelected(selection, grant))
      .length;
  } catch (error) {
    logger.warn('revoke', { cause: describeCause(error) });
    return undefined;
  }
}

/**
 * Revokes the grants, on keys of any creator. One failure does not stop the rest; each revoke writes its own event.
 * @param isPastDeadline when true, no further revoke starts
 */
export function revokeGrants(
  authority: Authority,
  context: RequestContext,
  grants: readonly GrantRef[],
  isPastDeadline: () => boolean,
): Promise<RevokeResult[]> {
  return mapWithConcurrency(grants, CONCURRENT_REVOKES, async (grant): Promise<RevokeResult> => {
    if (isPastDeadline()) return { grant, result: 'not-started' };
    try {
      await authority.revokeAny({ ...context, isBulk: true, trace: {} }, grant);
      return { grant, result: 'revoked' };
    } catch (cause) {
      const error = knownError(cause);
      if (error.publicCode === 'KMS.2501' || isUnknownKey(error)) return { grant, result: 'gone' };
      if (error instanceof RateLimitedError) return { grant, result: 'not-started' };
      if (error === cause) return { grant, result: 'failed', error };
      logger.warn('revoke', { grant_id: grant.grant_id, cause: describeCause(cause) });
      return { grant, result: 'failed', error, unexpected: cause };
    }
  });
}
