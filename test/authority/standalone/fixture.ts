/** The standalone authority over a real store, with a clock that the test sets and people to act. */
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

export interface World {
  store: Store;
  authority: Standalone;
  clock: { nowMs: number };
  /** Another authority over the same store, or over a store made from it. */
  over(store: Store, settings?: Partial<StandaloneSettings>): Standalone;
  /** The key as it is now; throws when it is gone. */
  key(keyId: string): Promise<Key>;
  /** The grants of the key, and that its total says the same. */
  grantsOf(keyId: string): Promise<Grant[]>;
  /** `action` of each event of a key, sorted by name. */
  actionsOn(keyId: string): Promise<string[]>;
  events(): Promise<ChangeEvent[]>;
  /** Closes the store and compares every counter in it with its rows. */
  close(): Promise<void>;
}

export async function openWorld(settings: Partial<StandaloneSettings> = {}): Promise<World> {
  const store = await openAuditedStore();
  const clock = { nowMs: Date.parse('2026-11-22T06:00:00Z') };
  const over: World['over'] = (under, more) =>
    standalone(under, {
      grantsPerKey: 100,
      keysPerProject: 100,
      pageCacheChars: 1_000_000,
      now: () => clock.nowMs,
      ...settings,
      ...more,
    });
  const events = () => store.events.list(PROJECT, {}, 10_000);

  async function key(keyId: string): Promise<Key> {
    const found = await store.grants.key(PROJECT, keyId);
    if (!found) throw new Error(`no key ${keyId}`);
    return found;
  }

  return {
    store,
    authority: over(store),
    clock,
    over,
    key,
    events,
    async grantsOf(keyId) {
      const page = await store.grants.listGrants(await key(keyId), {}, { limit: 10_000 });
      const grants = JSON.parse(page.json) as Grant[];
      expect(page.total).toBe(grants.length);
      return grants;
    },
    async actionsOn(keyId) {
      const found = await store.events.list(PROJECT, { keyId }, 10_000);
      return found.map(({ action }) => action).sort();
    },
    close: store.close,
  };
}

let requests = 0;

/** An act of the key's creator, unless told. `body` stands for the bytes received. */
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

export const keyAsk = (alias: string): CreateKeyInput => ({
  alias,
  description: '',
  keySpec: 'AES_256',
  keyUsage: 'ENCRYPT_DECRYPT',
});

export const grantAsk = (keyId: string, over: Partial<CreateGrantInput> = {}): CreateGrantInput => ({
  keyId,
  grantee: GRANTEE,
  granteeType: 'user',
  operations: ['describe-key'],
  ...over,
});

/** The store, with `first` run before each commit goes through, as another request would that came in between. */
export function interleaved(store: Store, first: (times: number) => Promise<unknown>): Store {
  let times = 0;
  const grants: GrantStore = {
    ...store.grants,
    async commit(...change) {
      times += 1;
      await first(times);
      return store.grants.commit(...change);
    },
  };
  return { ...store, grants };
}

/** The code that a refusal carries; fails when the promise is not refused. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  const [result] = await Promise.allSettled([promise]);
  return result.status === 'rejected' ? codeIn(result.reason) : `answered: ${JSON.stringify(result.value)}`;
}

const codeIn = (error: unknown) =>
  error instanceof ForwardedError ? error.publicCode : error instanceof KmsError ? error.code : error;
