import type { KmsError } from '../errors.ts';

/** What a grant may allow. Source: KMS API reference, create-grant, `operations`. */
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

/** Someone who can hold or retire a grant. A user and a domain are different principals even if their ids are equal. */
export type Principal = `user:${string}` | `domain:${string}`;

/** Key states as in the API. Source: KMS API reference, describe-key, `key_state`. */
export const KEY_STATE = {
  toBeActivated: '1',
  enabled: '2',
  disabled: '3',
  pendingDeletion: '4',
  pendingImport: '5',
  frozen: '7',
} as const;

export type KeyState = (typeof KEY_STATE)[keyof typeof KEY_STATE];

/** The part of a key that can change. */
export interface KeyStatus {
  state: KeyState;
  /** ms since 1970 when a key that is pending deletion is due to be deleted; 0 in the other states. */
  deletionAtMs: number;
}

export interface Key extends KeyStatus {
  keyId: string;
  projectId: string;
  domainId: string;
  /** The user who created the key, and the only one who may revoke its grants with revoke-grant. */
  creator: string;
  alias: string;
  description: string;
  keySpec: string;
  keyUsage: string;
  createdAtMs: number;
  /** The number of grants on the key, updated in the transaction of each change. */
  grantCount: number;
  /** Rises with every change to the key's grants: equal revisions mean equal lists. */
  revision: number;
}

/** A grant in the form of the API, which is also the form in which it is stored. */
export interface Grant {
  key_id: string;
  /** 64 lower-case hex digits that sort by time; see `ids.ts`. */
  grant_id: string;
  name?: string | undefined;
  grantee_principal: string;
  grantee_principal_type: PrincipalType;
  operations: readonly Operation[];
  /** The user who created the grant. An upstream may leave it out. */
  issuing_principal?: string | undefined;
  /** A user who may retire it, besides the issuer and a grantee that holds `retire-grant`. */
  retiring_principal?: string | undefined;
  /** Milliseconds since 1970 as 13 digits. An upstream may leave it out. */
  creation_date?: string | undefined;
}

/** The page that a list call asks for. `after` (an id) and `offset` (a count) exclude each other. */
export interface PageRequest {
  limit: number;
  after?: string | undefined;
  offset?: number | undefined;
}

/**
 * One page of grants. `json` is the text of a JSON array in the form of the API: parsing stored grants only to print
 * them again was most of the cost of a list.
 */
export interface GrantPage {
  json: string;
  total: number;
  /** The id after which the next page starts; undefined on the last page. */
  next?: string | undefined;
  /** What an upstream's list should contain and could not be read. */
  failed?: readonly ListFailure[] | undefined;
  /**
   * With an upstream, for the grants of a principal: returns the grants that the same calls have shown and that the
   * principal issued, to anyone.
   */
  issued?: (() => Promise<Grant[]>) | undefined;
  /** Whether not a single key could be read. */
  isUnread?: boolean | undefined;
}

/** A key whose grants could not be listed, or a grant that could not be read. */
export interface ListFailure {
  /** Empty where not even the key is known. */
  keyId: string;
  /** Empty for a key. */
  grantId: string;
  error: KmsError;
}

/**
 * Failures in the form of the API, in which the answer of revoke-principal-grants is also stored. JSON leaves out
 * undefined fields.
 */
export function serializeFailures(failed: readonly ListFailure[]) {
  return failed.map(({ keyId, grantId, error }) => ({
    key_id: keyId || undefined,
    grant_id: grantId || undefined,
    error_code: error.publicCode,
    error_msg: error.message,
  }));
}

export interface KeyPage {
  keys: Key[];
  total: number;
  next?: string | undefined;
}

/** A grant, or only its ids. */
export type GrantRef = Grant | Pick<Grant, 'key_id' | 'grant_id'>;

/** A key in the form of the API, where every value is a string. Source: KMS API reference, describe-key, KeyDetails. */
export type KeyDetails = Readonly<Record<string, unknown>> &
  Readonly<{ key_id: string; key_state?: string | undefined }>;

/** A key of the upstream, as the upstream describes it. */
interface UpstreamKey {
  details: KeyDetails;
}

export type ListedKey = Key | UpstreamKey;
