/**
 * The store ports, one per concern. Two adapters implement them: `sqlite/` and `dynamodb/`. The business rules are in
 * `authority/` and `identity/`. Every read is consistent: it shows each change that was reported as done before the
 * read began.
 */

import type { AccessKey, Domain, ListedAccessKey, Project, Session, StoredToken, User } from '../domain/directory.ts';
import type { ChangeEvent } from '../domain/events.ts';
import type { ExternalIdentity, Job, JobPosition, Mapping } from '../domain/job.ts';
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
import type { ProvisionedResource, ResourceOf, ResourceType, UniqueAttribute } from '../domain/provisioned.ts';

/** What is known about a request, stored for its repeats; see `idempotency/`. */
export interface IdempotencyRecord {
  /** Equal for a request and its retries: SHA-256 as hex. */
  idempotencyKey: string;
  /** Any JSON value. */
  answer: unknown;
  expiresAtMs: number;
}

/** A record to store only if the stored answer equals `expected` as JSON; undefined stands for no unexpired record. */
export interface ConditionalRecord extends IdempotencyRecord {
  expected?: unknown;
}

/**
 * A change in the project of its event, and its conditions. Change and event are written together or not at all.
 * - create-grant: the key exists, is enabled and has fewer than `quota` grants; each operation of `delegation` is held.
 * - remove-grant: the grant exists.
 * - create-key: no key of the project has the alias; the project has fewer than `quota` keys.
 * - update-key: the key's status is still `from`.
 * - remove-key: the key is still pending deletion at `deletionAtMs` and has no grants.
 */
export type Change =
  | { kind: 'create-grant'; grant: Grant; quota: number; delegation?: readonly HeldOperation[] | undefined }
  | { kind: 'remove-grant'; grant: Grant }
  | { kind: 'create-key'; key: Key; quota: number }
  | { kind: 'update-key'; keyId: string; from: KeyStatus; to: KeyStatus }
  | { kind: 'remove-key'; keyId: string; deletionAtMs: number };

/** An operation that at least one grant on the key allows the holder. */
export interface HeldOperation {
  holder: Principal;
  operation: Operation;
}

/**
 * - done: the change is durable.
 * - conflict: a condition did not hold. Read and decide again. (The adapter itself retries after mere contention.)
 * - duplicate: a stored record is not the expected one, so an equal request may have made the change.
 */
export type CommitResult = { type: 'done' | 'conflict' | 'duplicate' };

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
  /** Returns at most `limit` keys of all projects whose deletion is due, the earliest first. */
  keysDue(nowMs: number, limit: number): Promise<Key[]>;
  /** Finds a grant on any key of the project. */
  grant(projectId: string, grantId: string): Promise<Grant | undefined>;
  /** @param key as read for this request: its `grantCount` is the total of the page */
  listGrants(key: Key, filter: { grantee?: string | undefined }, page: PageRequest): Promise<GrantPage>;
  /** Lists the project's grants that `user` or `domain` may retire, each once. */
  listRetirable(projectId: string, user: Principal, domain: Principal, page: PageRequest): Promise<GrantPage>;
  /** Lists the project's grants that the grantee, a user or a domain of this id, holds. */
  listByGrantee(projectId: string, grantee: string, page: PageRequest): Promise<GrantPage>;
  /** Lists the project's grants that the user issued, to anyone. */
  issuedBy(projectId: string, userId: string): Promise<Grant[]>;
  /** Returns the operations that any of `principals` holds on the key, each with one principal that holds it. */
  heldOperations(keyId: string, principals: readonly Principal[]): Promise<Map<Operation, Principal>>;
  /**
   * Applies the change and writes its event and records in one durable transaction.
   * @throws KmsError APIGW.0201:504 when the database does not respond in time; the transaction may have been applied
   */
  commit(change: Change, event: ChangeEvent, records?: readonly ConditionalRecord[]): Promise<CommitResult>;
}

/** Selects the events that meet every given field. */
export interface EventFilter {
  keyId?: string | undefined;
  grantId?: string | undefined;
  /** Events about grants that this principal holds or held. */
  grantee?: string | undefined;
  /** The id of an event: only older events match. */
  before?: string | undefined;
}

