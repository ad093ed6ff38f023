import { describe, expect, test } from '@jest/globals';
import type { Key, KeyState, PageRequest } from '../../lib/domain/model.ts';
import type { Store } from '../../lib/store/store.ts';
import {
  changeKeyState,
  commitAll,
  commitMany,
  createKey,
  DISABLED,
  ENABLED,
  FOREIGN_PROJECT,
  keyId,
  NOW_MS,
  numbers,
  PENDING,
  PROJECT,
  removeKey,
  testKey,
} from './fixtures.ts';
import { freshStore, type OpenStore } from './open-store.ts';
import { readAllPages } from './pages.ts';

type Filter = { state?: KeyState; keySpec?: string };

/** Lists of keys: order, pages, totals by state and spec, and keys that are due for deletion. */
export function keyListsContract(openStore: OpenStore): void {
  async function withKeysIn(store: Store, keys: Key[]): Promise<Store> {
    await commitMany(
      store,
      keys.map((key) => createKey(key)),
    );
    return store;
  }

  const mixed = (n: number): Key =>
    testKey(n, {
      state: n % 4 === 0 ? DISABLED : ENABLED,
      keySpec: n % 3 === 0 ? 'RSA_2048' : 'AES_256',
    });

  describe('the list of keys', () => {
    const fresh = freshStore(openStore);
    const withKeys = (keys: Key[]) => withKeysIn(fresh(), keys);

    test('the list of keys from an offset has the keys from there, and `next` only if more follow', async () => {
      const store = await withKeys(numbers(1, 20).map((n) => testKey(n)));
      const ids = numbers(1, 20).map(keyId);
      for (const offset of [0, 1, 12, 13, 14, 19, 20, 9999]) {
        const page = await store.grants.listKeys(PROJECT, {}, { limit: 7, offset });
        expect(page.keys.map((key) => key.keyId)).toEqual(ids.slice(offset, offset + 7));
        expect(page.total).toBe(20);
        expect(page.next).toBe(offset + 7 < 20 ? ids[offset + 6] : undefined);
      }
    });

    test('the list of keys is empty for a project without keys', async () => {
      const page: PageRequest = { limit: 1000 };
      expect(await fresh().grants.listKeys(PROJECT, {}, page)).toEqual({ keys: [], total: 0, next: undefined });
    });

    // Keys 1 to 24: 8 are RSA_2048 and 16 AES_256; 6 are disabled, 2 of them RSA_2048.
    test.each<[string, Filter, number, number[]]>([
      ['no filter', {}, 24, [1, 2, 3]],
      ['a state', { state: DISABLED }, 6, [4, 8, 12]],
      ['a spec', { keySpec: 'RSA_2048' }, 8, [3, 6, 9]],
      ['a state and a spec', { state: DISABLED, keySpec: 'RSA_2048' }, 2, [12, 24]],
      ['another state and spec', { state: ENABLED, keySpec: 'AES_256' }, 12, [1, 2, 5]],
      ['a state of no key', { state: PENDING }, 0, []],
      ['a spec of no key', { keySpec: 'SM4' }, 0, []],
    ])('the list of keys with %s has only those keys and their own total', async (_, filter, total, first) => {
      const store = await withKeys(numbers(1, 24).map(mixed));
      const page = await store.grants.listKeys(PROJECT, filter, { limit: 3 });
      expect([page.keys.map((key) => key.keyId), page.total]).toEqual([first.map(keyId), total]);
      const pages = await readAllPages((next) => store.grants.listKeys(PROJECT, filter, next), 5);
      expect(pages.flatMap(({ keys }) => keys)).toHaveLength(total);
    });

    test('the list of keys has exact totals by state and spec after every change', async () => {
      const third = testKey(3, { keySpec: 'SM4' });
      const store = await withKeys([testKey(1), testKey(2), third]);
      const total = async (filter: Filter) => (await store.grants.listKeys(PROJECT, filter, { limit: 1 })).total;
      const totals = () =>
        Promise.all([total({}), total({ state: ENABLED }), total({ state: PENDING }), total({ keySpec: 'SM4' })]);
      expect(await totals()).toEqual([3, 3, 0, 1]);
      await commitAll(store, [changeKeyState(third, PENDING, NOW_MS)]);
      expect(await totals()).toEqual([3, 2, 1, 1]);
      await commitAll(store, [removeKey(third, NOW_MS)]);
      expect(await totals()).toEqual([2, 2, 0, 0]);
      expect(await store.grants.keyCount(PROJECT)).toBe(2);
    });

    test('the list of keys has no keys of another project, which has its own counters', async () => {
      const store = await withKeys([testKey(1), testKey(2, { projectId: FOREIGN_PROJECT })]);
      for (const [projectId, id] of [
        [PROJECT, keyId(1)],
        [FOREIGN_PROJECT, keyId(2)],
      ] as const) {
        const page = await store.grants.listKeys(projectId, {}, { limit: 10 });
        expect([page.keys.map((key) => key.keyId), page.total]).toEqual([[id], 1]);
        expect(await store.grants.keyCount(projectId)).toBe(1);
      }
    });
  });

  describe('keys that are due', () => {
    const fresh = freshStore(openStore);
    const withKeys = (keys: Key[]) => withKeysIn(fresh(), keys);
    const pendingKey = (n: number, deletionAtMs: number) => testKey(n, { state: PENDING, deletionAtMs });
    const due = async (store: Store, nowMs: number, limit = 10) =>
      (await store.grants.keysDue(nowMs, limit)).map((key) => key.keyId);

    test('due keys are those of every project whose deletion date has passed, the earliest first, at most `limit`', async () => {
      const store = await withKeys([
        pendingKey(1, NOW_MS + 30),
        pendingKey(2, NOW_MS + 10),
        { ...pendingKey(3, NOW_MS + 20), projectId: FOREIGN_PROJECT },
        testKey(4),
        testKey(5, { state: DISABLED }),
      ]);
      expect(await due(store, NOW_MS + 9)).toEqual([]);
      expect(await due(store, NOW_MS + 10)).toEqual([keyId(2)]);
      expect(await due(store, NOW_MS + 30)).toEqual([2, 3, 1].map(keyId));
      expect(await due(store, NOW_MS + 30, 2)).toEqual([2, 3].map(keyId));
    });

    test('due keys do not include keys whose deletion was cancelled', async () => {
      const store = await withKeys([pendingKey(1, NOW_MS)]);
      await commitAll(store, [changeKeyState(pendingKey(1, NOW_MS), DISABLED)]);
      expect(await due(store, NOW_MS + 1)).toEqual([]);
    });
  });
}
