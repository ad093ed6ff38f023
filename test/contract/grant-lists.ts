import { describe, expect, test } from '@jest/globals';
import type { Grant, GrantPage, Key, PageRequest } from '../../lib/domain/model.ts';
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
import { freshStore, type OpenStore, sharedStore } from './open-store.ts';

type List = (page: PageRequest) => Promise<GrantPage>;

/** A multiple of 1, 2, 5, 10 and 101, but not of 99, 100 and 1000: the last page is full for some limits only. */
const COUNT = 1010;
const LIMITS = [1, 2, 5, 10, 99, 100, 101, 1000];

const idsOf = ({ json }: GrantPage) => (JSON.parse(json) as Grant[]).map((grant) => grant.grant_id);

/** Reads the pages from the first to the last by following `next`. */
export async function readAllPages(list: List, limit: number): Promise<GrantPage[]> {
  const pages: GrantPage[] = [];
  let after: string | undefined;
  do {
    const page = await list(after === undefined ? { limit } : { limit, after });
    pages.push(page);
    after = page.next;
  } while (after !== undefined);
  return pages;
}

/** A grant to GRANTEE if `n` is a multiple of three, otherwise to OTHER. */
const everyThirdToGrantee = (n: number) =>
  testGrant(n, { grantee_principal: n % 3 === 0 ? GRANTEE : OTHER, operations: ['describe-key'] });
const OTHER = 'c0000000000000000000000000000009';

const keyOf = async (store: Store, n: number) => (await store.grants.key(PROJECT, keyId(n))) as Key;

/** Lists of the grants on a key: order, pages, totals and the filter by grantee. */
export function grantListsContract(openStore: OpenStore): void {
  describe(`the list of a key with ${COUNT} grants`, () => {
    const ON_KEY_2 = { key_id: keyId(2) };
    const shared = sharedStore(openStore, async (store) => {
      await commitAll(store, [createKey(testKey(1)), createKey(testKey(2))]);
      const shuffled = numbers(0, COUNT).map((n) => ((n * 337) % COUNT) + 1);
      await commitMany(
        store,
        [...shuffled, 5000].map((n) => createGrant(testGrant(n, n === 5000 ? ON_KEY_2 : {}))),
      );
    });
    const list: List = async (page) => shared().grants.listGrants(await keyOf(shared(), 1), {}, page);
    const expected = numbers(1, COUNT).map(grantId);

    test.each(LIMITS)(
      'the list of grants on a key in pages of %i has each grant once, oldest first, with the total on every page',
      async (limit) => {
        const pages = await readAllPages(list, limit);
        expect(pages.flatMap(idsOf)).toEqual(expected);
        expect(new Set(pages.map(({ total }) => total))).toEqual(new Set([COUNT]));
        expect(pages).toHaveLength(Math.ceil(COUNT / limit));
        expect(
          pages.slice(0, -1).every((page) => idsOf(page).length === limit && page.next === idsOf(page).at(-1)),
        ).toBe(true);
      },
    );

    test.each(LIMITS)(
      'the list of grants on a key with limit %i and an offset returns the grants from there, and `next` only if more follow',
      async (limit) => {
        for (const offset of [0, 1, 9, 10, 909, 910, 911, 1009, 1010, 1011, 9999]) {
          const page = await list({ limit, offset });
          expect(idsOf(page)).toEqual(expected.slice(offset, offset + limit));
          expect(page.total).toBe(COUNT);
          expect(page.next).toBe(offset + limit < COUNT ? expected[offset + limit - 1] : undefined);
        }
      },
    );

    test('the list of grants on a key after the last grant returns an empty page', async () => {
      expect(await list({ limit: 10, after: grantId(COUNT) })).toEqual({ json: '[]', total: COUNT, next: undefined });
    });

    test('the list of grants on a key after an id of no grant continues with the next grant', async () => {
      expect(idsOf(await list({ limit: 2, after: '0'.repeat(64) }))).toEqual(expected.slice(0, 2));
      const between = `${grantId(7).slice(0, 12)}${'f'.repeat(52)}`;
      expect(idsOf(await list({ limit: 2, after: between }))).toEqual(expected.slice(7, 9));
    });

    test('the list of grants on a key has no grants of another key, which has its own list', async () => {
      const page = await shared().grants.listGrants(await keyOf(shared(), 2), {}, { limit: 1000 });
      expect([idsOf(page), page.total, page.next]).toEqual([[grantId(5000)], 1, undefined]);
    });
  });

  describe('the list of a key filtered by grantee', () => {
    const shared = sharedStore(openStore, async (store) => {
      await commitAll(store, [createKey(testKey(1)), createKey(testKey(2))]);
      const grants = [...numbers(1, 606).map(everyThirdToGrantee), testGrant(700, { key_id: keyId(2) })];
      await commitMany(
        store,
        grants.map((grant) => createGrant(grant)),
      );
    });

    test.each(LIMITS)(
      'the list of a key filtered by grantee in pages of %i has only its grants, with their own total',
      async (limit) => {
        const key = await keyOf(shared(), 1);
        const pages = await readAllPages((page) => shared().grants.listGrants(key, { grantee: GRANTEE }, page), limit);
        expect(pages.flatMap(idsOf)).toEqual(numbers(1, 202).map((n) => grantId(n * 3)));
        expect(new Set(pages.map(({ total }) => total))).toEqual(new Set([202]));
        expect(pages).toHaveLength(Math.ceil(202 / limit));
      },
    );
  });

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
