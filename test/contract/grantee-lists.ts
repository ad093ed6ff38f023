import { describe, expect, test } from '@jest/globals';
import type { Grant, GrantPage, PageRequest } from '../../lib/domain/model.ts';
import type { Store } from '../../lib/store/store.ts';
import {
  changeKeyState,
  commit,
  commitAll,
  commitMany,
  createGrant,
  createKey,
  FOREIGN_PROJECT,
  GRANTEE,
  grantId,
  keyId,
  NOW_MS,
  numbers,
  PENDING,
  PROJECT,
  RETIRER,
  removeGrant,
  removeKey,
  testGrant,
  testKey,
} from './fixtures.ts';
import { readAllPages } from './grant-lists.ts';
import { freshStore, type OpenStore, sharedStore } from './open-store.ts';

const idsOf = ({ json }: GrantPage) => (JSON.parse(json) as Grant[]).map((grant) => grant.grant_id);

const listHeld =
  (store: Store, grantee = GRANTEE, projectId = PROJECT) =>
  (page: PageRequest) =>
    store.grants.listByGrantee(projectId, grantee, page);

/** Lists of the grants that a principal holds on all keys of a project. */
export function granteeListsContract(openStore: OpenStore): void {
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
    // All of 1 to 400 except every fourth.
    const expected = numbers(1, 400)
      .filter((n) => n % 4 !== 0)
      .map(grantId);

    test.each([1, 7, 99, 100, 101, 300, 1000])(
      'the list of grants of a principal in pages of %i has each grant once, oldest first, with the exact total on every page',
      async (limit) => {
        const pages = await readAllPages(listHeld(shared()), limit);
        expect(pages.flatMap(idsOf)).toEqual(expected);
        expect(new Set(pages.map(({ total }) => total))).toEqual(new Set([300]));
        expect(pages).toHaveLength(Math.ceil(300 / limit));
      },
    );

    test('the list of grants of a principal from an offset has the grants from there, and `next` only if more follow', async () => {
      for (const offset of [0, 1, 99, 293, 294, 299, 300, 9999]) {
        const page = await listHeld(shared())({ limit: 7, offset });
        expect([idsOf(page), page.total]).toEqual([expected.slice(offset, offset + 7), 300]);
        expect(page.next).toBe(offset + 7 < 300 ? expected[offset + 6] : undefined);
      }
    });

    test('the list of grants of a principal continues after an id of no grant, and is empty after the last grant', async () => {
      expect(idsOf(await listHeld(shared())({ limit: 2, after: '0'.repeat(64) }))).toEqual([grantId(1), grantId(2)]);
      expect(idsOf(await listHeld(shared())({ limit: 2, after: grantId(4) }))).toEqual([grantId(5), grantId(6)]);
      expect(await listHeld(shared())({ limit: 2, after: grantId(399) })).toEqual({
        json: '[]',
        total: 300,
        next: undefined,
      });
    });
  });

  describe('the list of grants that a principal holds', () => {
    const fresh = freshStore(openStore);
    const all = async (store: Store, grantee?: string, projectId?: string) => {
      const page = await listHeld(store, grantee, projectId)({ limit: 1000 });
      return { ids: idsOf(page), total: page.total };
    };

    async function withGrants(grants: Grant[]): Promise<Store> {
      const store = fresh();
      await commitAll(store, [createKey(testKey(1)), createKey(testKey(2))]);
      await commitMany(
        store,
        grants.map((grant) => createGrant(grant)),
      );
      return store;
    }

    test('the list of grants of a principal has each grant as it was created', async () => {
      const full = testGrant(1, { name: 'a:/_-b', retiring_principal: RETIRER });
      const store = await withGrants([full]);
      expect(await listHeld(store)({ limit: 10 })).toEqual({ json: JSON.stringify([full]), total: 1, next: undefined });
    });

    test('the list of grants of a principal is empty for a principal that only issued grants or may retire them', async () => {
      const store = await withGrants([testGrant(1, { retiring_principal: RETIRER })]);
      for (const who of [RETIRER, testGrant(1).issuing_principal, 'c'.repeat(32)]) {
        expect(await all(store, who)).toEqual({ ids: [], total: 0 });
      }
    });

    test('the list of grants of a principal has the grants of a user and of a domain of that id', async () => {
      const store = await withGrants([testGrant(1), testGrant(2, { grantee_principal_type: 'domain' })]);
      expect(await all(store)).toEqual({ ids: [grantId(1), grantId(2)], total: 2 });
      await commitAll(store, [removeGrant(testGrant(1))]);
      expect(await all(store)).toEqual({ ids: [grantId(2)], total: 1 });
    });

    test('the list of grants of a principal has no grants of a principal whose id only begins with that id', async () => {
      const store = await withGrants([testGrant(1, { grantee_principal: `${GRANTEE}0` }), testGrant(2)]);
      expect(await all(store)).toEqual({ ids: [grantId(2)], total: 1 });
      expect(await all(store, GRANTEE.slice(0, -1))).toEqual({ ids: [], total: 0 });
    });

    test('the list of grants of a principal has a grant once even if the grantee may also retire it in every way', async () => {
      const store = await withGrants([
        testGrant(1, { issuing_principal: GRANTEE, retiring_principal: GRANTEE, operations: ['retire-grant'] }),
      ]);
      expect(await all(store)).toEqual({ ids: [grantId(1)], total: 1 });
    });

    test('the list of grants of a principal has no grants of another project', async () => {
      const store = await withGrants([testGrant(1)]);
      await commitAll(store, [createKey(testKey(3, { projectId: FOREIGN_PROJECT }))]);
      await commitAll(store, [createGrant(testGrant(2, { key_id: keyId(3) }))], { projectId: FOREIGN_PROJECT });
      expect(await all(store)).toEqual({ ids: [grantId(1)], total: 1 });
      expect(await all(store, GRANTEE, FOREIGN_PROJECT)).toEqual({ ids: [grantId(2)], total: 1 });
    });

    test('the list of grants of a principal has the exact total after every change, including the deletion of a key', async () => {
      const due = { state: PENDING, deletionAtMs: NOW_MS };
      const store = await withGrants([]);
      const totals: number[] = [];
      const first = testGrant(1);
      for (const change of [
        createGrant(first),
        createGrant(testGrant(2, { key_id: keyId(2) })),
        removeGrant(first),
        changeKeyState(testKey(2), PENDING, NOW_MS),
        removeGrant(testGrant(2, { key_id: keyId(2) })),
        removeKey(testKey(2, due)),
      ]) {
        await commitAll(store, [change]);
        totals.push((await all(store)).total);
      }
      expect(totals).toEqual([1, 2, 1, 1, 0, 0]);
      expect(await all(store)).toEqual({ ids: [], total: 0 });
    });

    test('the list of grants of a principal does not change with a change that was refused', async () => {
      const store = await withGrants([testGrant(1)]);
      expect(await commit(store, createGrant(testGrant(2), 1))).toEqual({ type: 'conflict' });
      expect(await commit(store, removeGrant(testGrant(3)))).toEqual({ type: 'conflict' });
      expect(await all(store)).toEqual({ ids: [grantId(1)], total: 1 });
    });

    test('the list of grants of a principal read page by page while each page is revoked skips no grant', async () => {
      const grantOf = (n: number) => testGrant(n, { key_id: keyId((n % 2) + 1) });
      const store = await withGrants(numbers(1, 20).map(grantOf));
      const listed: string[] = [];
      const pages = await readAllPages(async (request) => {
        const page = await listHeld(store)(request);
        const grants = JSON.parse(page.json) as Grant[];
        expect(page.total).toBe(20 - listed.length);
        await commitAll(store, grants.map(removeGrant));
        listed.push(...idsOf(page));
        return page;
      }, 3);
      expect(listed).toEqual(numbers(1, 20).map(grantId));
      expect(pages).toHaveLength(7);
      expect(await all(store)).toEqual({ ids: [], total: 0 });
    });
  });
}
