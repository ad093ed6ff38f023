/** Keys, grants, records and changes for the contract suites. Ids sort in the order of their numbers. */

import type { ChangeEvent } from '../../lib/domain/events.ts';
import type { Grant, Key, KeyState, Principal } from '../../lib/domain/model.ts';
import type { Change, CommitResult, ConditionalRecord, Store } from '../../lib/store/store.ts';

export const PROJECT = 'a0000000000000000000000000000001';
export const FOREIGN_PROJECT = 'b0000000000000000000000000000002';
export const DOMAIN = 'd0000000000000000000000000000001';
export const CREATOR = 'c0000000000000000000000000000001';
export const GRANTEE = 'c0000000000000000000000000000002';
export const RETIRER = 'c0000000000000000000000000000003';
export const STRANGER = 'c0000000000000000000000000000008';
/** 2026-11-22T06:00:00Z */
export const NOW_MS = 1_795_327_200_000;

export const ENABLED: KeyState = '2';
export const DISABLED: KeyState = '3';
export const PENDING: KeyState = '4';

const hex = (n: number, length: number) => n.toString(16).padStart(length, '0');

export const keyId = (n: number) => `01a20000-0000-7000-8000-${hex(n, 12)}`;
export const grantId = (n: number) => hex(NOW_MS + n, 12) + hex(n, 52);
export const testIdempotencyKey = (n: number) => hex(n, 64);
export const numbers = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

export function testKey(n: number, over: Partial<Key> = {}): Key {
  return {
    keyId: keyId(n),
    projectId: PROJECT,
    domainId: DOMAIN,
    creator: CREATOR,
    alias: `alias-${n}`,
    description: `key number ${n}`,
    keySpec: 'AES_256',
    keyUsage: 'ENCRYPT_DECRYPT',
    state: ENABLED,
    createdAtMs: NOW_MS + n,
    deletionAtMs: 0,
    grantCount: 0,
    revision: 0,
    ...over,
  };
}

export function testGrant(n: number, over: Partial<Grant> = {}): Grant {
  return {
    key_id: keyId(1),
    grant_id: grantId(n),
    grantee_principal: GRANTEE,
    grantee_principal_type: 'user',
    operations: ['encrypt-data', 'decrypt-data'],
    issuing_principal: CREATOR,
    creation_date: String(NOW_MS + n),
    ...over,
  };
}

/** A grant that the user RETIRER (every third), the domain DOMAIN (every fifth), both or neither may retire. */
export function retirableGrant(n: number): Grant {
  const retirableByUser = { retiring_principal: RETIRER };
  const retirableByDomain = {
    grantee_principal: DOMAIN,
    grantee_principal_type: 'domain',
    operations: ['retire-grant', 'describe-key'],
  } as const;
  return testGrant(n, {
    key_id: keyId((n % 2) + 1),
    issuing_principal: STRANGER,
    ...(n % 3 === 0 && retirableByUser),
    ...(n % 5 === 0 && retirableByDomain),
  });
}

export function testIdempotencyRecord(n: number, over: Partial<ConditionalRecord> = {}): ConditionalRecord {
  return {
    idempotencyKey: testIdempotencyKey(n),
    answer: { grant_id: grantId(n) },
    expiresAtMs: NOW_MS + 3_600_000,
    ...over,
  };
}

const ACTIONS = {
  'create-grant': 'create-grant',
  'remove-grant': 'revoke-grant',
  'create-key': 'create-key',
  'update-key': 'update-key',
  'remove-key': 'delete-key',
} as const;

export interface CommitOptions {
  projectId?: string;
  atMs?: number;
  record?: ConditionalRecord | undefined;
}

let eventCount = 0;

export function testEvent(change: Change, { projectId = PROJECT, atMs = NOW_MS }: CommitOptions = {}): ChangeEvent {
  eventCount += 1;
  const grant = 'grant' in change ? change.grant : undefined;
  const keyIdOfChange = 'key' in change ? change.key.keyId : 'keyId' in change ? change.keyId : change.grant.key_id;
  return {
    eventId: hex(atMs, 12) + hex(eventCount, 20),
    atMs,
    action: ACTIONS[change.kind],
    projectId,
    keyId: keyIdOfChange,
    actor: CREATOR,
    channel: 'http',
    requestId: hex(eventCount, 32),
    grant,
  };
}

/** Commits the change with a new event. */
export function commit(store: Store, change: Change, options: CommitOptions = {}): Promise<CommitResult> {
  const projectId = options.projectId ?? ('key' in change ? change.key.projectId : PROJECT);
  const records = options.record && [options.record];
  return store.grants.commit(change, testEvent(change, { ...options, projectId }), records);
}

/** Commits the changes one after the other. Throws if one of them is not done. */
export async function commitAll(store: Store, changes: Change[], options: CommitOptions = {}): Promise<void> {
  for (const change of changes) {
    const { type } = await commit(store, change, options);
    if (type !== 'done') throw new Error(`the store did not commit ${JSON.stringify(change)}`);
  }
}

const CONCURRENT_COMMITS = 20;

/** Commits many changes concurrently, in any order. Throws if one of them is not done. */
export async function commitMany(store: Store, changes: readonly Change[]): Promise<void> {
  for (let from = 0; from < changes.length; from += CONCURRENT_COMMITS) {
    const batch = changes.slice(from, from + CONCURRENT_COMMITS);
    const results = await Promise.all(batch.map((change) => commit(store, change)));
    const refused = results.findIndex(({ type }) => type !== 'done');
    if (refused >= 0) throw new Error(`the store did not commit ${JSON.stringify(batch[refused])}`);
  }
}

type ChangeOf<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>;

export const createKey = (key: Key, quota = 1000): ChangeOf<'create-key'> => ({ kind: 'create-key', key, quota });
export const createGrant = (grant: Grant, quota = 1_000_000): ChangeOf<'create-grant'> => ({
  kind: 'create-grant',
  grant,
  quota,
});
export const removeGrant = (grant: Grant): ChangeOf<'remove-grant'> => ({ kind: 'remove-grant', grant });
export const removeKey = (key: Key, deletionAtMs = key.deletionAtMs): ChangeOf<'remove-key'> => ({
  kind: 'remove-key',
  keyId: key.keyId,
  deletionAtMs,
});
export const changeKeyState = (key: Key, state: KeyState, deletionAtMs = 0): ChangeOf<'update-key'> => ({
  kind: 'update-key',
  keyId: key.keyId,
  from: { state: key.state, deletionAtMs: key.deletionAtMs },
  to: { state, deletionAtMs },
});

export const user = (id: string): Principal => `user:${id}`;
export const domain = (id: string): Principal => `domain:${id}`;
