/** Facts about grants that several pages show. */
import { retirersOf } from '../../lib/domain/principals.ts';
import type { Caller, Grant, Operation } from './types.ts';

type Self = Pick<Caller, 'user_id' | 'domain_id'>;

export const isOwn = (grant: Grant, { user_id }: Self): boolean => grant.grantee_principal === user_id;

/** Why the caller may give the grant up (retire it); undefined if they may not. */
export function giveUpRightOf(grant: Grant, self: Self): 'issuer' | 'retiring' | 'grantee' | undefined {
  const retirers = retirersOf(grant);
  if (!retirers.has(`user:${self.user_id}`) && !retirers.has(`domain:${self.domain_id}`)) return undefined;
  if (grant.issuing_principal === self.user_id) return 'issuer';
  return grant.retiring_principal === self.user_id ? 'retiring' : 'grantee';
}

/** Whether the grant allows at least one of the operations; any grant does without operations. */
export const allowsOneOf = (grant: Grant, operations: readonly Operation[]): boolean =>
  operations.length === 0 || operations.some((operation) => grant.operations.includes(operation));

/** The start of a grant's id is the time, so the end is what tells two grants apart. */
export const shortId = (id: string): string => (id.length <= 16 ? id : `${id.slice(0, 4)}…${id.slice(-8)}`);

/** What a dialog calls the grant. */
export const nameOfGrant = (grant: Pick<Grant, 'name' | 'grant_id'>): string => grant.name || shortId(grant.grant_id);
