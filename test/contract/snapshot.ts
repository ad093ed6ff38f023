import { expect } from '@jest/globals';
import type { Change, Store } from '../../lib/store/store.ts';
import {
  type CommitOptions,
  CREATOR,
  commit,
  DISABLED,
  DOMAIN,
  domain,
  ENABLED,
  FOREIGN_PROJECT,
  GRANTEE,
  NOW_MS,
  PENDING,
  PROJECT,
  RETIRER,
  testIdempotencyRecord,
  user,
} from './fixtures.ts';

const ALL = { limit: 1000 };
const HOLDERS = [CREATOR, GRANTEE, RETIRER, DOMAIN];

/** Reads everything that the port can show of the fixtures. Equal snapshots prove that nothing has changed. */
export async function snapshotOf(store: Store): Promise<object> {
  return Promise.all([PROJECT, FOREIGN_PROJECT].map((projectId) => project(store, projectId)));
}

async function project({ grants, events }: Store, projectId: string) {
  const { keys, total } = await grants.listKeys(projectId, {}, ALL);
  const filters = [ENABLED, DISABLED, PENDING].flatMap((state) => [{ state }, { state, keySpec: 'AES_256' }]);
  const pairs = HOLDERS.flatMap((holder) => [
    [user(holder), domain(DOMAIN)] as const,
    [user(CREATOR), domain(holder)] as const,
  ]);
  return {
    keys,
    total,
    keyCount: await grants.keyCount(projectId),
    due: await grants.keysDue(Number.MAX_SAFE_INTEGER, 1000),
    totals: await Promise.all(filters.map(async (filter) => (await grants.listKeys(projectId, filter, ALL)).total)),
    aliases: await Promise.all(keys.map(({ alias }) => grants.keyByAlias(projectId, alias))),
    grants: await Promise.all(
      keys.map(async (key) => ({
        all: await grants.listGrants(key, {}, ALL),
        byGrantee: await Promise.all(HOLDERS.map((grantee) => grants.listGrants(key, { grantee }, ALL))),
        held: await Promise.all(
          HOLDERS.flatMap((holder) => [user(holder), domain(holder)]).map(async (principal) =>
            [...(await grants.heldOperations(key.keyId, [principal])).keys()].sort(),
          ),
        ),
      })),
    ),
    retirable: await Promise.all(pairs.map(([who, whose]) => grants.listRetirable(projectId, who, whose, ALL))),
    events: await events.list(projectId, {}, 1000),
  };
}

/** Expects that the change is a conflict and writes no row, no counter, no event and no idempotency record. */
export async function expectConflict(store: Store, change: Change, options: CommitOptions = {}): Promise<void> {
  const record = testIdempotencyRecord(0xf00d);
  const before = await snapshotOf(store);
  expect(await commit(store, change, { ...options, record })).toEqual({ type: 'conflict' });
  expect(await snapshotOf(store)).toEqual(before);
  expect(await store.idempotency.find(record.idempotencyKey, NOW_MS)).toBeUndefined();
}
