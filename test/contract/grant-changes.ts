import { describe, expect, test } from '@jest/globals';
import type { Operation } from '../../lib/domain/model.ts';
import type { HeldOperation } from '../../lib/store/store.ts';
import { expectConflict } from './expect-conflict.ts';
import {
  CREATOR,
  changeKeyState,
  commit,
  commitAll,
  createGrant,
  createKey,
  DISABLED,
  DOMAIN,
  domain,
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
  testGrant,
  testIdempotencyRecord,
  testKey,
  user,
} from './fixtures.ts';
import { freshStore, type OpenStore } from './open-store.ts';

const ALL = { limit: 1000 };
const DONE = { type: 'done' };

/** Changes to grants: each condition of `Change`, once true and once false. */
export function grantChangesContract(openStore: OpenStore): void {
  describe('changes to grants', () => {
    const fresh = freshStore(openStore);
    const key = testKey(1);

    async function withKey() {
      const store = fresh();
      await commitAll(store, [createKey(key)]);
      return store;
    }

    describe('creating a grant', () => {
      test('create-grant writes the grant, its counters, its event and its idempotency record', async () => {
        const store = await withKey();
        const grant = testGrant(1, { name: 'one', retiring_principal: RETIRER });
        expect(await commit(store, createGrant(grant), { record: testIdempotencyRecord(1) })).toEqual(DONE);
        expect(await store.grants.grant(PROJECT, grantId(1))).toEqual(grant);
        expect((await store.grants.key(PROJECT, key.keyId))?.grantCount).toBe(1);
        expect((await store.grants.listRetirable(PROJECT, user(RETIRER), domain(DOMAIN), ALL)).total).toBe(1);
        expect([...(await store.grants.heldOperations(key.keyId, [user(GRANTEE)])).keys()].sort()).toEqual([
          'decrypt-data',
          'encrypt-data',
        ]);
        expect(await store.events.list(PROJECT, { grantId: grantId(1) }, 10)).toMatchObject([
          { action: 'create-grant', grant },
        ]);
        expect(await store.idempotency.find(testIdempotencyRecord(1).idempotencyKey, NOW_MS)).toEqual({
          answer: { grant_id: grantId(1) },
        });
      });

      test('create-grant is a conflict if the key does not exist', async () => {
        await expectConflict(await withKey(), createGrant(testGrant(1, { key_id: keyId(2) })));
      });

      test('create-grant is a conflict on a key of another project', async () => {
        await expectConflict(await withKey(), createGrant(testGrant(1)), { projectId: FOREIGN_PROJECT });
      });

      test.each([
        ['disabled', DISABLED],
        ['pending deletion', PENDING],
      ])('create-grant is a conflict on a key that is %s', async (_, state) => {
        const store = await withKey();
        await commitAll(store, [changeKeyState(key, state, state === PENDING ? NOW_MS + 1 : 0)]);
        await expectConflict(store, createGrant(testGrant(1)));
      });

      test('create-grant is done below the quota and a conflict at the quota', async () => {
        const store = await withKey();
        await commitAll(store, [createGrant(testGrant(1), 2), createGrant(testGrant(2), 2)]);
        await expectConflict(store, createGrant(testGrant(3), 2));
        await commitAll(store, [removeGrant(testGrant(1)), createGrant(testGrant(3), 2)]);
        await expectConflict(store, createGrant(testGrant(4), 2));
      });

      test('of 16 concurrent commits below a quota of 5, 5 are done and 11 are conflicts', async () => {
        const store = await withKey();
        const results = await Promise.all(numbers(1, 16).map((n) => commit(store, createGrant(testGrant(n), 5))));
        expect(results.filter(({ type }) => type === 'done')).toHaveLength(5);
        expect(results.filter(({ type }) => type === 'conflict')).toHaveLength(11);
        expect((await store.grants.key(PROJECT, key.keyId))?.grantCount).toBe(5);
        expect(await store.events.list(PROJECT, {}, 100)).toHaveLength(6);
      });
    });

    test('the revision of a key changes with every change to its grants and with nothing else', async () => {
      const store = await withKey();
      await commitAll(store, [createKey(testKey(2)), createGrant(testGrant(9, { key_id: keyId(2) }))]);
      const revisions: (number | undefined)[] = [];
      const changes = [
        createGrant(testGrant(1)),
        createGrant(testGrant(2)),
        removeGrant(testGrant(1)),
        removeGrant(testGrant(2)),
      ];
      for (const change of changes) {
        revisions.push((await store.grants.key(PROJECT, key.keyId))?.revision);
        await commitAll(store, [change]);
      }
      const last = await store.grants.key(PROJECT, key.keyId);
      expect(new Set([...revisions, last?.revision]).size).toBe(5);
      await commit(store, removeGrant(testGrant(1)));
      await commitAll(store, [createGrant(testGrant(3, { key_id: keyId(2) }))]);
      expect(await store.grants.key(PROJECT, key.keyId)).toEqual(last);
      expect((await store.grants.keyByAlias(PROJECT, key.alias))?.revision).toBe(last?.revision);
    });

    describe('creating a grant by delegation', () => {
      const delegation: HeldOperation[] = [
        { holder: user(GRANTEE), operation: 'create-grant' },
        { holder: user(GRANTEE), operation: 'encrypt-data' },
      ];
      const delegated = {
        ...createGrant(testGrant(9, { operations: ['encrypt-data'], issuing_principal: GRANTEE })),
        delegation,
      };
      const grantWith = (n: number, operations: Operation[], over = {}) =>
        createGrant(testGrant(n, { operations, ...over }));
      const toDomain = { grantee_principal: DOMAIN, grantee_principal_type: 'domain' } as const;

      test('create-grant by delegation is done if one principal holds all operations', async () => {
        const store = await withKey();
        await commitAll(store, [grantWith(1, ['create-grant', 'encrypt-data'])]);
        expect(await commit(store, delegated)).toEqual(DONE);
      });

      test('create-grant by delegation is done if several principals together hold all operations', async () => {
        const store = await withKey();
        await commitAll(store, [
          grantWith(1, ['encrypt-data']),
          grantWith(2, ['create-grant', 'describe-key'], toDomain),
        ]);
        const shared: HeldOperation[] = [
          { holder: domain(DOMAIN), operation: 'create-grant' },
          { holder: user(GRANTEE), operation: 'encrypt-data' },
        ];
        expect(await commit(store, { ...delegated, delegation: shared })).toEqual(DONE);
      });

      test('create-grant by delegation is a conflict if only another principal holds the operations', async () => {
        const store = await withKey();
        await commitAll(store, [grantWith(1, ['create-grant', 'encrypt-data'], toDomain)]);
        await expectConflict(store, delegated);
      });

      test('create-grant by delegation to the holder itself is done only if it holds the operations', async () => {
        const store = await withKey();
        const toSelf = (n: number, operations: Operation[]) => ({
          ...createGrant(testGrant(n, { operations, issuing_principal: GRANTEE })),
          delegation: operations.map((operation) => ({ holder: user(GRANTEE), operation })),
        });
        await commitAll(store, [grantWith(1, ['create-grant', 'encrypt-data'])]);
        expect(await commit(store, toSelf(2, ['encrypt-data']))).toEqual(DONE);
        await expectConflict(store, toSelf(3, ['encrypt-data', 'decrypt-data']));
      });

      test('create-grant by delegation is a conflict if no operation is held', async () => {
        await expectConflict(await withKey(), delegated);
      });

      test('create-grant by delegation is a conflict if one operation is not held', async () => {
        const store = await withKey();
        await commitAll(store, [grantWith(1, ['create-grant', 'decrypt-data'])]);
        await expectConflict(store, delegated);
      });

      test('create-grant by delegation is a conflict if the operations are held only on another key', async () => {
        const store = await withKey();
        await commitAll(store, [createKey(testKey(2))]);
        await commitAll(store, [grantWith(1, ['create-grant', 'encrypt-data'], { key_id: keyId(2) })]);
        await expectConflict(store, delegated);
      });

      test('create-grant by delegation is a conflict if a domain with the id of the user holds the operations', async () => {
        const store = await withKey();
        const namesake = { grantee_principal: GRANTEE, grantee_principal_type: 'domain' } as const;
        await commitAll(store, [grantWith(1, ['create-grant', 'encrypt-data'], namesake)]);
        await expectConflict(store, delegated);
      });

      test('create-grant by delegation is done until the last grant that gives the operations is removed', async () => {
        const store = await withKey();
        const operations: Operation[] = ['create-grant', 'encrypt-data'];
        await commitAll(store, [
          grantWith(1, operations),
          grantWith(2, operations),
          removeGrant(testGrant(1, { operations })),
        ]);
        expect(await commit(store, delegated)).toEqual(DONE);
        await commitAll(store, [removeGrant(testGrant(2, { operations }))]);
        await expectConflict(store, { ...delegated, grant: { ...delegated.grant, grant_id: grantId(10) } });
      });
    });

    describe('removing a grant', () => {
      test('remove-grant deletes the grant, updates its counters and writes its event', async () => {
        const store = await withKey();
        const grant = testGrant(1, { operations: ['retire-grant'], retiring_principal: RETIRER });
        await commitAll(store, [createGrant(grant)]);
        expect(await commit(store, removeGrant(grant))).toEqual(DONE);
        expect(await store.grants.grant(PROJECT, grantId(1))).toBeUndefined();
        expect((await store.grants.key(PROJECT, key.keyId))?.grantCount).toBe(0);
        expect(await store.grants.heldOperations(key.keyId, [user(GRANTEE)])).toEqual(new Map());
        for (const who of [CREATOR, GRANTEE, RETIRER]) {
          expect(await store.grants.listRetirable(PROJECT, user(who), domain(DOMAIN), ALL)).toEqual({
            json: '[]',
            total: 0,
            next: undefined,
          });
        }
        expect(await store.events.list(PROJECT, { grantId: grantId(1) }, 10)).toMatchObject([
          { action: 'revoke-grant', grant },
          { action: 'create-grant', grant },
        ]);
      });

      test('remove-grant is a conflict for a grant that never existed', async () => {
        const store = await withKey();
        await commitAll(store, [createGrant(testGrant(1))]);
        await expectConflict(store, removeGrant(testGrant(2)));
      });

      test('remove-grant is a conflict the second time', async () => {
        const store = await withKey();
        await commitAll(store, [createGrant(testGrant(1)), createGrant(testGrant(2)), removeGrant(testGrant(1))]);
        await expectConflict(store, removeGrant(testGrant(1)));
      });

      test('remove-grant is a conflict if the grant is on another key', async () => {
        const store = await withKey();
        await commitAll(store, [createKey(testKey(2)), createGrant(testGrant(1))]);
        await expectConflict(store, removeGrant(testGrant(1, { key_id: keyId(2) })));
      });

      test('remove-grant is a conflict in another project', async () => {
        const store = await withKey();
        await commitAll(store, [createGrant(testGrant(1))]);
        await expectConflict(store, removeGrant(testGrant(1)), { projectId: FOREIGN_PROJECT });
      });

      test('remove-grant is done on a key that is disabled or pending deletion', async () => {
        const store = await withKey();
        await commitAll(store, [createGrant(testGrant(1)), createGrant(testGrant(2)), changeKeyState(key, DISABLED)]);
        expect(await commit(store, removeGrant(testGrant(1)))).toEqual(DONE);
        await commitAll(store, [changeKeyState({ ...key, state: DISABLED }, PENDING, NOW_MS + 1)]);
        expect(await commit(store, removeGrant(testGrant(2)))).toEqual(DONE);
      });

      test('of 16 concurrent commits for one grant, one is done and 15 are conflicts', async () => {
        const store = await withKey();
        await commitAll(store, [createGrant(testGrant(1)), createGrant(testGrant(2))]);
        const results = await Promise.all(numbers(1, 16).map(() => commit(store, removeGrant(testGrant(1)))));
        expect(results.filter(({ type }) => type === 'done')).toHaveLength(1);
        expect(results.filter(({ type }) => type === 'conflict')).toHaveLength(15);
        expect((await store.grants.key(PROJECT, key.keyId))?.grantCount).toBe(1);
        expect((await store.grants.listRetirable(PROJECT, user(CREATOR), domain(DOMAIN), ALL)).total).toBe(1);
        expect(await store.events.list(PROJECT, { grantId: grantId(1) }, 100)).toHaveLength(2);
      });
    });
  });
}
