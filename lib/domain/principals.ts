import type { Grant, Operation, Principal } from './model.ts';

/** The principal that holds the grant. */
export function granteeOf(grant: Grant): Principal {
  return `${grant.grantee_principal_type}:${grant.grantee_principal}`;
}

/**
 * Everyone who may retire the grant: its issuer, its retiring principal, and the grantee if it holds `retire-grant`.
 * Both the check of retire-grant and the rows of list-retirable-grants come from here, so they cannot differ.
 * Source: KMS API reference, retire-grant, note.
 */
export function retirersOf(grant: Grant): Set<Principal> {
  const retirers = new Set<Principal>([`user:${grant.issuing_principal}`]);
  if (grant.retiring_principal !== undefined) retirers.add(`user:${grant.retiring_principal}`);
  if (grant.operations.includes('retire-grant')) retirers.add(granteeOf(grant));
  return retirers;
}

/** The name under which the grants that both may retire are counted. */
export function pairName(user: Principal, domain: Principal): string {
  return `${user}+${domain}`;
}

/** The counters that a grant is part of as something to retire: one for each retirer, one for each user and domain. */
function retirableCounters(grant: Grant): string[] {
  const retirers = [...retirersOf(grant)];
  const users = retirers.filter((principal) => principal.startsWith('user:'));
  const domains = retirers.filter((principal) => principal.startsWith('domain:'));
  return [...retirers, ...users.flatMap((user) => domains.map((domain) => pairName(user, domain)))];
}

/** The name of the list of all that a grantee holds, whichever type it is of: the API names it by its id alone. */
export function granteeListName(grantee: string): string {
  return `grantee:${grantee}`;
}

/** The lists across keys that a grant is in: of each who may retire it, and of its grantee. */
export function listNamesOf(grant: Grant): string[] {
  return [...retirersOf(grant), granteeListName(grant.grantee_principal)];
}

/** The names under which those lists are counted. */
export function listCounterNames(grant: Grant): string[] {
  return [...retirableCounters(grant), granteeListName(grant.grantee_principal)];
}

/** What `held` counts for a grant: each operation, and `*` for the grant itself. */
export function heldCounterNames(grant: Grant): (Operation | '*')[] {
  return ['*', ...grant.operations];
}
