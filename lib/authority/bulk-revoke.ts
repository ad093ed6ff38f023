/** Revoking many grants in one request, for an administrator or a webhook. */
import type { Grant, GrantPage, GrantRef, Operation, PageRequest } from '../domain/model.ts';
import type { RequestContext } from '../domain/request-context.ts';
import { KmsError, RateLimitedError } from '../errors.ts';
import { idempotencyKeyOf, signatureKeyOf } from '../idempotency/key.ts';
import { idempotencyLock } from '../idempotency/lock.ts';
import { runOnce } from '../idempotency/run-once.ts';
import { sha256Hex } from '../signing/bytes.ts';
import type { IdempotencyStore } from '../store/store.ts';
import { mapWithConcurrency } from '../util/concurrency.ts';
import type { Authority } from './authority.ts';

/** Selects grants of a principal. */
interface Selection {
  grantee: string;
  keyId?: string | undefined;
  /** Only grants that allow one of these; all grants when absent. */
  operations?: readonly Operation[] | undefined;
}

/**
 * - gone: the grant no longer existed.
 * - not-started: no attempt was made, because the deadline had passed or the rate limit was reached.
 */
type RevokeResult =
  | { grant: GrantRef; result: 'revoked' | 'gone' | 'not-started' }
  | { grant: GrantRef; result: 'failed'; error: KmsError };

/** Enough to keep the store or the upstream's rate busy, few enough to leave room for other callers. */
const CONCURRENT_REVOKES = 32;

/** As large as possible: with an upstream, each page costs a complete listing. */
const PAGE_LIMIT = 10_000;

export async function listAllGrants(list: (page: PageRequest) => Promise<GrantPage>): Promise<Grant[]> {
  const grants: Grant[] = [];
  for (let after: string | undefined; ; ) {
    const { json, next } = await list({ limit: PAGE_LIMIT, after });
    grants.push(...(JSON.parse(json) as Grant[]));
    if (next === undefined) return grants;
    after = next;
  }
}

/** The selected grants of a principal, in the order of the list. @throws KmsError KMS.0207 */
export async function findGrants(
  authority: Authority,
  context: RequestContext,
  { grantee, keyId, operations }: Selection,
): Promise<Grant[]> {
  const grants = await listAllGrants((page) =>
    keyId === undefined
      ? authority.listPrincipalGrants(context, grantee, page)
      : authority.listGrants(context, keyId, { grantee }, page),
  );
  if (!operations) return grants;
  return grants.filter((grant) => operations.some((operation) => grant.operations.includes(operation)));
}

/**
 * Identifies a set of grants: grants never change, and their ids are unique.
 * @returns SHA-256 as hex
 */
function digestOf(grants: readonly Grant[]): string {
  const lines = grants.map(({ key_id, grant_id }) => `${key_id} ${grant_id}\n`);
  return sha256Hex(lines.sort().join(''));
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
    } catch (error) {
      if (!(error instanceof KmsError)) throw error;
      // The grant, or its key, does not exist.
      if (['KMS.2501', 'KMS.0207'].includes(error.publicCode)) return { grant, result: 'gone' };
      if (error instanceof RateLimitedError) return { grant, result: 'not-started' };
      return { grant, result: 'failed', error };
    }
  });
}

interface BulkRevokeInput extends Selection {
  isDryRun: boolean;
  /** The digest of a dry run: nothing is revoked if the grants have changed since. */
  digest?: string | undefined;
}

/** A request may take 29 s in all; the rest of the time is for the reply. */
const WORK_MS = 15_000;

/** How long a repeat of the request waits for the first one. */
const LOCK_WAIT_MS = WORK_MS + 5_000;

interface Dependencies {
  authority: Authority;
  idempotency: IdempotencyStore;
  /** ms since 1970 */
  now: () => number;
  /** Whether all processes that share the store run on this host. */
  isSingleHost: boolean;
}

/**
 * Revokes the grants of a principal and returns the reply of revoke-principal-grants. A repeat of the request waits
 * while the first one is still in progress, and gets its answer if `remaining` is still true.
 * @throws KmsError KMS.0308 when the grants differ from those of the digest; nothing is revoked then
 */
export async function revokePrincipalGrants(
  dependencies: Dependencies,
  context: RequestContext,
  input: BulkRevokeInput,
): Promise<object> {
  const { authority, idempotency } = dependencies;
  if (input.isDryRun) return previewOf(await findGrants(authority, context, input));
  const lockKey = idempotencyKeyOf(context) ?? signatureKeyOf(context);
  const acquireLock = idempotencyLock(idempotency, dependencies);
  const lock = lockKey && (await acquireLock(`${lockKey}-claim`, context.requestId, LOCK_WAIT_MS));
  try {
    return await runOnce<BulkRevokeReply>(dependencies, context, {
      holds: async ({ remaining }) => (await findGrants(authority, context, input)).length === remaining,
      assertAllowed: () => selectGrants(authority, context, input),
      async work(recordsOf) {
        const answer = await revokeSelected(dependencies, context, input);
        for (const { expected, ...record } of recordsOf(answer)) {
          await idempotency.compareAndSwap(record, expected, dependencies.now());
        }
        return answer;
      },
    });
  } finally {
    if (lock) await lock.release(false);
  }
}

/** @throws KmsError KMS.0308 when the grants differ from those of the digest */
async function selectGrants(authority: Authority, context: RequestContext, input: BulkRevokeInput): Promise<Grant[]> {
  const grants = await findGrants(authority, context, input);
  if (input.digest !== undefined && input.digest !== digestOf(grants)) {
    throw new KmsError('KMS.0308', {
      detail:
        'The grants have changed since the dry run that returned the digest. Nothing was revoked. Repeat the dry run.',
    });
  }
  return grants;
}

async function revokeSelected({ authority }: Dependencies, context: RequestContext, input: BulkRevokeInput) {
  const deadlineMs = (context.startedAtMs ?? performance.now()) + WORK_MS;
  const grants = await selectGrants(authority, context, input);
  return replyOf(await revokeGrants(authority, context, grants, () => performance.now() > deadlineMs));
}

function previewOf(grants: readonly Grant[]): object {
  const byKey = Map.groupBy(grants, ({ key_id }) => key_id);
  return {
    dry_run: true,
    total: grants.length,
    keys: [...byKey].map(([key_id, { length }]) => ({ key_id, total: length })),
    digest: digestOf(grants),
  };
}

interface BulkRevokeReply {
  revoked: number;
  failed: object[];
  remaining: number;
}

function replyOf(results: readonly RevokeResult[]): BulkRevokeReply {
  const failed = results.filter((one) => one.result === 'failed');
  const count = (result: RevokeResult['result']) => results.filter((one) => one.result === result).length;
  return {
    revoked: count('revoked'),
    failed: failed.map(({ grant, error }) => ({
      key_id: grant.key_id,
      grant_id: grant.grant_id,
      error_code: error.publicCode,
      error_msg: error.message,
    })),
    remaining: failed.length + count('not-started'),
  };
}
