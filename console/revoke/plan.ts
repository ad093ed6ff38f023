/** How a revocation is done and confirmed, by what is to go and by what the caller may do. */
import type { Caller, Grant, RevocationSelection } from '../api/types.ts';

/** What the person wants to revoke. */
export type RevokeTarget =
  | { kind: 'grant'; grant: Grant }
  /** Some grants, by id. */
  | { kind: 'selected'; selection: RevocationSelection; count: number }
  | FilterTarget;

/** Everything that fits the filter, also what is granted meanwhile. */
export interface FilterTarget {
  kind: 'filter';
  selection: RevocationSelection;
  /** Of the person or of the key. */
  name: string;
}

/**
 * - `job`: a worker revokes; nobody has to wait.
 * - `principal`: revoke-principal-grants, repeated until nothing remains.
 * - `single`: revoke-grant, one grant.
 */
export type RevokeApi = 'job' | 'principal' | 'single';

/** @param isCreator whether the caller has created the key of the grant; undefined if that is unknown */
export function revokeApiFor(target: RevokeTarget, caller: Caller, isCreator?: boolean): RevokeApi | undefined {
  const may = (permission: Caller['permissions'][number]) => caller.permissions.includes(permission);
  const isUpstream = caller.permissions_decided_by === 'upstream';
  if (may('kms:grant:revoke-any') && caller.jobs) return 'job';
  if (target.kind === 'grant')
    return may('kms:grant:revoke') && (isUpstream || isCreator !== false) ? 'single' : undefined;
  const isByPerson = target.kind === 'filter' && target.selection.grantee_principal !== undefined;
  return may('kms:grant:revoke-any') && isByPerson ? 'principal' : undefined;
}

export function selectionOf(target: RevokeTarget): RevocationSelection {
  if (target.kind !== 'grant') return target.selection;
  return { key_id: target.grant.key_id, grant_ids: [target.grant.grant_id] };
}

/** The name to type: of a whole person or a whole key. Undefined where the counts are enough. */
export function nameToType(target: RevokeTarget): string | undefined {
  if (target.kind !== 'filter') return undefined;
  const { grantee_principal, key_id, operations, grant_ids } = target.selection;
  const isWhole =
    (operations ?? grant_ids) === undefined && (grantee_principal === undefined) !== (key_id === undefined);
  return isWhole ? target.name : undefined;
}

/** The most ids that one request takes. */
export const SELECTED_MAX = 500;
