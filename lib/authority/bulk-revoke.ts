/** Revoking many grants at once, by an administrator or a hook: which they are, what they are called by, and how it ends. */

import type { Grant, GrantPage, GrantRef, Operation, PageRequest } from '../domain/model.ts';
import type { RequestContext } from '../domain/request-context.ts';
import { KmsError, RateLimitedError } from '../errors.ts';
import { IDEMPOTENCY_WINDOW_MS, idempotencyKeyOf, refusalKeyOf } from '../idempotency/key.ts';
import { idempotencyLock } from '../idempotency/lock.ts';
import { sha256Hex } from '../signing/bytes.ts';
import type { IdempotencyStore } from '../store/store.ts';
import { mapWithConcurrency } from '../util/concurrency.ts';
import type { Authority } from './authority.ts';

/** Which of a principal's grants. */
interface Selection {
  grantee: string;
  keyId?: string | undefined;
  /** Those that allow one of these; all when left out. */
  operations?: readonly Operation[] | undefined;
}

/** How it ended for one grant: `gone` was no longer there; `unbegun` was not tried, for time was up. */
export type RevokeResult =
  | { grant: GrantRef; end: 'revoked' | 'gone' | 'unbegun' }
  | { grant: GrantRef; end: 'failed'; error: KmsError };

/** Enough to keep the store, or the rate of another KMS, busy; few enough that others get their turn. */
const AT_ONCE = 32;

/** In one go: another KMS is asked for everything for each page. */
const PAGE = 10_000;

/** All pages of a list. */
export async function listAllGrants(list: (page: PageRequest) => Promise<GrantPage>): Promise<Grant[]> {
  const grants: Grant[] = [];
  for (let after: string | undefined; ; ) {
    const { json, next } = await list({ limit: PAGE, after });
    grants.push(...(JSON.parse(json) as Grant[]));
    if (next === undefined) return grants;
    after = next;
  }
}

/** The grants of a principal that are selected, in the order of the list. @throws KmsError KMS.0207 */
export async function findGrants(
  authority: Authority,
  context: RequestContext,
  selection: Selection,
): Promise<Grant[]> {
  const { grantee, keyId, operations } = selection;
  const grants = await listAllGrants((page) =>
    keyId === undefined
      ? authority.listPrincipalGrants(context, grantee, page)
      : authority.listGrants(context, keyId, { grantee }, page),
  );
  return operations ? grants.filter((grant) => operations.some((one) => grant.operations.includes(one))) : grants;
}

/**
 * What names exactly this set of grants: grants never change, and their ids are nobody else's.
 * @returns SHA-256 as hex
 */
export function digestOf(grants: readonly Grant[]): string {
  return sha256Hex(
    grants
      .map(({ key_id, grant_id }) => `${key_id} ${grant_id}\n`)
      .sort()
      .join(''),
  );
}

/**
 * Revokes each of the grants, whoever made their keys; each leaves its own event.
 * @param isPastDeadline whether time is up: then nothing more is begun
 */
export function revokeGrants(
  authority: Authority,
  context: RequestContext,
  grants: readonly GrantRef[],
  isPastDeadline: () => boolean,
): Promise<RevokeResult[]> {
  return mapWithConcurrency(grants, AT_ONCE, async (grant): Promise<RevokeResult> => {
    if (isPastDeadline()) return { grant, end: 'unbegun' };
    try {
      await authority.revokeAny({ ...context, isBulk: true, trace: {} }, grant);
      return { grant, end: 'revoked' };
    } catch (error) {
      if (!(error instanceof KmsError)) throw error;
      // Of the grant or of its key.
      if (['KMS.2501', 'KMS.0207'].includes(error.publicCode)) return { grant, end: 'gone' };
      if (error instanceof RateLimitedError) return { grant, end: 'unbegun' };
      return { grant, end: 'failed', error };
    }
  });
}

interface BulkRevokeInput extends Selection {
  isDryRun: boolean;
  /** Of a dry run: revoke only if the grants are still those. */
  digest?: string | undefined;
}

/** What is left for the answer of a request that may take 29 s in all. */
const WORK_MS = 15_000;

/** Who asks waits for a twin of the request that is at work for so long. */
const TWIN_MS = WORK_MS + 5_000;

interface Deps {
  authority: Authority;
  seen: IdempotencyStore;
  now: () => number;
  /** Whether all processes that share the store are on this machine. */
  isSingleHost: boolean;
}

/**
 * Answers revoke-principal-grants. The same request again is answered as the first time; one that comes while the first
 * is at work waits for it.
 * @throws KmsError KMS.0308 when the grants are not those of the digest; then nothing was revoked
 */
export async function revokePrincipalGrants(
  deps: Deps,
  context: RequestContext,
  ask: BulkRevokeInput,
): Promise<object> {
  const { authority, seen, now } = deps;
  if (ask.isDryRun) return previewOf(await findGrants(authority, context, ask));
  const onceKey = idempotencyKeyOf(context);
  if (onceKey === undefined) return revokeSelected(deps, context, ask);
  const claimed = await idempotencyLock(seen, deps)(`${onceKey}-claim`, context.requestId, TWIN_MS);
  try {
    const first = await seen.find(onceKey, now());
    if (first) return first.answer as object;
    const answer = await revokeSelected(deps, context, ask);
    await seen.save({ idempotencyKey: onceKey, answer, expiresAtMs: now() + IDEMPOTENCY_WINDOW_MS }, now());
    return answer;
  } finally {
    await claimed.release(false);
  }
}

async function revokeSelected(
  { authority, seen, now }: Deps,
  context: RequestContext,
  ask: BulkRevokeInput,
): Promise<object> {
  const endsAtMs = (context.startedAtMs ?? performance.now()) + WORK_MS;
  const refusalKey = refusalKeyOf(context);
  // A captured request that was refused must not take effect once the grants are those again.
  if (refusalKey && (await seen.find(refusalKey, now()))) throw new KmsError('KMS.0308', { detail: CHANGED });
  const grants = await findGrants(authority, context, ask);
  if (ask.digest !== undefined && ask.digest !== digestOf(grants)) {
    if (refusalKey)
      await seen.save({ idempotencyKey: refusalKey, answer: {}, expiresAtMs: now() + IDEMPOTENCY_WINDOW_MS }, now());
    throw new KmsError('KMS.0308', { detail: CHANGED });
  }
  return answerOf(await revokeGrants(authority, context, grants, () => performance.now() > endsAtMs));
}

const CHANGED = 'The grants are no longer those of the digest. Nothing was revoked: look again with dry_run.';

function previewOf(grants: readonly Grant[]): object {
  const byKey = Map.groupBy(grants, ({ key_id }) => key_id);
  return {
    dry_run: true,
    total: grants.length,
    keys: [...byKey].map(([key_id, { length }]) => ({ key_id, total: length })),
    digest: digestOf(grants),
  };
}

function answerOf(endings: readonly RevokeResult[]): object {
  const failed = endings.filter((one) => one.end === 'failed');
  const count = (end: RevokeResult['end']) => endings.filter((one) => one.end === end).length;
  return {
    revoked: count('revoked'),
    failed: failed.map(({ grant, error }) => ({
      key_id: grant.key_id,
      grant_id: grant.grant_id,
      error_code: error.publicCode,
      error_msg: error.message,
    })),
    remaining: count('failed') + count('unbegun'),
  };
}
