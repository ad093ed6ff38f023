import { describe, expect, test } from '@jest/globals';
import type { Grant, Key } from '../../lib/domain/model.ts';
import type { Store } from '../../lib/store/store.ts';
import {
  commitAll,
  commitMany,
  createGrant,
  createKey,
  FOREIGN_PROJECT,
  GRANTEE,
  grantId,
  keyId,
  numbers,
  PROJECT,
  RETIRER,
  removeGrant,
  testGrant,
  testKey,
} from './fixtures.ts';
import { freshStore, type OpenStore } from './open-store.ts';
import { idsOf } from './pages.ts';

/** A grant to GRANTEE if `n` is a multiple of three, otherwise to OTHER. */
const everyThirdToGrantee = (n: number) =>
  testGrant(n, { grantee_principal: n % 3 === 0 ? GRANTEE : OTHER, operations: ['describe-key'] });
const OTHER = 'c0000000000000000000000000000009';

const keyOf = async (store: Store, n: number) => (await store.grants.key(PROJECT, keyId(n))) as Key;

/** Lists of the grants on a key: order, pages, totals and the filter by grantee. */
export function grantListsContract(openStore: OpenStore): void {
  describe('the list of a key', () => {
    const fresh = freshStore(openStore);
    const current = (store: Store) => keyOf(store, 1);

    async function withGrants(grants: Grant[]): Promise<Store> {
      const store = fresh();
      await commitAll(store, [createKey(testKey(1)), createKey(testKey(2))]);
      await commitMany(
        store,
        grants.map((grant) => createGrant(grant)),
      );
      return store;
    }

    test('the list of grants on a key has each grant as it was created, without further fields', async () => {
      const full = testGrant(1, { name: 'a:/_-b', retiring_principal: RETIRER, grantee_principal_type: 'domain' });
      const bare = testGrant(2);
      const store = await withGrants([full, bare]);
      const { json } = await store.grants.listGrants(await current(store), {}, { limit: 10 });
      expect(JSON.parse(json)).toEqual([full, bare]);
      expect(await store.grants.grant(PROJECT, grantId(1))).toEqual(full);
      expect(await store.grants.grant(PROJECT, grantId(2))).toEqual(bare);
    });

    test('the list of grants on a key is empty for a key without grants', async () => {
      const store = await withGrants([]);
      const page = await store.grants.listGrants(await current(store), {}, { limit: 1000 });
      expect(page).toEqual({ json: '[]', total: 0, next: undefined });
    });

    test('the list of grants on a key continues after a grant that was removed meanwhile, and skips no other', async () => {
      const store = await withGrants(numbers(1, 20).map((n) => testGrant(n)));
      const listed: string[] = [];
      let after: string | undefined;
      do {
        const page = await store.grants.listGrants(
          await current(store),
          {},
          after ? { limit: 3, after } : { limit: 3 },
        );
        listed.push(...idsOf(page));
        expect(page.total).toBe(20 - listed.length + idsOf(page).length);
        for (const id of idsOf(page)) await commitAll(store, [removeGrant(testGrant(ids.indexOf(id) + 1))]);
        after = page.next;
      } while (after !== undefined);
      expect(listed).toEqual(ids);
      expect((await current(store)).grantCount).toBe(0);
    });
    const ids = numbers(1, 20).map(grantId);

    test('the list of grants on a key has the exact total after every change', async () => {
      const store = await withGrants([]);
      const totals: number[] = [];
      for (const change of [createGrant(testGrant(1)), createGrant(testGrant(2)), removeGrant(testGrant(1))]) {
        await commitAll(store, [change]);
        totals.push((await store.grants.listGrants(await current(store), {}, { limit: 1 })).total);
      }
      expect(totals).toEqual([1, 2, 1]);
    });

    describe('the list of a key filtered by grantee, after changes', () => {
      test('the list of a key filtered by grantee applies an offset to the grants of the grantee only', async () => {
        const store = await withGrants(numbers(1, 30).map(everyThirdToGrantee));
        const page = await store.grants.listGrants(await current(store), { grantee: GRANTEE }, { limit: 2, offset: 3 });
        expect([idsOf(page), page.total, page.next]).toEqual([[grantId(12), grantId(15)], 10, grantId(15)]);
      });

      test('the list of a key filtered by grantee has the grants of a user and of a domain of that id', async () => {
        const store = await withGrants([testGrant(1), testGrant(2, { grantee_principal_type: 'domain' })]);
        const page = await store.grants.listGrants(await current(store), { grantee: GRANTEE }, { limit: 10 });
        expect([idsOf(page), page.total]).toEqual([[grantId(1), grantId(2)], 2]);
      });

      test('the list of a key filtered by grantee has the exact total after a removal and is empty without grants', async () => {
        const store = await withGrants([testGrant(1), testGrant(2), everyThirdToGrantee(4)]);
        await commitAll(store, [removeGrant(testGrant(1))]);
        const key = await current(store);
        expect((await store.grants.listGrants(key, { grantee: GRANTEE }, { limit: 1 })).total).toBe(1);
        expect(await store.grants.listGrants(key, { grantee: RETIRER }, { limit: 1 })).toEqual({
          json: '[]',
          total: 0,
          next: undefined,
        });
      });
    });

    test('reads in another project find neither the key nor its grants', async () => {
      const store = await withGrants([testGrant(1)]);
      expect(await store.grants.key(FOREIGN_PROJECT, keyId(1))).toBeUndefined();
      expect(await store.grants.keyByAlias(FOREIGN_PROJECT, 'alias-1')).toBeUndefined();
      expect(await store.grants.grant(FOREIGN_PROJECT, grantId(1))).toBeUndefined();
      expect(await store.grants.grant(PROJECT, grantId(2))).toBeUndefined();
      expect(await store.grants.keyCount(FOREIGN_PROJECT)).toBe(0);
      expect(await store.grants.listKeys(FOREIGN_PROJECT, {}, { limit: 10 })).toMatchObject({ keys: [], total: 0 });
    });
  });
}
