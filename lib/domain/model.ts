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

/** A grant as listed, or only by its ids. */
export type GrantRef = Grant | Pick<Grant, 'key_id' | 'grant_id'>;

/** A key as the API tells it; here every value is a string. Source: KMS API reference, describe-key, KeyDetails. */
export type KeyDetails = Readonly<Record<string, unknown>> & Readonly<{ key_id: string; key_state: string }>;

/** A key of another KMS, in that KMS's own words. */
export interface UpstreamKey {
  details: KeyDetails;
}

export type ListedKey = Key | UpstreamKey;
