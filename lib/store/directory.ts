/** The port of the embedded directory, and what it holds. */

/** A token that has run out is kept a day longer, so that its holder hears "expired" and not "unknown". */
export const TOKEN_KEPT_MS = 24 * 60 * 60 * 1000;

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

/**
 * Domains, projects, users, their roles, access keys and tokens: what the embedded directory knows. To add what is
 * there already (by id, or by name within its domain), or what belongs to something that is not there, rejects. Projects
 * and users are listed by name, access keys by age.
 */
export interface DirectoryStore {
  /** With `domain`, the first project of a new one: both are added or neither. */
  addProject(project: Project, domain?: Domain): Promise<void>;
  /** With `first`, that role is added too: both or neither. */
  addUser(user: User, first?: { projectId: string; role: string }): Promise<void>;
  addRole(userId: string, projectId: string, role: string): Promise<void>;
  /** False when the user has no such role in the project. */
  removeRole(userId: string, projectId: string, role: string): Promise<boolean>;
  addAccessKey(key: AccessKey, createdAtMs: number): Promise<void>;
  /** False when there is no such user, or it is disabled. */
  addToken(token: StoredToken): Promise<boolean>;
  /** Disabling a user ends its tokens for good. False when there is no such user. */
  setUserEnabled(userId: string, enabled: boolean): Promise<boolean>;
  /** False when there is no such access key. */
  setAccessKeyEnabled(accessKey: string, enabled: boolean): Promise<boolean>;
  /** Replaces a sealed secret. False when it is no longer `from`. */
  setSealedSecret(accessKey: string, from: Uint8Array, to: Uint8Array): Promise<boolean>;
  domain(domainId: string): Promise<Domain | undefined>;
  domainByName(name: string): Promise<Domain | undefined>;
  project(projectId: string): Promise<Project | undefined>;
  projectByName(domainId: string, name: string): Promise<Project | undefined>;
  projectsOf(userId: string): Promise<Project[]>;
  user(userId: string): Promise<User | undefined>;
  userByName(domainId: string, name: string): Promise<User | undefined>;
  rolesOf(userId: string, projectId: string): Promise<string[]>;
  accessKey(accessKey: string): Promise<AccessKey | undefined>;
  /** A token with its user, and the user's roles in its project. */
  session(tokenHash: string): Promise<Session | undefined>;
  projects(): Promise<Project[]>;
  users(): Promise<User[]>;
  accessKeys(): Promise<AccessKey[]>;
}
