import { describe, expect, test } from '@jest/globals';
import type { Grant, Operation, PageRequest, Principal } from '../../lib/domain/model.ts';
import type { Store } from '../../lib/store/store.ts';
import {
  CREATOR,
  commitAll,
  commitMany,
  createGrant,
  createKey,
  DOMAIN,
  domain,
  FOREIGN_PROJECT,
  GRANTEE,
  grantId,
  keyId,
  numbers,
  PROJECT,
  RETIRER,
  removeGrant,
  retirableGrant,
  STRANGER,
  testGrant,
  testKey,
  user,
} from './fixtures.ts';
import { freshStore, type OpenStore } from './open-store.ts';

const OTHER_DOMAIN = 'd0000000000000000000000000000009';
const RETIRE: Operation[] = ['retire-grant', 'describe-key'];

/** Lists of the grants that a user or domain may retire, and held operations. */
export function retirableContract(openStore: OpenStore): void {
  async function withGrantsIn(store: Store, grants: Grant[]): Promise<Store> {
    await commitAll(store, [createKey(testKey(1)), createKey(testKey(2))]);
    await commitMany(
      store,
      grants.map((grant) => createGrant(grant)),
    );
    return store;
  }

  const listOf =
    (store: Store, who: string, whose = DOMAIN, projectId = PROJECT) =>
    (page: PageRequest) =>
      store.grants.listRetirable(projectId, user(who), domain(whose), page);

  async function all(store: Store, who: string, whose?: string, projectId?: string) {
    const { json, total } = await listOf(store, who, whose, projectId)({ limit: 1000 });
    const ids = (JSON.parse(json) as Grant[]).map((grant) => grant.grant_id);
    expect(total).toBe(ids.length);
    return ids;
  }

  describe('the list of retirable grants', () => {
    const fresh = freshStore(openStore);
    const withGrants = (grants: Grant[]) => withGrantsIn(fresh(), grants);

    test('the list of retirable grants has grants that the user issued, is to retire, or holds with retire-grant', async () => {
      const store = await withGrants([
        testGrant(1),
        testGrant(2, { issuing_principal: STRANGER, retiring_principal: CREATOR }),
        testGrant(3, { issuing_principal: STRANGER, grantee_principal: CREATOR, operations: RETIRE }),
        testGrant(4, { issuing_principal: STRANGER, grantee_principal: CREATOR }),
        testGrant(5, { issuing_principal: STRANGER, retiring_principal: RETIRER }),
      ]);
      expect(await all(store, CREATOR)).toEqual([grantId(1), grantId(2), grantId(3)]);
      expect(await all(store, RETIRER)).toEqual([grantId(5)]);
      expect(await all(store, GRANTEE)).toEqual([]);
    });

    test('the list of retirable grants has a grant once even if the user may retire it in every way', async () => {
      const store = await withGrants([
        testGrant(1, { retiring_principal: CREATOR, grantee_principal: CREATOR, operations: RETIRE }),
      ]);
      expect(await all(store, CREATOR)).toEqual([grantId(1)]);
    });

    test('the list of retirable grants has the grants of a domain for each of its users, but not for a user with the id of the domain', async () => {
      const store = await withGrants([
        testGrant(1, {
          issuing_principal: STRANGER,
          grantee_principal: DOMAIN,
          grantee_principal_type: 'domain',
          operations: RETIRE,
        }),
        testGrant(2, { issuing_principal: STRANGER, grantee_principal: DOMAIN, operations: RETIRE }),
      ]);
      expect(await all(store, RETIRER)).toEqual([grantId(1)]);
      expect(await all(store, RETIRER, OTHER_DOMAIN)).toEqual([]);
      expect(await all(store, DOMAIN, OTHER_DOMAIN)).toEqual([grantId(2)]);
    });

    test('a domain may retire no grant as its issuer or retiring principal, because these are users', async () => {
      const store = await withGrants([testGrant(1, { issuing_principal: DOMAIN, retiring_principal: DOMAIN })]);
      expect(await all(store, STRANGER, DOMAIN)).toEqual([]);
    });

    test('the list of retirable grants has the exact total after removals, for the user, the domain and both', async () => {
      const store = await withGrants(numbers(1, 30).map(retirableGrant));
      await commitAll(store, [3, 5, 15, 30].map(retirableGrant).map(removeGrant));
      expect(await all(store, RETIRER)).toEqual([6, 9, 10, 12, 18, 20, 21, 24, 25, 27].map(grantId));
      expect(await all(store, RETIRER, OTHER_DOMAIN)).toEqual([6, 9, 12, 18, 21, 24, 27].map(grantId));
      expect(await all(store, GRANTEE)).toEqual([10, 20, 25].map(grantId));
    });

    test('the list of retirable grants has no grants of another project', async () => {
      const store = await withGrants([testGrant(1)]);
      const foreign = testKey(3, { projectId: FOREIGN_PROJECT });
      await commitAll(store, [createKey(foreign)]);
      await commitAll(store, [createGrant(testGrant(2, { key_id: keyId(3) }))], { projectId: FOREIGN_PROJECT });
      expect(await all(store, CREATOR)).toEqual([grantId(1)]);
      expect(await all(store, CREATOR, DOMAIN, FOREIGN_PROJECT)).toEqual([grantId(2)]);
    });
  });

  describe('held operations', () => {
    const fresh = freshStore(openStore);
    const withGrants = (grants: Grant[]) => withGrantsIn(fresh(), grants);
    const heldBy = async (store: Store, ...principals: Principal[]) =>
      new Set((await store.grants.heldOperations(keyId(1), principals)).keys());

    test('held operations are those of all grants to the principals on the key', async () => {
      const store = await withGrants([
        testGrant(1, { operations: ['encrypt-data', 'describe-key'] }),
        testGrant(2, { operations: ['describe-key', 'create-grant'] }),
        testGrant(3, { operations: ['decrypt-data'], grantee_principal: DOMAIN, grantee_principal_type: 'domain' }),
        testGrant(4, { operations: ['create-datakey'], key_id: keyId(2) }),
        testGrant(5, { operations: ['retire-grant'], grantee_principal: STRANGER }),
      ]);
      expect(await heldBy(store, user(GRANTEE))).toEqual(new Set(['encrypt-data', 'describe-key', 'create-grant']));
      expect(await heldBy(store, user(GRANTEE), domain(DOMAIN))).toEqual(
        new Set(['encrypt-data', 'describe-key', 'create-grant', 'decrypt-data']),
      );
      expect(await heldBy(store, domain(DOMAIN))).toEqual(new Set(['decrypt-data']));
    });

    test('held operations are returned with a principal that holds them', async () => {
      const store = await withGrants([
        testGrant(1, { operations: ['encrypt-data'] }),
        testGrant(2, { operations: ['decrypt-data'], grantee_principal: DOMAIN, grantee_principal_type: 'domain' }),
      ]);
      expect(await store.grants.heldOperations(keyId(1), [user(GRANTEE), domain(DOMAIN)])).toEqual(
        new Map([
          ['encrypt-data', user(GRANTEE)],
          ['decrypt-data', domain(DOMAIN)],
        ]),
      );
    });

    test('held operations of a user and of a domain with the same id are different', async () => {
      const store = await withGrants([testGrant(1)]);
      expect(await heldBy(store, domain(GRANTEE))).toEqual(new Set());
    });

    test('held operations are held until the last grant that gives them is removed', async () => {
      const describeGrant = (n: number) => testGrant(n, { operations: ['describe-key'] });
      const store = await withGrants([describeGrant(1), describeGrant(2)]);
      await commitAll(store, [removeGrant(describeGrant(1))]);
      expect(await heldBy(store, user(GRANTEE))).toEqual(new Set(['describe-key']));
      await commitAll(store, [removeGrant(describeGrant(2))]);
      expect(await heldBy(store, user(GRANTEE))).toEqual(new Set());
    });
  });
}
