/** The port of the embedded directory, and what it holds. */

/** A token that has run out is kept a day longer, so that its holder hears "expired" and not "unknown". */
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
  /** The secret key, sealed; see `identity/seal.ts`. */
  sealedSecret: Uint8Array;
  enabled: boolean;
}

export interface StoredToken {
  /** SHA-256 of the token, hex. The token itself is never stored. */
  tokenHash: string;
  userId: string;
  projectId?: string | undefined;
  issuedAtMs: number;
  expiresAtMs: number;
}

export interface Session {
  token: StoredToken;
  user: User;
  roles: string[];
}
