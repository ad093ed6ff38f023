import { describe, expect, test } from '@jest/globals';
import type { ChangeEvent } from '../../lib/domain/events.ts';
import type { Store } from '../../lib/store/store.ts';
import {
  commit,
  commitAll,
  commitMany,
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
  testIdempotencyRecord,
  testKey,
} from './fixtures.ts';
import { freshStore, type OpenStore } from './open-store.ts';

/**
 * The contract of `OutboxStore`.
 * @param openWithOutbox opens a store with an outbox
 * @param openWithout opens a store without one
 */
export function outboxContract(openWithOutbox: OpenStore, openWithout: OpenStore): void {
  describe('the outbox', () => {
    const fresh = freshStore(openWithOutbox);

    /** Creates two keys and a grant and revokes the grant: four events, a millisecond apart. */
    async function withEvents(store: Store = fresh()): Promise<Store> {
      const changes = [
        createKey(testKey(1)),
        createKey(testKey(2)),
        createGrant(testGrant(1)),
        removeGrant(testGrant(1)),
      ];
      for (const [index, change] of changes.entries()) await commitAll(store, [change], { atMs: NOW_MS + index });
      return store;
    }

    const summariesOf = (events: ChangeEvent[]) => events.map(({ atMs, action }) => `${atMs - NOW_MS} ${action}`);
    const ALL = ['0 create-key', '1 create-key', '2 create-grant', '3 revoke-grant'];

    test('the outbox is empty in a new store', async () => {
      expect(await fresh().outbox.list(10)).toEqual([]);
    });

    test('the outbox has the event of every change, oldest first; a list with a limit returns the oldest', async () => {
      const { outbox, events } = await withEvents();
      expect(summariesOf(await outbox.list(10))).toEqual(ALL);
      expect(summariesOf(await outbox.list(3))).toEqual(ALL.slice(0, 3));
      expect(await outbox.list(10)).toEqual((await events.list(PROJECT, {}, 10)).toReversed());
    });

    test('the outbox has every field of an event', async () => {
      const store = fresh();
      await commitAll(store, [createKey(testKey(1))]);
      const grant = testGrant(1, { name: 'nightly job' });
      const event: ChangeEvent = {
        ...testEvent(createGrant(grant), { atMs: NOW_MS + 1 }),
        sequence: '919c82d4-8046-4722-9094-35c3c6524cff',
        reason: 'left the company – "today"\n',
      };
      expect(await store.grants.commit(createGrant(grant), event)).toEqual({ type: 'done' });
      expect((await store.outbox.list(10))[1]).toEqual(event);
    });

    test('the outbox has the events of upstream changes', async () => {
      const { events, outbox } = fresh();
      const event: ChangeEvent = {
        ...testEvent(removeGrant(testGrant(7))),
        grant: undefined,
        grantId: grantId(7),
        upstreamRequestId: 'c3d4',
      };
      await events.append(event, [testIdempotencyRecord(1)]);
      expect(await outbox.list(10)).toEqual([event]);
    });

    test('the outbox has no event of a change that was a conflict or a duplicate', async () => {
      const store = await withEvents();
      expect(await commit(store, removeGrant(testGrant(1)))).toEqual({ type: 'conflict' });
      await commitAll(store, [createGrant(testGrant(2))], { atMs: NOW_MS + 4, record: testIdempotencyRecord(2) });
      expect(await commit(store, createGrant(testGrant(3)), { record: testIdempotencyRecord(2) })).toMatchObject({
        type: 'duplicate',
      });
      expect(summariesOf(await store.outbox.list(10))).toEqual([...ALL, '4 create-grant']);
    });

    test('the outbox removes exactly the given events, which stay in the list of events', async () => {
      const { outbox, events } = await withEvents();
      const [first, second, third] = await outbox.list(3);
      await outbox.remove([first, third].filter((event) => event !== undefined));
      expect(summariesOf(await outbox.list(10))).toEqual([ALL[1], ALL[3]]);
      await outbox.remove([first, second].filter((event) => event !== undefined));
      expect(summariesOf(await outbox.list(10))).toEqual([ALL[3]]);
      await outbox.remove([]);
      expect(summariesOf(await outbox.list(10))).toEqual([ALL[3]]);
      expect(await events.list(PROJECT, {}, 10)).toHaveLength(4);
    });

    test('the outbox does not show removed events again when new ones come', async () => {
      const store = await withEvents();
      await store.outbox.remove(await store.outbox.list(10));
      await commitAll(store, [createGrant(testGrant(2))], { atMs: NOW_MS + 9 });
      expect(summariesOf(await store.outbox.list(10))).toEqual(['9 create-grant']);
    });

    test('the outbox has every event of 120 concurrent changes, and all can be removed', async () => {
      const store = await withEvents();
      await commitMany(
        store,
        numbers(10, 120).map((n) => createGrant(testGrant(n))),
      );
      const all = await store.outbox.list(1000);
      expect(new Set(all.map(({ eventId }) => eventId)).size).toBe(124);
      expect(all.filter(({ action }) => action === 'create-grant')).toHaveLength(121);
      await store.outbox.remove(all);
      expect(await store.outbox.list(1000)).toEqual([]);
      expect((await store.grants.key(PROJECT, keyId(1)))?.grantCount).toBe(120);
    });
  });

  describe('a store opened without an outbox', () => {
    const fresh = freshStore(openWithout);

    test('the store has an empty outbox after changes', async () => {
      const store = fresh();
      await commitAll(store, [createKey(testKey(1)), createGrant(testGrant(1))]);
      expect(await store.outbox.list(10)).toEqual([]);
      expect(await store.events.list(PROJECT, {}, 10)).toHaveLength(2);
    });
  });
}
