import type { Authority } from '../authority/authority.ts';
import { pageOfFiltered } from '../authority/filtered-page.ts';
import type { GrantPage, PageRequest } from '../domain/model.ts';
import type { RequestContext } from '../domain/request-context.ts';

/**
 * Lists the grants that a user issued, to anyone, oldest first: on the keys of the project or on one of them.
 * @throws KmsError KMS.0207 for an unknown key; the error of a key when not a single one could be read
 */
export async function listIssuedGrants(
  authority: Authority,
  context: RequestContext,
  { issuer, keyId }: { issuer: string; keyId?: string | undefined },
  page: PageRequest,
): Promise<GrantPage> {
  // With an upstream, the calls that list what the user holds also show what the user issued, and what is unreadable.
  const held =
    keyId === undefined
      ? await authority.listPrincipalGrants(context, issuer, { limit: 1 })
      : await authority.listGrants(context, keyId, { grantee: issuer }, { limit: 1 });
  const [failure] = held.failed ?? [];
  if (held.isUnread && failure) throw failure.error;
  const issued = held.issued ? await held.issued() : await authority.issuedGrants(context, issuer);
  const listed = issued.filter((grant) => keyId === undefined || grant.key_id === keyId);
  const sorted = listed.sort((one, other) => (one.grant_id < other.grant_id ? -1 : 1));
  return { ...pageOfFiltered(sorted, page), failed: held.failed };
}
