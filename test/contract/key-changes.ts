import { describe, expect, test } from '@jest/globals';
import type { KeyState } from '../../lib/domain/model.ts';
import { expectConflict } from './expect-conflict.ts';
import {
  changeKeyState,
  commit,
  commitAll,
  createGrant,
  createKey,
  DISABLED,
  ENABLED,
  FOREIGN_PROJECT,
  keyId,
  NOW_MS,
  numbers,
  PENDING,
  PROJECT,
  removeGrant,
  removeKey,
  testGrant,
  testIdempotencyRecord,
  testKey,
} from './fixtures.ts';
import { freshStore, type OpenStore } from './open-store.ts';

const DONE = { type: 'done' };

/** Changes to keys: each condition of `Change`, once true and once false. */
export function keyChangesContract(openStore: OpenStore): void {
  describe('changes to keys', () => {
    const fresh = freshStore(openStore);
    const key = testKey(1);
    const pending = testKey(1, { state: PENDING, deletionAtMs: NOW_MS });

    describe('creating a key', () => {
      test('create-key writes the key, its counter, its event and its idempotency record', async () => {
        const store = fresh();
        expect(await commit(store, createKey(key), { record: testIdempotencyRecord(1, { answer: key }) })).toEqual(
          DONE,
        );
        expect(await store.grants.key(PROJECT, keyId(1))).toEqual(key);
        expect(await store.grants.keyByAlias(PROJECT, 'alias-1')).toEqual(key);
        expect(await store.grants.keyCount(PROJECT)).toBe(1);
        expect(await store.events.list(PROJECT, { keyId: keyId(1) }, 10)).toMatchObject([{ action: 'create-key' }]);
        expect(await store.idempotency.find(testIdempotencyRecord(1).idempotencyKey, NOW_MS)).toEqual({ answer: key });
      });

      test.each([
        ['enabled', ENABLED],
        ['disabled', DISABLED],
        ['pending deletion', PENDING],
      ])('create-key is a conflict if a key that is %s has the alias', async (_, state) => {
        const store = fresh();
        await commitAll(store, [createKey({ ...key, state })]);
        await expectConflict(store, createKey(testKey(2, { alias: 'alias-1' })));
      });

      test('create-key is done if only a key of another project has the alias', async () => {
        const store = fresh();
        await commitAll(store, [createKey(testKey(2, { alias: 'alias-1', projectId: FOREIGN_PROJECT }))]);
        expect(await commit(store, createKey(key))).toEqual(DONE);
        expect((await store.grants.keyByAlias(PROJECT, 'alias-1'))?.keyId).toBe(keyId(1));
        expect((await store.grants.keyByAlias(FOREIGN_PROJECT, 'alias-1'))?.keyId).toBe(keyId(2));
      });

      test('create-key is done if the key that had the alias has been deleted', async () => {
        const store = fresh();
        await commitAll(store, [createKey(pending), removeKey(pending)]);
        expect(await commit(store, createKey(testKey(2, { alias: 'alias-1' })))).toEqual(DONE);
        expect((await store.grants.keyByAlias(PROJECT, 'alias-1'))?.keyId).toBe(keyId(2));
      });

      test('create-key is a conflict at the quota, which counts keys of every spec and state', async () => {
        const store = fresh();
        await commitAll(store, [
          createKey(key, 3),
          createKey(testKey(2, { state: DISABLED, keySpec: 'RSA_2048', keyUsage: 'SIGN_VERIFY' }), 3),
          createKey(testKey(3, { state: PENDING }), 3),
        ]);
        await expectConflict(store, createKey(testKey(4), 3));
        expect(await commit(store, createKey(testKey(5, { projectId: FOREIGN_PROJECT }), 3))).toEqual(DONE);
        await commitAll(store, [removeKey(testKey(3))]);
        expect(await commit(store, createKey(testKey(4), 3))).toEqual(DONE);
      });

      test('of 16 concurrent commits with one alias, one is done', async () => {
        const store = fresh();
        const results = await Promise.all(
          numbers(1, 16).map((n) => commit(store, createKey(testKey(n, { alias: 'same' })))),
        );
        expect(results.filter(({ type }) => type === 'done')).toHaveLength(1);
        expect(await store.grants.keyCount(PROJECT)).toBe(1);
        expect(await store.events.list(PROJECT, {}, 100)).toHaveLength(1);
      });

      test('of 16 concurrent commits below a quota of 3, 3 are done', async () => {
        const store = fresh();
        const results = await Promise.all(numbers(1, 16).map((n) => commit(store, createKey(testKey(n), 3))));
        expect(results.filter(({ type }) => type === 'done')).toHaveLength(3);
        expect(await store.grants.keyCount(PROJECT)).toBe(3);
      });
    });

    describe('updating a key', () => {
      const states: KeyState[] = [ENABLED, DISABLED, PENDING];
      const transitions = states.flatMap((from) => states.filter((to) => to !== from).map((to) => [from, to] as const));

      test.each(transitions)(
        'update-key changes the state of a key from %s to %s and updates the counters',
        async (from, to) => {
          const store = fresh();
          await commitAll(store, [createKey({ ...key, state: from })]);
          const deletionAtMs = to === PENDING ? NOW_MS + 604_800_000 : 0;
          const update = changeKeyState({ ...key, state: from }, to, deletionAtMs);
          expect(await commit(store, update, { record: testIdempotencyRecord(1, { answer: {} }) })).toEqual(DONE);
          expect(await store.grants.key(PROJECT, keyId(1))).toEqual({
            ...key,
            state: to,
            deletionAtMs,
            revision: expect.any(Number),
          });
          expect((await store.grants.listKeys(PROJECT, { state: from }, { limit: 1 })).total).toBe(0);
          expect((await store.grants.listKeys(PROJECT, { state: to }, { limit: 1 })).total).toBe(1);
          expect(await store.events.list(PROJECT, { keyId: keyId(1) }, 10)).toHaveLength(2);
          expect(await store.idempotency.find(testIdempotencyRecord(1).idempotencyKey, NOW_MS)).toEqual({ answer: {} });
        },
      );

      test.each(transitions)(
        'update-key from state %s is a conflict if the key is in state %s',
        async (from, actual) => {
          const store = fresh();
          await commitAll(store, [createKey({ ...key, state: actual })]);
          const to = states.find((state) => state !== from && state !== actual) as KeyState;
          await expectConflict(store, changeKeyState({ ...key, state: from }, to));
        },
      );

      test('update-key is a conflict if the key does not exist', async () => {
        const store = fresh();
        await commitAll(store, [createKey(key)]);
        await expectConflict(store, changeKeyState(testKey(2), DISABLED));
      });

      test('update-key is a conflict in another project', async () => {
        const store = fresh();
        await commitAll(store, [createKey(key)]);
        await expectConflict(store, changeKeyState(key, DISABLED), { projectId: FOREIGN_PROJECT });
      });

      test('update-key does not change the number of grants, even if the key was read before they were created', async () => {
        const store = fresh();
        await commitAll(store, [createKey(key), createGrant(testGrant(1)), createGrant(testGrant(2))]);
        await commitAll(store, [changeKeyState({ ...key, grantCount: 0 }, DISABLED)]);
        expect((await store.grants.key(PROJECT, keyId(1)))?.grantCount).toBe(2);
      });
    });

    describe('removing a key', () => {
      test('remove-key deletes the key, updates its counter and writes its event', async () => {
        const store = fresh();
        await commitAll(store, [createKey(pending)]);
        expect(await commit(store, removeKey(pending))).toEqual(DONE);
        expect(await store.grants.key(PROJECT, keyId(1))).toBeUndefined();
        expect(await store.grants.keyByAlias(PROJECT, 'alias-1')).toBeUndefined();
        expect(await store.grants.keyCount(PROJECT)).toBe(0);
        expect(await store.grants.keysDue(NOW_MS, 10)).toEqual([]);
        expect(await store.events.list(PROJECT, { keyId: keyId(1) }, 10)).toMatchObject([
          { action: 'delete-key' },
          { action: 'create-key' },
        ]);
      });

      test.each([
        ['enabled', ENABLED],
        ['disabled', DISABLED],
      ])('remove-key is a conflict if the key is %s', async (_, state) => {
        const store = fresh();
        await commitAll(store, [createKey({ ...key, state })]);
        await expectConflict(store, removeKey(pending));
      });

      test('remove-key is a conflict while the key has a grant', async () => {
        const store = fresh();
        await commitAll(store, [createKey(key), createGrant(testGrant(1)), changeKeyState(key, PENDING, NOW_MS)]);
        await expectConflict(store, removeKey(pending));
        await commitAll(store, [removeGrant(testGrant(1))]);
        expect(await commit(store, removeKey(pending))).toEqual(DONE);
      });

      test('remove-key is a conflict the second time, and for a key that never existed', async () => {
        const store = fresh();
        await commitAll(store, [createKey(pending), removeKey(pending)]);
        await expectConflict(store, removeKey(pending));
        await expectConflict(store, removeKey(testKey(2, { state: PENDING })));
      });

      test('remove-key is a conflict in another project', async () => {
        const store = fresh();
        await commitAll(store, [createKey(pending)]);
        await expectConflict(store, removeKey(pending), { projectId: FOREIGN_PROJECT });
      });
    });
  });
}