export interface EventStore {
  /** Newest first. */
  list(projectId: string, filter: EventFilter, limit: number): Promise<ChangeEvent[]>;
  /**
   * Reads a bounded number of events, newest first, and returns those that match.
   * @returns at most `limit` events, also fewer or none although there are more; `next` is the id for `before` of the
   * next page, and undefined on the last one
   */
  listPage(
    projectId: string,
    filter: EventFilter,
    limit: number,
  ): Promise<{ events: ChangeEvent[]; next: string | undefined }>;
  /** Returns the actor of the key's create-key event, for a key that the upstream created through this service. */
  creatorOf(projectId: string, keyId: string): Promise<string | undefined>;
  /**
   * Writes an event together with idempotency records, in one durable transaction. It is for changes that the upstream
   * made and for revocations that were given up; `GrantStore.commit` writes the events of changes made here.
   * @returns false, with nothing written, if a stored record is not the expected one
   */
  append(event: ChangeEvent, records: readonly ConditionalRecord[]): Promise<boolean>;
}

/** Records of earlier requests. */
export interface IdempotencyStore {
  /** Stores a record on its own. `GrantStore.commit` stores those of changes. */
  save(record: IdempotencyRecord, nowMs: number): Promise<void>;
  /**
   * Stores the record only if the stored answer equals `expected` as JSON; undefined stands for no unexpired record. Of
   * several calls at the same time, one succeeds.
   */
  compareAndSwap(record: IdempotencyRecord, expected: unknown, nowMs: number): Promise<boolean>;
  /** Returns the answer of the record, unless it has expired by `nowMs`. */
  find(idempotencyKey: string, nowMs: number): Promise<{ answer: unknown } | undefined>;
}

/** An open store. */
export interface Store {
  grants: GrantStore;
  events: EventStore;
  idempotency: IdempotencyStore;
  directory: DirectoryStore;
  jobs: JobStore;
  mappings: MappingStore;
  scim: ScimStore;
  outbox: OutboxStore;
  close(): Promise<void>;
}

/** The parts of a store that a receiver of webhooks needs. */
export interface ReceiverStore {
  jobs: JobStore;
  directory: Pick<DirectoryStore, 'project'>;
}

export interface JobPage {
  jobs: Job[];
  next: JobPosition | undefined;
}

export interface JobStore {
  /**
   * Stores a new job durably.
   * @returns the stored job, unchanged, if one with the same id exists; otherwise undefined
   */
  add(job: Job): Promise<Job | undefined>;
  job(jobId: string): Promise<Job | undefined>;
  /**
   * Stores the job with the next revision.
   * @returns false, with nothing written, if the stored revision is not that of `job`
   */
  save(job: Job): Promise<boolean>;
  /** Counts the jobs of a source that are not in a final state, up to about `max`. */
  countOpen(source: string, max: number): Promise<number>;
  /** Lists jobs that are not in a final state and were due by `untilMs`, the longest due first. */
  listOpen(untilMs: number, limit: number): Promise<Job[]>;
  /** Newest first, of all projects. */
  list(limit: number): Promise<Job[]>;
  /**
   * Reads the jobs of all projects after a position, newest first and of equal times by id. `jobPage` selects those of
   * one project.
   * @returns at most `limit` jobs, also fewer or none although there are more; `next` is `before` of the next page, and
   * undefined on the last one
   */
  listPage(before: JobPosition | undefined, limit: number): Promise<JobPage>;
}

export interface MappingStore {
  /** Stores the mapping, beside those of the same source and identity to other grantees. */
  put(mapping: Mapping): Promise<void>;
  /** Returns false if there is no such mapping. */
  remove(mapping: Mapping): Promise<boolean>;
  /** Returns the mappings of the identity, including those of identities with the same `foldIdentity`. */
  find(source: string, identity: ExternalIdentity): Promise<Mapping[]>;
  /** By identity, then source, then grantee. */
  list(): Promise<Mapping[]>;
}

/**
 * - done: the write is durable.
 * - taken: another resource of the source and type has the name or the external id; nothing was written.
 * - stale: the stored resource does not exist or has another version; nothing was written.
 */
