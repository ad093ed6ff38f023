/** Which grants a call of create-revocation-job selects, and their preview. */
import type { Authority } from '../../authority/authority.ts';
import { countPassedOn, digestOf, type FoundGrants, findGrants, listAllGrants } from '../../authority/bulk-revoke.ts';
import { type Grant, type Operation, serializeFailures } from '../../domain/model.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { KmsError } from '../../errors.ts';
import { mapWithConcurrency } from '../../util/concurrency.ts';

/** Selects the grants that meet every given field. */
export interface GrantSelection {
  /** Required without `keyId`. */
  grantee?: string | undefined;
  keyId?: string | undefined;
  /** Only grants that allow one of these. */
  operations?: readonly Operation[] | undefined;
  grantIds?: readonly string[] | undefined;
}

/** More grants are counted and covered by the digest, but not shown: Lambda sends a reply of at most 6 MB. */
const GRANTS_SHOWN_MAX = 1000;

/** The alias of each key costs a call to an upstream, and it is only for information. */
const ALIASES_MAX = 50;
const CONCURRENT_ALIASES = 8;

/** The gateway allows 29 s for the whole request. The rest is for the aliases, the job and the reply. */
const LOOK_MS = 20_000;

/** @throws KmsError KMS.0204 without a grantee and a key, KMS.0207 when the project has no such key */
export async function findSelected(
  authority: Authority,
  context: RequestContext,
  { grantee, keyId, operations, grantIds }: GrantSelection,
): Promise<FoundGrants> {
  const looking = withDeadline(context);
  const found = await (grantee === undefined
    ? listAllGrants((page) => authority.listGrants(looking, requiredKey(keyId), {}, page))
    : findGrants(authority, looking, { grantee, keyId, operations }));
  const ids = grantIds && new Set(grantIds);
  const isSelected = (grant: Grant) =>
    (operations?.some((operation) => grant.operations.includes(operation)) ?? true) &&
    (ids?.has(grant.grant_id) ?? true);
  return { ...found, grants: found.grants.filter(isSelected) };
}

function requiredKey(keyId: string | undefined): string {
  if (keyId !== undefined) return keyId;
  throw new KmsError('KMS.0204', { detail: 'grantee_principal or key_id is required.' });
}

function withDeadline(context: RequestContext): RequestContext {
  return { ...context, deadlineMs: (context.startedAtMs ?? performance.now()) + LOOK_MS };
}

/** Returns the reply to a dry run. */
export async function previewOf(
  authority: Authority,
  context: RequestContext,
  selection: GrantSelection,
): Promise<object> {
  const found = await findSelected(authority, context, selection);
  const { grants, failed } = found;
  const { grantee, keyId, operations } = selection;
  const looking = withDeadline(context);
  const { userId } = context.caller;
  return {
    dry_run: true,
    total: grants.length,
    digest: digestOf(grants),
    own: grants.filter((grant) => grant.grantee_principal === userId && grant.grantee_principal_type === 'user').length,
    passed_on:
      grantee === undefined
        ? undefined
        : await countPassedOn(authority, looking, { grantee, keyId, operations }, found),
    failed: failed.length > 0 ? serializeFailures(failed) : undefined,
    keys: await keysOf(authority, looking, grants),
    grants: grants.slice(0, GRANTS_SHOWN_MAX),
    grants_truncated: String(grants.length > GRANTS_SHOWN_MAX),
  };
}

async function keysOf(authority: Authority, context: RequestContext, grants: readonly Grant[]): Promise<object[]> {
  const byKey = [...Map.groupBy(grants, ({ key_id }) => key_id)];
  const named = byKey.slice(0, ALIASES_MAX).map(([keyId]) => keyId);
  const aliases = await mapWithConcurrency(named, CONCURRENT_ALIASES, (keyId) => aliasOf(authority, context, keyId));
  return byKey.map(([key_id, ofKey], index) => ({
    key_id,
    key_alias: aliases[index],
    total: ofKey.length,
    operations: [...new Set(ofKey.flatMap(({ operations }) => operations))].sort(),
  }));
}

/** @returns undefined if the key cannot be read */
async function aliasOf(authority: Authority, context: RequestContext, keyId: string): Promise<unknown> {
  try {
    const key = await authority.describeKey(context, keyId);
    return 'details' in key ? key.details['key_alias'] : key.alias;
  } catch {
    return undefined;
  }
}
