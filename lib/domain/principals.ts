import type { Grant, Operation, Principal } from './model.ts';

/** Returns the principal that holds the grant. */
export function granteeOf(grant: Grant): Principal {
  return `${grant.grantee_principal_type}:${grant.grantee_principal}`;
}

/**
 * Returns everyone who may retire the grant: its issuer, its retiring principal, and the grantee if the grant allows
 * `retire-grant`. The check of retire-grant and the rows of list-retirable-grants both use this, so they cannot differ.
 * Source: KMS API reference, retire-grant, note.
 */
export function retirersOf(grant: Grant): Set<Principal> {
  const retirers = new Set<Principal>();
  if (grant.issuing_principal !== undefined) retirers.add(`user:${grant.issuing_principal}`);
  if (grant.retiring_principal !== undefined) retirers.add(`user:${grant.retiring_principal}`);
  if (grant.operations.includes('retire-grant')) retirers.add(granteeOf(grant));
  return retirers;
}

/** Returns the name of the counter of the grants that both the user and the domain may retire. */
export function pairCounterName(user: Principal, domain: Principal): string {
  return `${user}+${domain}`;
}

/** Returns one counter for each retirer of the grant, and one for each pair of a user and a domain among them. */
function retirableCounterNames(grant: Grant): string[] {
  const retirers = [...retirersOf(grant)];
  const users = retirers.filter((principal) => principal.startsWith('user:'));
  const domains = retirers.filter((principal) => principal.startsWith('domain:'));
  return [...retirers, ...users.flatMap((user) => domains.map((domain) => pairCounterName(user, domain)))];
}

/** Returns the name of the list of a grantee's grants. It holds no type, as list-principal-grants takes only an id. */
export function granteeListName(grantee: string): string {
  return `grantee:${grantee}`;
}

/** Returns the lists across keys that contain the grant: one for each retirer, and the grantee's. */
export function listNamesOf(grant: Grant): string[] {
  return [...retirersOf(grant), granteeListName(grant.grantee_principal)];
}

/** Returns the counters of those lists that count the grant. */
export function listCounterNames(grant: Grant): string[] {
  return [...retirableCounterNames(grant), granteeListName(grant.grantee_principal)];
}

/** Returns the grantee's counters on the key that count the grant: one for each operation, and `*` for the grant. */
export function heldCounterNames(grant: Grant): (Operation | '*')[] {
  return ['*', ...grant.operations];
}
