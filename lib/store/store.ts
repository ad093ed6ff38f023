/**
 * The store ports, one per concern. The engines (`sqlite/`, `dynamodb/`) implement them; the rules live above, in `authority/` and
 * `identity/`. Every read is consistent: once a change has been answered, every read shows it.
 */
import type { DirectoryStore } from './directory.ts';
import type { JobStore, MappingStore, OutboxStore } from './jobs.ts';

/** What a grant may allow: the API's own verbs (KMS API reference, create-grant, `operations`). */
export const OPERATIONS = [
  'create-datakey',
  'create-datakey-without-plaintext',
  'encrypt-datakey',
  'decrypt-datakey',
  'describe-key',
  'create-grant',
  'retire-grant',
  'encrypt-data',
  'decrypt-data',
] as const;
export type Operation = (typeof OPERATIONS)[number];

export type PrincipalType = 'user' | 'domain';

/** Someone who can hold or retire a grant. A user and a domain never match each other, even with equal ids. */
export type Principal = `user:${string}` | `domain:${string}`;

/** Key states as the API spells them: enabled, disabled, waiting for deletion. */
export const KEY_STATE = { enabled: '2', disabled: '3', pendingDeletion: '4' } as const;
export type KeyState = (typeof KEY_STATE)[keyof typeof KEY_STATE];

/** What can change about a key. */
export interface KeyStatus {
  state: KeyState;
  /** When a key waiting for deletion goes; 0 when it is not waiting. */
  deletionAtMs: number;
}

export interface Key extends KeyStatus {
  keyId: string;
  projectId: string;
  domainId: string;
  /** The user who made the key: the only one who may revoke its grants. */
  creator: string;
  alias: string;
  description: string;
  keySpec: string;
  keyUsage: string;
  createdAtMs: number;
  /** Grants on the key, counted in the same transaction as each change. */
  grantCount: number;
  /** Goes up with every change to the key's grants: equal revisions mean equal lists. */
  revision: number;
}

/** A grant, in the API's own form: stored, listed and recorded as it is answered. */
export interface Grant {
  key_id: string;
  /** 64 lower-case hex that sort by time; see `authority/ids.ts`. */
  grant_id: string;
  name?: string | undefined;
  grantee_principal: string;
  grantee_principal_type: PrincipalType;
  operations: readonly Operation[];
  /** The user who made the grant. */
  issuing_principal: string;
  /** A user who may retire it, besides the issuer and a grantee that holds `retire-grant`. */
  retiring_principal?: string | undefined;
  /** Milliseconds since 1970 as 13 digits. */
  creation_date: string;
}

/** What one list call asks for. `after` (an id) and `offset` (a count) exclude each other. */
export interface PageRequest {
  limit: number;
  after?: string | undefined;
  offset?: number | undefined;
}

/**
 * One page of grants. `json` is the JSON array in the API's own form, as text: grants are stored in the form in which
 * they are answered, because reading objects only to print them again was most of the cost of a list.
 */
export interface GrantPage {
  json: string;
  total: number;
  /** The id to go on after; undefined on the last page. */
  next?: string | undefined;
}

export interface KeyPage {
  keys: Key[];
  total: number;
  next?: string | undefined;
}

/** Through which door a change came. */
export type Door = 'http' | 'webhook' | 'admin' | 'deletion';

/** The record of one change: receipt, tombstone and audit trail. Written in the change's transaction, never altered. */
export interface ChangeEvent {
  /** 32 lower-case hex, sorts by time. */
  eventId: string;
  atMs: number;
  action: string;
  projectId: string;
  keyId: string;
  actor: string;
  door: Door;
  requestId: string;
  /** The grant as it was; of a change made by another KMS, as far as this service knew it. */
  grant?: Grant | undefined;
  /** Which grant, where that is all that is known of it. */
  grantId?: string | undefined;
  /** Of a change made by another KMS: its X-Request-Id, empty where it told none. That is the receipt there. */
  upstreamRequestId?: string | undefined;
  sequence?: string | undefined;
  /** Why, as whoever asked for it has told. */
  reason?: string | undefined;
  /** The code of what was given up after the last try: the grant is still there. */
  failure?: string | undefined;
}

/** What a repeat of the same request is answered with, instead of doing it twice; see `authority/once.ts`. */
export interface Once {
  /** Equal for the same request sent twice: SHA-256, hex. */
  onceKey: string;
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
  | { kind: 'create-grant'; grant: Grant; quota: number; delegation?: readonly Held[] | undefined }
  | { kind: 'remove-grant'; grant: Grant }
  | { kind: 'create-key'; key: Key; quota: number }
  | { kind: 'update-key'; keyId: string; from: KeyStatus; to: KeyStatus }
  | { kind: 'remove-key'; keyId: string; deletionAtMs: number };

/** An operation that somebody may use a key for, by one grant or several. */
export interface Held {
  holder: Principal;
  operation: Operation;
}

/**
 * `conflict`: a condition did not hold; read and decide again. Mere contention is the engine's to retry.
 * `repeat`: the once key was seen; here is its answer.
 */
export type Outcome = { type: 'done' } | { type: 'conflict' } | { type: 'repeat'; answer: unknown };

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
  held(keyId: string, principals: readonly Principal[]): Promise<Map<Operation, Principal>>;
  /**
   * Applies the change and writes its event and once key, in one durable transaction.
   * @throws KmsError APIGW.0201:504 when that cannot be done in time; then it is done whole or not at all
   */
  commit(change: Change, event: ChangeEvent, once?: Once): Promise<Outcome>;
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
  append(event: ChangeEvent, remembered: readonly Once[]): Promise<void>;
}

/** The memory of requests already done or refused. */
export interface SeenStore {
  /** Remembers an answer that changes nothing; that of a change is remembered by its `commit`. */
  remember(once: Once, nowMs: number): Promise<void>;
  /**
   * Remembers it only where `expected` is what is there: equal as JSON, or undefined for nothing that has not expired. Of
   * several at once one goes through.
   */
  swap(once: Once, expected: unknown, nowMs: number): Promise<boolean>;
  /** The answer given for this once key, unless it has expired by `nowMs`. */
  firstAnswer(onceKey: string, nowMs: number): Promise<{ answer: unknown } | undefined>;
}

export type * from './directory.ts';
export type * from './jobs.ts';

/** An open store. */
export interface Store {
  grants: GrantStore;
  events: EventStore;
  seen: SeenStore;
  directory: DirectoryStore;
  jobs: JobStore;
  mappings: MappingStore;
  outbox: OutboxStore;
  close(): Promise<void>;
}
