/** What the embedded directory stores. Its port is `DirectoryStore`. */

/** Expired tokens are stored for this long, so that their use is refused as "expired" and not as "unknown". */
export const EXPIRED_TOKEN_RETENTION_MS = 24 * 60 * 60 * 1000;

export interface Domain {
  domainId: string;
  name: string;
}

export interface Project {
  projectId: string;
  domainId: string;
  name: string;
}

export interface User {
  userId: string;
  domainId: string;
  name: string;
  passwordHash: string;
  enabled: boolean;
}

export interface AccessKey {
  accessKey: string;
  userId: string;
  /** The secret key, encrypted by `identity/seal.ts`. */
  sealedSecret: Uint8Array;
  enabled: boolean;
}

/** An access key as lists show it. */
export interface ListedAccessKey extends AccessKey {
  createdAtMs: number;
}

export type LoginMethod = 'password' | 'token';

export interface StoredToken {
  /** SHA-256 of the token as hex. The token itself is never stored. */
  tokenHash: string;
  userId: string;
  /** Absent for a token without a project. */
  projectId?: string | undefined;
  /** The domain of a token with domain scope, which has no project. */
  scopeDomainId?: string | undefined;
  /** How the user logged in; also `token` if the token was exchanged for this one. */
  methods: readonly LoginMethod[];
  /** The hashes of the tokens from which this one was issued in turn, the first one first; none for a password. */
  ancestors: readonly string[];
  issuedAtMs: number;
  expiresAtMs: number;
}

/** A token with its user, and the user's roles in the token's project. */
export interface Session {
  token: StoredToken;
  user: User;
  roles: string[];
}
