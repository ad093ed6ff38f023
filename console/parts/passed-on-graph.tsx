import type { Grant } from '../api/types.ts';

interface Props {
  /** Grants that link their issuer to their grantee. */
  grants: readonly Grant[];
  /** The principal or key that the page is about. */
  focus: string;
  /** Returns the name of a principal, or its id. */
  nameOf(principalId: string): string;
}

/** Who passed a grant on to whom. */
export function PassedOnGraph(_: Props) {
  return null;
}