export type ScimWrite = 'done' | 'taken' | 'stale';

/** Users and groups that identity providers provision, by source and type. */
export interface ScimStore {
  /** @param resource its id is one that no other resource has */
  add(resource: ProvisionedResource): Promise<Exclude<ScimWrite, 'stale'>>;
  /** Stores the resource, with the next version, if the stored one has the version of `resource`. */
  save(resource: ProvisionedResource): Promise<ScimWrite>;
  /** Removes the resource if the stored one has this version. */
  remove(resource: ProvisionedResource): Promise<Exclude<ScimWrite, 'taken'>>;
  find<T extends ResourceType>(source: string, type: T, id: string): Promise<ResourceOf<T> | undefined>;
  /** @param value in the form that `comparedForm` returns */
  findBy<T extends ResourceType>(
    source: string,
    type: T,
    attribute: UniqueAttribute,
    value: string,
  ): Promise<ResourceOf<T> | undefined>;
  count(source: string, type: ResourceType): Promise<number>;
  /** By id, which is in order of creation. @param offset how many resources to skip */
  list<T extends ResourceType>(source: string, type: T, offset: number, limit: number): Promise<ResourceOf<T>[]>;
  /** By id. @param after the id of the last resource of the page before */
  listAfter<T extends ResourceType>(
    source: string,
    type: T,
    after: string | undefined,
    limit: number,
  ): Promise<ResourceOf<T>[]>;
}

/**
 * Events that have not been delivered to the outbound webhook targets yet. In a store opened with an outbox, the
 * transaction that writes an event also puts it here.
 */
export interface OutboxStore {
  /** Oldest first. */
  list(limit: number): Promise<ChangeEvent[]>;
  remove(events: readonly ChangeEvent[]): Promise<void>;
}

/**
 * The embedded directory: domains, projects, users with their roles, access keys and tokens. Adding rejects if the id,
 * or the name within the domain, exists already, or if what the record refers to does not exist. Projects and users are
 * listed by name, access keys by age.
 */
export interface DirectoryStore {
  /** With `domain`, also adds that new domain: both or neither. */
  addProject(project: Project, domain?: Domain): Promise<void>;
  /** With `first`, also adds that role: both or neither. */
  addUser(user: User, first?: { projectId: string; role: string }): Promise<void>;
  addRole(userId: string, projectId: string, role: string): Promise<void>;
  /** Returns false if the user has no such role in the project. */
  removeRole(userId: string, projectId: string, role: string): Promise<boolean>;
  addAccessKey(key: AccessKey, createdAtMs: number): Promise<void>;
  /** Returns false if there is no such access key. */
  removeAccessKey(accessKey: string): Promise<boolean>;
  /**
   * @param passwordHash the user's when the login was checked
   * @returns false if the user does not exist, is disabled, or has another password hash by now
   */
  addToken(token: StoredToken, passwordHash: string): Promise<boolean>;
  /** Revokes the token, and all that are issued from it, permanently. Returns false if there is no such token. */
  removeToken(tokenHash: string): Promise<boolean>;
  /** Replacing the password revokes the user's tokens permanently. Returns false if there is no such user. */
  setPasswordHash(userId: string, passwordHash: string): Promise<boolean>;
  /**
   * Removes a user with its roles and access keys, and revokes its tokens permanently. If the call is interrupted, the
   * user is disabled at least, and another call removes the rest. Returns false if there is no such user.
   */
  removeUser(userId: string): Promise<boolean>;
  /** Disabling a user revokes its tokens permanently. Returns false if there is no such user. */
  setUserEnabled(userId: string, enabled: boolean): Promise<boolean>;
  /** Returns false if there is no such access key. */
  setAccessKeyEnabled(accessKey: string, enabled: boolean): Promise<boolean>;
  /** Returns false, with nothing written, if the sealed secret is no longer `from`. */
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
  /** Returns undefined if the token, or one of its ancestors, was revoked or never existed. */
  session(tokenHash: string): Promise<Session | undefined>;
  projects(): Promise<Project[]>;
  users(): Promise<User[]>;
  accessKeys(): Promise<ListedAccessKey[]>;
}
