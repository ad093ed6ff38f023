import { describe, expect, test } from '@jest/globals';
import {
  commit,
  commitAll,
  createGrant,
  createKey,
  grantId,
  keyId,
  NOW_MS,
  numbers,
  PROJECT,
  removeGrant,
  testEvent,
  testGrant,
  testIdempotencyKey,
  testIdempotencyRecord,
  testKey,
} from './fixtures.ts';
import { freshStore, type OpenStore } from './open-store.ts';

const HOUR_MS = 3_600_000;

/** The contract of `IdempotencyStore`, and of `commit` with an idempotency record. */
export function idempotencyContract(openStore: OpenStore): void {
  describe('idempotency records', () => {
    const fresh = freshStore(openStore);

    async function withGrant() {
      const store = fresh();
      await commitAll(store, [createKey(testKey(1)), createGrant(testGrant(1))]);
      return store;
    }

    test('find returns undefined for an unknown key', async () => {
      expect(await (await withGrant()).idempotency.find(testIdempotencyKey(1), NOW_MS)).toBeUndefined();
    });

    test('compareAndSwap replaces the stored answer only if it is the expected one', async () => {
      const { idempotency } = fresh();
      const recordOf = (answer: unknown, expiresAtMs = NOW_MS + HOUR_MS) => ({
        idempotencyKey: testIdempotencyKey(1),
        answer,
        expiresAtMs,
      });
      expect(await idempotency.compareAndSwap(recordOf({ by: 'a' }), { by: 'b' }, NOW_MS)).toBe(false);
      expect(await idempotency.find(testIdempotencyKey(1), NOW_MS)).toBeUndefined();
      expect(await idempotency.compareAndSwap(recordOf({ by: 'a' }), undefined, NOW_MS)).toBe(true);
      expect(await idempotency.compareAndSwap(recordOf({ by: 'b' }), undefined, NOW_MS)).toBe(false);
      expect(await idempotency.compareAndSwap(recordOf({ by: 'b' }), { by: 'a' }, NOW_MS)).toBe(true);
      expect(await idempotency.compareAndSwap(recordOf({ by: 'c' }), { by: 'a' }, NOW_MS)).toBe(false);
      expect(await idempotency.find(testIdempotencyKey(1), NOW_MS)).toEqual({ answer: { by: 'b' } });
      expect(
        await idempotency.compareAndSwap(recordOf({ by: 'd' }, NOW_MS + 2 * HOUR_MS), undefined, NOW_MS + HOUR_MS),
      ).toBe(true);
    });

    test('of 16 concurrent compareAndSwap calls, one succeeds', async () => {
      const { idempotency } = fresh();
      const swap = (n: number) =>
        idempotency.compareAndSwap(
          { idempotencyKey: testIdempotencyKey(1), answer: n, expiresAtMs: NOW_MS + HOUR_MS },
          undefined,
          NOW_MS,
        );
      const swapped = await Promise.all(Array.from({ length: 16 }, (_, n) => swap(n)));
      expect(swapped.filter(Boolean)).toHaveLength(1);
      expect(await idempotency.find(testIdempotencyKey(1), NOW_MS)).toEqual({ answer: swapped.indexOf(true) });
    });

    test('save stores an answer until it expires, and writes nothing else', async () => {
      const store = await withGrant();
      const events = await store.events.list(PROJECT, {}, 100);
      await store.idempotency.save(
        { idempotencyKey: testIdempotencyKey(1), answer: { code: 'X' }, expiresAtMs: NOW_MS + 1 },
        NOW_MS,
      );
      expect(await store.idempotency.find(testIdempotencyKey(1), NOW_MS)).toEqual({ answer: { code: 'X' } });
      expect(await store.idempotency.find(testIdempotencyKey(1), NOW_MS + 1)).toBeUndefined();
      expect(await store.events.list(PROJECT, {}, 100)).toEqual(events);
    });

    test('find returns the answer of a committed change until it expires', async () => {
      const store = await withGrant();
      await commitAll(store, [removeGrant(testGrant(1))], {
        record: testIdempotencyRecord(1, { answer: { first: [1, 'a', null] } }),
      });
      const first = { answer: { first: [1, 'a', null] } };
      expect(await store.idempotency.find(testIdempotencyKey(1), NOW_MS)).toEqual(first);
      expect(await store.idempotency.find(testIdempotencyKey(1), NOW_MS + HOUR_MS - 1)).toEqual(first);
      expect(await store.idempotency.find(testIdempotencyKey(1), NOW_MS + HOUR_MS)).toBeUndefined();
      expect(await store.idempotency.find(testIdempotencyKey(2), NOW_MS)).toBeUndefined();
    });

    test('a commit with a known key is a duplicate and writes nothing', async () => {
      const store = await withGrant();
      await commitAll(store, [createGrant(testGrant(2))], { record: testIdempotencyRecord(2) });
      const before = await store.rows();
      const result = await commit(store, createGrant(testGrant(3)), {
        record: testIdempotencyRecord(2, { answer: 'another' }),
      });
      expect(result).toEqual({ type: 'duplicate' });
      expect(await store.rows()).toEqual(before);
      expect(await store.idempotency.find(testIdempotencyKey(2), NOW_MS)).toEqual({ answer: { grant_id: grantId(2) } });
    });

    test('a commit with a known key is a duplicate even if a condition of the change no longer holds', async () => {
      const store = await withGrant();
      await commitAll(store, [removeGrant(testGrant(1))], { record: testIdempotencyRecord(1, { answer: {} }) });
      const result = await commit(store, removeGrant(testGrant(1)), {
        record: testIdempotencyRecord(1, { answer: {} }),
      });
      expect(result).toEqual({ type: 'duplicate' });
    });

    test('a commit replaces the record that it expects, together with its change', async () => {
      const store = await withGrant();
      await commitAll(store, [createGrant(testGrant(2))], { record: testIdempotencyRecord(2) });
      const answer = { grant_id: grantId(3) };
      const record = testIdempotencyRecord(2, { answer, expected: { grant_id: grantId(2) } });
      expect(await commit(store, createGrant(testGrant(3)), { record })).toEqual({ type: 'done' });
      expect(await store.idempotency.find(testIdempotencyKey(2), NOW_MS)).toEqual({ answer });
      expect(await store.grants.grant(PROJECT, grantId(3))).toEqual(testGrant(3));
    });

    test.each([
      ['another record than the expected one', { grant_id: grantId(9) }, 2],
      ['no record', { grant_id: grantId(2) }, 4],
    ])('a commit is a duplicate and writes nothing if it finds %s', async (_, expected, n) => {
      const store = await withGrant();
      await commitAll(store, [createGrant(testGrant(2))], { record: testIdempotencyRecord(2) });
      const before = await store.rows();
      const record = testIdempotencyRecord(n, { answer: {}, expected });
      expect(await commit(store, createGrant(testGrant(3)), { record })).toEqual({ type: 'duplicate' });
      expect(await store.rows()).toEqual(before);
    });

    test('of 16 concurrent commits that replace one record, one is done', async () => {
      const store = await withGrant();
      await commitAll(store, [createGrant(testGrant(2))], { record: testIdempotencyRecord(2) });
      const results = await Promise.all(
        numbers(3, 16).map((n) => {
          const answer = { grant_id: grantId(n) };
          const record = testIdempotencyRecord(2, { answer, expected: { grant_id: grantId(2) } });
          return commit(store, createGrant(testGrant(n)), { record });
        }),
      );
      expect(results.filter(({ type }) => type === 'done')).toHaveLength(1);
      expect(results.filter(({ type }) => type === 'duplicate')).toHaveLength(15);
      const created = numbers(3, 16)[results.findIndex(({ type }) => type === 'done')] as number;
      expect(await store.idempotency.find(testIdempotencyKey(2), NOW_MS)).toEqual({
        answer: { grant_id: grantId(created) },
      });
      expect((await store.grants.key(PROJECT, keyId(1)))?.grantCount).toBe(3);
    });

    test('a commit with two records is a duplicate and writes nothing if one of them is known', async () => {
      const store = await withGrant();
      await commitAll(store, [createGrant(testGrant(2))], { record: testIdempotencyRecord(2) });
      const before = await store.rows();
      const change = createGrant(testGrant(3));
      const records = [testIdempotencyRecord(1), testIdempotencyRecord(2)];
      expect(await store.grants.commit(change, testEvent(change), records)).toEqual({ type: 'duplicate' });
      expect(await store.rows()).toEqual(before);
      const unknown = [testIdempotencyRecord(1), testIdempotencyRecord(3)];
      expect(await store.grants.commit(change, testEvent(change), unknown)).toEqual({ type: 'done' });
      for (const n of [1, 3]) {
        const { idempotencyKey, answer } = testIdempotencyRecord(n);
        expect(await store.idempotency.find(idempotencyKey, NOW_MS)).toEqual({ answer });
      }
    });

    test('a commit with a key whose record has expired is done, and its answer is stored', async () => {
      const store = await withGrant();
      await commitAll(store, [createGrant(testGrant(2))], { record: testIdempotencyRecord(2) });
      const atMs = NOW_MS + HOUR_MS;
      const renewed = testIdempotencyRecord(2, { answer: { grant_id: grantId(3) }, expiresAtMs: atMs + HOUR_MS });
      expect(await commit(store, createGrant(testGrant(3)), { record: renewed, atMs: atMs - 1 })).toMatchObject({
        type: 'duplicate',
      });
      expect(await commit(store, createGrant(testGrant(3)), { record: renewed, atMs })).toEqual({ type: 'done' });
      expect(await store.idempotency.find(testIdempotencyKey(2), atMs)).toEqual({ answer: { grant_id: grantId(3) } });
      expect((await store.grants.key(PROJECT, keyId(1)))?.grantCount).toBe(3);
    });

    test('of 16 concurrent commits with one key, one is done and 15 are duplicates', async () => {
      const store = await withGrant();
      const results = await Promise.all(
        numbers(2, 16).map((n) =>
          commit(store, createGrant(testGrant(n)), {
            record: testIdempotencyRecord(1, { answer: { grant_id: grantId(n) } }),
          }),
        ),
      );
      expect(results.filter(({ type }) => type === 'done')).toHaveLength(1);
      const created = numbers(2, 16)[results.findIndex(({ type }) => type === 'done')] as number;
      expect(results.filter(({ type }) => type === 'duplicate')).toHaveLength(15);
      expect(await store.idempotency.find(testIdempotencyKey(1), NOW_MS)).toEqual({
        answer: { grant_id: grantId(created) },
      });
      expect((await store.grants.key(PROJECT, keyId(1)))?.grantCount).toBe(2);
      expect(await store.events.list(PROJECT, { keyId: keyId(1) }, 100)).toHaveLength(3);
    });

    test('a commit that is a conflict stores no record: the same key can be used again', async () => {
      const store = await withGrant();
      const record = testIdempotencyRecord(1, { answer: {} });
      expect(await commit(store, createGrant(testGrant(2), 1), { record })).toEqual({ type: 'conflict' });
      expect(await store.idempotency.find(record.idempotencyKey, NOW_MS)).toBeUndefined();
      expect(await commit(store, createGrant(testGrant(2), 2), { record })).toEqual({ type: 'done' });
    });

    test('40 records in a row are each stored and no longer found after they expire', async () => {
      const store = await withGrant();
      const timeOf = (n: number) => NOW_MS + n * 1000;
      for (const n of numbers(2, 40)) {
        const record = testIdempotencyRecord(n, { expiresAtMs: timeOf(n) + 10_000 });
        await commitAll(store, [createGrant(testGrant(n))], { record, atMs: timeOf(n) });
      }
      const nowMs = timeOf(41);
      const found = await Promise.all(
        numbers(2, 40).map(async (n) => ((await store.idempotency.find(testIdempotencyKey(n), nowMs)) ? [n] : [])),
      );
      expect(found.flat()).toEqual([32, 33, 34, 35, 36, 37, 38, 39, 40, 41]);
    });
  });
}
