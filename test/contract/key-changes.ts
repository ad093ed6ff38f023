import { describe, expect, test } from '@jest/globals';
import type { KeyState } from '../../lib/domain/model.ts';
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
import { expectConflict } from './snapshot.ts';

const DONE = { type: 'done' };

/** Every condition of the changes to keys, holding and failing. */
export function keyChangesContract(openStore: OpenStore): void {
  describe('changes to keys', () => {
    const fresh = freshStore(openStore);
    const key = testKey(1);
    const pending = testKey(1, { state: PENDING, deletionAtMs: NOW_MS });

    describe('create-key', () => {
      test('writes the key, its count, its event and its once key', async () => {
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
        ['waiting for deletion', PENDING],
      ])('is refused where a key that is %s has the alias', async (_, state) => {
        const store = fresh();
        await commitAll(store, [createKey({ ...key, state })]);
        await expectConflict(store, createKey(testKey(2, { alias: 'alias-1' })));
      });

      test('is done where the alias is that of a key of another project', async () => {
        const store = fresh();
        await commitAll(store, [createKey(testKey(2, { alias: 'alias-1', projectId: FOREIGN_PROJECT }))]);
        expect(await commit(store, createKey(key))).toEqual(DONE);
        expect((await store.grants.keyByAlias(PROJECT, 'alias-1'))?.keyId).toBe(keyId(1));
        expect((await store.grants.keyByAlias(FOREIGN_PROJECT, 'alias-1'))?.keyId).toBe(keyId(2));
      });

      test('is done where the key that had the alias is gone', async () => {
        const store = fresh();
        await commitAll(store, [createKey(pending), removeKey(pending)]);
        expect(await commit(store, createKey(testKey(2, { alias: 'alias-1' })))).toEqual(DONE);
        expect((await store.grants.keyByAlias(PROJECT, 'alias-1'))?.keyId).toBe(keyId(2));
      });

      test('is refused at the quota, whatever the specs and states of the keys that fill it', async () => {
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

      test('16 at once with one alias: one done', async () => {
        const store = fresh();
        const outcomes = await Promise.all(
          numbers(1, 16).map((n) => commit(store, createKey(testKey(n, { alias: 'same' })))),
        );
        expect(outcomes.filter(({ type }) => type === 'done')).toHaveLength(1);
        expect(await store.grants.keyCount(PROJECT)).toBe(1);
        expect(await store.events.list(PROJECT, {}, 100)).toHaveLength(1);
      });

      test('16 at once for the last 3 places: 3 done', async () => {
        const store = fresh();
        const outcomes = await Promise.all(numbers(1, 16).map((n) => commit(store, createKey(testKey(n), 3))));
        expect(outcomes.filter(({ type }) => type === 'done')).toHaveLength(3);
        expect(await store.grants.keyCount(PROJECT)).toBe(3);
      });
    });

    describe('update-key', () => {
      const states: KeyState[] = [ENABLED, DISABLED, PENDING];
      const moves = states.flatMap((from) => states.filter((to) => to !== from).map((to) => [from, to] as const));

      test.each(moves)('moves a key from state %s to %s, with its counts', async (from, to) => {
        const store = fresh();
        await commitAll(store, [createKey({ ...key, state: from })]);
        const deletionAtMs = to === PENDING ? NOW_MS + 604_800_000 : 0;
        const moved = changeKeyState({ ...key, state: from }, to, deletionAtMs);
        expect(await commit(store, moved, { record: testIdempotencyRecord(1, { answer: {} }) })).toEqual(DONE);
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
      });

      test.each(moves)('from state %s is refused where the key is in state %s', async (from, actual) => {
        const store = fresh();
        await commitAll(store, [createKey({ ...key, state: actual })]);
        const to = states.find((state) => state !== from && state !== actual) as KeyState;
        await expectConflict(store, changeKeyState({ ...key, state: from }, to));
      });

      test('is refused where there is no such key', async () => {
        const store = fresh();
        await commitAll(store, [createKey(key)]);
        await expectConflict(store, changeKeyState(testKey(2), DISABLED));
      });

      test('is refused in the name of another project', async () => {
        const store = fresh();
        await commitAll(store, [createKey(key)]);
        await expectConflict(store, changeKeyState(key, DISABLED), { projectId: FOREIGN_PROJECT });
      });

      test('leaves the count of grants alone, however old the key was read', async () => {
        const store = fresh();
        await commitAll(store, [createKey(key), createGrant(testGrant(1)), createGrant(testGrant(2))]);
        await commitAll(store, [changeKeyState({ ...key, grantCount: 0 }, DISABLED)]);
        expect((await store.grants.key(PROJECT, keyId(1)))?.grantCount).toBe(2);
      });
    });

    describe('remove-key', () => {
      test('takes away the key and its count, and writes its event', async () => {
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
      ])('is refused where the key is %s', async (_, state) => {
        const store = fresh();
        await commitAll(store, [createKey({ ...key, state })]);
        await expectConflict(store, removeKey(pending));
      });

      test('is refused as long as the key has a grant', async () => {
        const store = fresh();
        await commitAll(store, [createKey(key), createGrant(testGrant(1)), changeKeyState(key, PENDING, NOW_MS)]);
        await expectConflict(store, removeKey(pending));
        await commitAll(store, [removeGrant(testGrant(1))]);
        expect(await commit(store, removeKey(pending))).toEqual(DONE);
      });

      test('is refused the second time, and where there was no such key', async () => {
        const store = fresh();
        await commitAll(store, [createKey(pending), removeKey(pending)]);
        await expectConflict(store, removeKey(pending));
        await expectConflict(store, removeKey(testKey(2, { state: PENDING })));
      });

      test('is refused in the name of another project', async () => {
        const store = fresh();
        await commitAll(store, [createKey(pending)]);
        await expectConflict(store, removeKey(pending), { projectId: FOREIGN_PROJECT });
      });
    });
  });
}
