import { describe, expect, test } from '@jest/globals';
import type { Grant, PageRequest } from '../../lib/domain/model.ts';
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
import { freshStore, type OpenStore } from './open-store.ts';
import { idsOf, readAllPages } from './pages.ts';

const listHeld =
  (store: Store, grantee = GRANTEE, projectId = PROJECT) =>
  (page: PageRequest) =>
    store.grants.listByGrantee(projectId, grantee, page);

/** Lists of the grants that a principal holds on all keys of a project. */
export function granteeListsContract(openStore: OpenStore): void {
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

    test('issuedBy returns the grants that a user issued, on all keys of the project, and none that it may only retire', async () => {
      const issued = [testGrant(1), testGrant(2, { key_id: keyId(2), grantee_principal: RETIRER })].map((grant) => ({
        ...grant,
        issuing_principal: 'e'.repeat(32),
      }));
      const others = [
        testGrant(3, { retiring_principal: 'e'.repeat(32) }),
        testGrant(4, { grantee_principal: 'e'.repeat(32), operations: ['retire-grant'] }),
        testGrant(5, { issuing_principal: `${'e'.repeat(32)}0` }),
      ];
      const store = await withGrants([...issued, ...others]);
      const issuedBy = (userId: string, projectId = PROJECT) => store.grants.issuedBy(projectId, userId);
      expect(await issuedBy('e'.repeat(32))).toEqual(issued);
      expect(await issuedBy('e'.repeat(32), FOREIGN_PROJECT)).toEqual([]);
      expect(await issuedBy(RETIRER)).toEqual([]);
      await commitAll(store, [removeGrant(issued[0] as Grant)]);
      expect(await issuedBy('e'.repeat(32))).toEqual(issued.slice(1));
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
