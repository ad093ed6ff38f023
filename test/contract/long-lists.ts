/**
 * Lists of hundreds of keys and grants, in pages of every size. On DynamoDB Local they take minutes, so `npm test` runs
 * them on SQLite only.
 */
import { describe, expect, test } from '@jest/globals';
import type { GrantPage, Key, PageRequest } from '../../lib/domain/model.ts';
import type { Store } from '../../lib/store/store.ts';
import {
  commitAll,
  commitMany,
  createGrant,
  createKey,
  DOMAIN,
  domain,
  GRANTEE,
  grantId,
  keyId,
  numbers,
  PROJECT,
  RETIRER,
  retirableGrant,
  STRANGER,
  testGrant,
  testKey,
  user,
} from './fixtures.ts';
import { type OpenStore, sharedStore } from './open-store.ts';
import { idsOf, readAllPages } from './pages.ts';

type List = (page: PageRequest) => Promise<GrantPage>;

/** A multiple of 1, 2, 5, 10 and 101, but not of 99, 100 and 1000: the last page is full for some limits only. */
const COUNT = 1010;
const LIMITS = [1, 2, 5, 10, 99, 100, 101, 1000];

/** A grant to GRANTEE if `n` is a multiple of three, otherwise to STRANGER. */
const everyThirdToGrantee = (n: number) =>
  testGrant(n, { grantee_principal: n % 3 === 0 ? GRANTEE : STRANGER, operations: ['describe-key'] });

const keyOf = async (store: Store, n: number) => (await store.grants.key(PROJECT, keyId(n))) as Key;

export function longListsContract(openStore: OpenStore): void {
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

  describe('the list of 202 keys', () => {
    const shared = sharedStore(openStore, (store) => {
      const shuffled = numbers(0, 202).map((n) => ((n * 37) % 202) + 1);
      return commitMany(
        store,
        shuffled.map((n) => createKey(testKey(n))),
      );
    });

    test.each(LIMITS)('the list of keys in pages of %i has each key once, oldest first', async (limit) => {
      const pages = await readAllPages((page) => shared().grants.listKeys(PROJECT, {}, page), limit);
      expect(pages.flatMap(({ keys }) => keys)).toEqual(numbers(1, 202).map((n) => testKey(n)));
      expect(new Set(pages.map(({ total }) => total))).toEqual(new Set([202]));
      expect(pages).toHaveLength(Math.ceil(202 / limit));
    });
  });

  describe('the list of retirable grants of 450', () => {
    const shared = sharedStore(openStore, async (store) => {
      await commitAll(store, [createKey(testKey(1)), createKey(testKey(2))]);
      await commitMany(
        store,
        numbers(1, 450).map((n) => createGrant(retirableGrant(n))),
      );
    });
    const list: List = (page) => shared().grants.listRetirable(PROJECT, user(RETIRER), domain(DOMAIN), page);
    // Of the grants 1 to 450, the user may retire 150, the domain 90, and both 30.
    const expected = numbers(1, 450)
      .filter((n) => n % 3 === 0 || n % 5 === 0)
      .map(grantId);

    test.each(LIMITS)(
      'the list of retirable grants in pages of %i has each grant of the user or the domain once, oldest first, with the exact total',
      async (limit) => {
        const pages = await readAllPages(list, limit);
        expect(pages.flatMap(idsOf)).toEqual(expected);
        expect(new Set(pages.map(({ total }) => total))).toEqual(new Set([210]));
        expect(pages).toHaveLength(Math.ceil(210 / limit));
      },
    );

    test('the list of retirable grants from an offset skips a grant that both may retire only once', async () => {
      for (const offset of [0, 1, 6, 7, 100, 209, 210, 9999]) {
        const page = await list({ limit: 7, offset });
        expect([idsOf(page), page.total]).toEqual([expected.slice(offset, offset + 7), 210]);
        expect(page.next).toBe(offset + 7 < 210 ? expected[offset + 6] : undefined);
      }
    });
  });

  describe('the list of grants that a principal holds on three keys', () => {
    /** Grants on the keys 1 to 3 in turn; every fourth is to another principal. */
    const grantOf = (n: number) =>
      testGrant(n, { key_id: keyId((n % 3) + 1), ...(n % 4 === 0 && { grantee_principal: RETIRER }) });
    const shared = sharedStore(openStore, async (store) => {
      await commitAll(
        store,
        [1, 2, 3].map((n) => createKey(testKey(n))),
      );
      await commitMany(
        store,
        numbers(0, 400).map((n) => createGrant(grantOf(((n * 137) % 400) + 1))),
      );
    });
    const list: List = (page) => shared().grants.listByGrantee(PROJECT, GRANTEE, page);
    // All of 1 to 400 except every fourth.
    const expected = numbers(1, 400)
      .filter((n) => n % 4 !== 0)
      .map(grantId);

    test.each([1, 7, 99, 100, 101, 300, 1000])(
      'the list of grants of a principal in pages of %i has each grant once, oldest first, with the exact total on every page',
      async (limit) => {
        const pages = await readAllPages(list, limit);
        expect(pages.flatMap(idsOf)).toEqual(expected);
        expect(new Set(pages.map(({ total }) => total))).toEqual(new Set([300]));
        expect(pages).toHaveLength(Math.ceil(300 / limit));
      },
    );

    test('the list of grants of a principal from an offset has the grants from there, and `next` only if more follow', async () => {
      for (const offset of [0, 1, 99, 293, 294, 299, 300, 9999]) {
        const page = await list({ limit: 7, offset });
        expect([idsOf(page), page.total]).toEqual([expected.slice(offset, offset + 7), 300]);
        expect(page.next).toBe(offset + 7 < 300 ? expected[offset + 6] : undefined);
      }
    });

    test('the list of grants of a principal continues after an id of no grant, and is empty after the last grant', async () => {
      expect(idsOf(await list({ limit: 2, after: '0'.repeat(64) }))).toEqual([grantId(1), grantId(2)]);
      expect(idsOf(await list({ limit: 2, after: grantId(4) }))).toEqual([grantId(5), grantId(6)]);
      expect(await list({ limit: 2, after: grantId(399) })).toEqual({
        json: '[]',
        total: 300,
        next: undefined,
      });
    });
  });
}
