/**
 * The store ports, one per concern. The engines (`sqlite/`, `dynamodb/`) implement them; the rules live above, in `authority/` and
 * `identity/`. Every read is consistent: once a change has been answered, every read shows it.
 */

import type { AccessKey, Domain, Project, Session, StoredToken, User } from '../domain/directory.ts';
import type { ChangeEvent } from '../domain/events.ts';
import type { ExternalIdentity, Job, Mapping } from '../domain/job.ts';
import type {
  Grant,
  GrantPage,
  Key,
  KeyPage,
  KeyState,
  KeyStatus,
  Operation,
  PageRequest,
  Principal,
} from '../domain/model.ts';

/** What a repeat of the same request is answered with, instead of doing it twice; see `authority/once.ts`. */
export interface IdempotencyRecord {
  /** Equal for the same request sent twice: SHA-256, hex. */
  idempotencyKey: string;
  answer: unknown;
  expiresAtMs: number;
}

/**
 * A change in the project of its event, and the conditions under which it holds. It is applied whole or not at all,
 * with its event.
 * - create-grant: the key exists and is enabled, has fewer than `quota` grants, and all of `delegation` is still held.
 * - remove-grant: the grant is there.
 * - create-key: no living key of the project has the alias; the project has fewer than `quota` keys.
 * - update-key: the key is still as in `from`.
 * - remove-key: the key still waits for deletion at `deletionAtMs` and has no grants left.
 */
export type Change =
  | { kind: 'create-grant'; grant: Grant; quota: number; delegation?: readonly HeldOperation[] | undefined }
  | { kind: 'remove-grant'; grant: Grant }
  | { kind: 'create-key'; key: Key; quota: number }
  | { kind: 'update-key'; keyId: string; from: KeyStatus; to: KeyStatus }
  | { kind: 'remove-key'; keyId: string; deletionAtMs: number };

/** An operation that somebody may use a key for, by one grant or several. */
export interface HeldOperation {
  holder: Principal;
  operation: Operation;
}

/**
 * `conflict`: a condition did not hold; read and decide again. Mere contention is the engine's to retry.
 * `repeat`: the once key was seen; here is its answer.
 */
export type CommitResult = { type: 'done' } | { type: 'conflict' } | { type: 'duplicate'; answer: unknown };

/** Keys and grants. */
export interface GrantStore {
  key(projectId: string, keyId: string): Promise<Key | undefined>;
  keyByAlias(projectId: string, alias: string): Promise<Key | undefined>;
  keyCount(projectId: string): Promise<number>;
  listKeys(
    projectId: string,
    filter: { state?: KeyState | undefined; keySpec?: string | undefined },
    page: PageRequest,
  ): Promise<KeyPage>;
  /** The keys whose deletion date has come, at most `limit`. */
  keysDue(nowMs: number, limit: number): Promise<Key[]>;
  /** A grant on any key of the project. */
  grant(projectId: string, grantId: string): Promise<Grant | undefined>;
  /** `key` is as read for this request: its count is the total. */
  listGrants(key: Key, filter: { grantee?: string | undefined }, page: PageRequest): Promise<GrantPage>;
  /** The project's grants that `user` or `domain` may retire, each once. */
  listRetirable(projectId: string, user: Principal, domain: Principal, page: PageRequest): Promise<GrantPage>;
  /** The project's grants that the grantee holds, user or domain. */
  listByGrantee(projectId: string, grantee: string, page: PageRequest): Promise<GrantPage>;
  /** The operations that `principals` hold together on the key, each with one of them that holds it. */
  heldOperations(keyId: string, principals: readonly Principal[]): Promise<Map<Operation, Principal>>;
  /**
   * Applies the change and writes its event and once key, in one durable transaction.
   * @throws KmsError APIGW.0201:504 when that cannot be done in time; then it is done whole or not at all
   */
  commit(change: Change, event: ChangeEvent, once?: IdempotencyRecord): Promise<CommitResult>;
}

/** Which events: those that meet all that is given. */
export interface EventFilter {
  keyId?: string | undefined;
  grantId?: string | undefined;
  /** About grants that this principal holds or held. */
  grantee?: string | undefined;
  /** The id of an event: only older ones. */
  before?: string | undefined;
}

export interface EventStore {
  /** Newest first. */
  list(projectId: string, filter: EventFilter, limit: number): Promise<ChangeEvent[]>;
  /** The actor of a key's create-key event, where the key was made by another KMS through this service. */
  creatorOf(projectId: string, keyId: string): Promise<string | undefined>;
  /**
   * Writes the event of a change that another KMS has made, or of one that was given up, and what is to be remembered with it, in one durable
   * transaction. Events of changes made here are written by their `commit`.
   */
  append(event: ChangeEvent, remembered: readonly IdempotencyRecord[]): Promise<void>;
}

/** The memory of requests already done or refused. */
export interface IdempotencyStore {
  /** Remembers an answer that changes nothing; that of a change is remembered by its `commit`. */
  save(once: IdempotencyRecord, nowMs: number): Promise<void>;
  /**
   * Remembers it only where `expected` is what is there: equal as JSON, or undefined for nothing that has not expired. Of
   * several at once one goes through.
   */
  compareAndSwap(once: IdempotencyRecord, expected: unknown, nowMs: number): Promise<boolean>;
  /** The answer given for this once key, unless it has expired by `nowMs`. */
  find(onceKey: string, nowMs: number): Promise<{ answer: unknown } | undefined>;
}

/** An open store. */
export interface Store {
  grants: GrantStore;
  events: EventStore;
  idempotency: IdempotencyStore;
  directory: DirectoryStore;
  jobs: JobStore;
  mappings: MappingStore;
  outbox: OutboxStore;
  close(): Promise<void>;
}

export interface JobStore {
  /**
   * Keeps a new job, durable and whole.
   * @returns the job that is there already under its id, where there is one; that one stays as it is
   */
  add(job: Job): Promise<Job | undefined>;
  job(jobId: string): Promise<Job | undefined>;
  /**
   * Writes it with the next revision.
   * @returns false when another has written it since `job` was read; then nothing is written
   */
  save(job: Job): Promise<boolean>;
  /** Jobs that have not ended and were due by then, the longest due first. */
  listOpen(untilMs: number, limit: number): Promise<Job[]>;
  /** Newest first. */
  list(limit: number): Promise<Job[]>;
}

export interface MappingStore {
  /** In the place of an earlier one of the same source and identity. */
  put(mapping: Mapping): Promise<void>;
  /** False when there is none. */
  remove(source: string, identity: ExternalIdentity): Promise<boolean>;
  mapping(source: string, identity: ExternalIdentity): Promise<Mapping | undefined>;
  /** By identity, then source. */
  list(): Promise<Mapping[]>;
}

/**
 * Events that are yet to be told to others. Where a store is opened with an outbox, the transaction that writes an event
 * puts it here too.
 */
export interface OutboxStore {
  /** Oldest first. */
  list(limit: number): Promise<ChangeEvent[]>;
  /** Takes out what has been told. */
  remove(events: readonly ChangeEvent[]): Promise<void>;
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
