/** The standalone authority over a real store, with a clock that the test sets, and requests by its users. */
import { expect } from '@jest/globals';
import type { CreateGrantInput, CreateKeyInput } from '../../../lib/authority/authority.ts';
import { type Standalone, type StandaloneSettings, standalone } from '../../../lib/authority/standalone/standalone.ts';
import type { ChangeEvent } from '../../../lib/domain/events.ts';
import type { Grant, Key } from '../../../lib/domain/model.ts';
import type { RequestContext } from '../../../lib/domain/request-context.ts';
import { ForwardedError, KmsError } from '../../../lib/errors.ts';
import type { GrantStore, Store } from '../../../lib/store/store.ts';
import { openAuditedStore } from '../../support/audited-store.ts';

export const PROJECT = 'a0000000000000000000000000000001';
export const FOREIGN_PROJECT = 'b0000000000000000000000000000002';
export const DOMAIN = 'd0000000000000000000000000000001';
export const CREATOR = 'c0000000000000000000000000000001';
export const GRANTEE = 'c0000000000000000000000000000002';
export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;

export interface StandaloneFixture {
  store: Store;
  authority: Standalone;
  clock: { nowMs: number };
  /** Creates another authority over the same store, or over a wrapper of it. */
  authorityOver(store: Store, settings?: Partial<StandaloneSettings>): Standalone;
  /** Reads the key; throws if it does not exist. */
  key(keyId: string): Promise<Key>;
  /** Lists the grants of the key, and expects the list's total to be their number. */
  grantsOf(keyId: string): Promise<Grant[]>;
  /** `action` of each event of a key, sorted by name. */
  actionsOn(keyId: string): Promise<string[]>;
  events(): Promise<ChangeEvent[]>;
  /** Closes the store and compares every counter in it with its rows. */
  close(): Promise<void>;
}

export async function openStandaloneFixture(settings: Partial<StandaloneSettings> = {}): Promise<StandaloneFixture> {
  const store = await openAuditedStore();
  const clock = { nowMs: Date.parse('2026-11-22T06:00:00Z') };
  const authorityOver: StandaloneFixture['authorityOver'] = (engine, more) =>
    standalone(engine, {
      grantsPerKey: 100,
      keysPerProject: 100,
      pageCacheChars: 1_000_000,
      now: () => clock.nowMs,
      ...settings,
      ...more,
    });
  const events = () => store.events.list(PROJECT, {}, 10_000);

  async function key(keyId: string): Promise<Key> {
    const stored = await store.grants.key(PROJECT, keyId);
    if (!stored) throw new Error(`there is no key ${keyId}`);
    return stored;
  }

  return {
    store,
    authority: authorityOver(store),
    clock,
    authorityOver,
    key,
    events,
    async grantsOf(keyId) {
      const page = await store.grants.listGrants(await key(keyId), {}, { limit: 10_000 });
      const grants = JSON.parse(page.json) as Grant[];
      expect(page.total).toBe(grants.length);
      return grants;
    },
    async actionsOn(keyId) {
      const keyEvents = await store.events.list(PROJECT, { keyId }, 10_000);
      return keyEvents.map(({ action }) => action).sort();
    },
    close: store.close,
  };
}

let requests = 0;

/** Returns the context of a request by the key's creator, with the fields of `over` replaced. */
export function requestContext(
  action: string,
  over: Partial<RequestContext> & { userId?: string; signature?: string } = {},
): RequestContext {
  const { userId = CREATOR, signature, ...rest } = over;
  requests += 1;
  return {
    caller: { userId, domainId: DOMAIN, projectId: PROJECT, roles: ['KMS CMKFullAccess'], signature },
    projectId: PROJECT,
    channel: 'http',
    requestId: `request-${requests}`,
    action,
    body: new TextEncoder().encode('{}'),
    ...rest,
  };
}

export const keyInput = (alias: string): CreateKeyInput => ({
  alias,
  description: '',
  keySpec: 'AES_256',
  keyUsage: 'ENCRYPT_DECRYPT',
});

export const grantInput = (keyId: string, over: Partial<CreateGrantInput> = {}): CreateGrantInput => ({
  keyId,
  grantee: GRANTEE,
  granteeType: 'user',
  operations: ['describe-key'],
  ...over,
});

/** Returns the store with a `commit` that runs `first` before each commit, like a concurrent request. */
export function interleaved(store: Store, first: (commitCount: number) => Promise<unknown>): Store {
  let commitCount = 0;
  const grants: GrantStore = {
    ...store.grants,
    async commit(...change) {
      commitCount += 1;
      await first(commitCount);
      return store.grants.commit(...change);
    },
  };
  return { ...store, grants };
}

/** Returns the code of a KmsError, any other error itself, or `answered: <result as JSON>` without an error. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  const [result] = await Promise.allSettled([promise]);
  return result.status === 'rejected' ? codeIn(result.reason) : `answered: ${JSON.stringify(result.value)}`;
}

const codeIn = (error: unknown) =>
  error instanceof ForwardedError ? error.publicCode : error instanceof KmsError ? error.code : error;
