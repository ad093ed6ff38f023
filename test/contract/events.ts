import { describe, expect, test } from '@jest/globals';
import type { ChangeEvent } from '../../lib/domain/events.ts';
import type { Store } from '../../lib/store/store.ts';
import { eventPagesContract } from './event-pages.ts';
import {
  CREATOR,
  changeKeyState,
  commitAll,
  commitMany,
  createGrant,
  createKey,
  FOREIGN_PROJECT,
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

/** What every engine's `EventStore` must do. */
export function eventsContract(openStore: OpenStore): void {
  eventPagesContract(openStore);
  describe('events', () => {
    const fresh = freshStore(openStore);

    /** Two keys, a grant on each, the first grant revoked: five events, a millisecond apart. */
    async function withEvents(): Promise<Store> {
      const store = fresh();
      const changes = [
        createKey(testKey(1)),
        createKey(testKey(2)),
        createGrant(testGrant(1)),
        createGrant(testGrant(2, { key_id: keyId(2) })),
        removeGrant(testGrant(1)),
      ];
      for (const [index, change] of changes.entries()) await commitAll(store, [change], { atMs: NOW_MS + index });
      return store;
    }

    const told = (events: ChangeEvent[]) => events.map(({ atMs, action }) => `${atMs - NOW_MS} ${action}`);

    /** Of a change that another KMS has made. */
    const foreign = (nth: number, more: Partial<ChangeEvent> = {}): ChangeEvent => ({
      eventId: `0f${String(nth).padStart(30, '0')}`,
      atMs: NOW_MS + nth,
      action: 'revoke-grant',
      projectId: PROJECT,
      keyId: keyId(7),
      actor: RETIRER,
      channel: 'http',
      requestId: 'a1b2',
      grantId: grantId(7),
      upstreamRequestId: 'c3d4',
      ...more,
    });

    test('of changes made by another KMS are written as they are, with what is to be remembered', async () => {
      const { events, idempotency } = fresh();
      const remembered = [1, 2].map((n) => ({ idempotencyKey: `feed${n}`, answer: { n }, expiresAtMs: NOW_MS + 1000 }));
      const [bare, known] = [foreign(1), foreign(2, { grant: testGrant(7), upstreamRequestId: '', sequence: 's' })];
      await events.append(bare, remembered);
      await events.append(known, []);
      expect(await events.list(PROJECT, { grantId: grantId(7) }, 10)).toEqual([
        { ...known, grantId: undefined, reason: undefined },
        { ...bare, grant: undefined, sequence: undefined, reason: undefined },
      ]);
      expect(await events.list(PROJECT, { keyId: keyId(7) }, 10)).toHaveLength(2);
      expect(await events.list(FOREIGN_PROJECT, {}, 10)).toEqual([]);
      expect(await idempotency.find('feed1', NOW_MS)).toEqual({ answer: { n: 1 } });
      expect(await idempotency.find('feed2', NOW_MS)).toEqual({ answer: { n: 2 } });
    });

    test('what is remembered with one takes the place of what was remembered before', async () => {
      const { events, idempotency } = fresh();
      const recordOf = (answer: string) => ({ idempotencyKey: 'feed', answer, expiresAtMs: NOW_MS + 1000 });
      await idempotency.save(recordOf('begun'), NOW_MS);
      await events.append(foreign(1), [recordOf('ended')]);
      expect(await idempotency.find('feed', NOW_MS)).toEqual({ answer: 'ended' });
    });

    test('who made a key at another KMS is known by the event of its making, in its own project only', async () => {
      const { events } = fresh();
      // Clocks differ: the event of a later change may come before it in order.
      await events.append(foreign(1, { action: 'disable-key', actor: RETIRER, grantId: undefined }), []);
      expect(await events.creatorOf(PROJECT, keyId(7))).toBeUndefined();
      await events.append(foreign(2, { action: 'create-key', actor: CREATOR, grantId: undefined }), []);
      expect(await events.creatorOf(PROJECT, keyId(7))).toBe(CREATOR);
      expect(await events.creatorOf(FOREIGN_PROJECT, keyId(7))).toBeUndefined();
      expect(await events.creatorOf(PROJECT, keyId(8))).toBeUndefined();
    });

    test('of a project come newest first', async () => {
      expect(told(await (await withEvents()).events.list(PROJECT, {}, 10))).toEqual([
        '4 revoke-grant',
        '3 create-grant',
        '2 create-grant',
        '1 create-key',
        '0 create-key',
      ]);
    });

    test('are cut at the limit, the newest kept', async () => {
      const { events } = await withEvents();
      expect(told(await events.list(PROJECT, {}, 2))).toEqual(['4 revoke-grant', '3 create-grant']);
      expect(told(await events.list(PROJECT, { keyId: keyId(1) }, 1))).toEqual(['4 revoke-grant']);
    });

    test('of a key, and of a grant, are theirs only', async () => {
      const { events } = await withEvents();
      const ofKey = ['4 revoke-grant', '2 create-grant', '0 create-key'];
      expect(told(await events.list(PROJECT, { keyId: keyId(1) }, 10))).toEqual(ofKey);
      expect(told(await events.list(PROJECT, { grantId: grantId(1) }, 10))).toEqual(ofKey.slice(0, 2));
      expect(await events.list(PROJECT, { grantId: grantId(9) }, 10)).toEqual([]);
      expect(await events.list(PROJECT, { keyId: keyId(9) }, 10)).toEqual([]);
    });

    test('of a key and a grant are those of the grant on that key', async () => {
      const { events } = await withEvents();
      expect(told(await events.list(PROJECT, { keyId: keyId(2), grantId: grantId(2) }, 10))).toEqual([
        '3 create-grant',
      ]);
      expect(await events.list(PROJECT, { keyId: keyId(1), grantId: grantId(2) }, 10)).toEqual([]);
    });

    test('of another project are not there, whatever is asked for', async () => {
      const { events } = await withEvents();
      for (const filter of [{}, { keyId: keyId(1) }, { grantId: grantId(1) }]) {
        expect(await events.list(FOREIGN_PROJECT, filter, 10)).toEqual([]);
      }
    });

    test('hold all that was recorded, the grant as it was, and nothing for what was not', async () => {
      const store = await withEvents();
      const grant = testGrant(3, { name: 'kept', retiring_principal: RETIRER });
      // Every field: one that is new and not here does not compile. The others are in the tests beside this one.
      const event: Required<Omit<ChangeEvent, 'grantId' | 'upstreamRequestId' | 'failure'>> = {
        eventId: `${'f'.repeat(31)}0`,
        atMs: NOW_MS + 9,
        action: 'create-grant',
        projectId: PROJECT,
        keyId: keyId(1),
        actor: RETIRER,
        channel: 'admin',
        requestId: '0123456789abcdef0123456789abcdef',
        grant,
        sequence: '919c82d4-8046-4722-9094-35c3c6524cff',
        reason: 'left the company – "today"\n',
      };
      await store.grants.commit(createGrant(grant), event);
      const bare: ChangeEvent = { ...event, eventId: 'f'.repeat(32), action: 'disable-key', channel: 'deletion' };
      for (const name of ['grant', 'sequence', 'reason'] as const) delete bare[name];
      await store.grants.commit(changeKeyState(testKey(1), PENDING, NOW_MS), bare);
      expect(await store.events.list(PROJECT, {}, 2)).toEqual([bare, event]);
    });

    test('outlive their grant and their key', async () => {
      const store = await withEvents();
      const key = testKey(2);
      await commitAll(store, [removeGrant(testGrant(2, { key_id: keyId(2) })), changeKeyState(key, PENDING, NOW_MS)]);
      await commitAll(store, [removeKey(key, NOW_MS)]);
      expect(await store.events.list(PROJECT, { keyId: keyId(2) }, 10)).toHaveLength(5);
    });

    test('are as many as the changes done at once', async () => {
      const store = await withEvents();
      await commitMany(
        store,
        numbers(10, 200).map((n) => createGrant(testGrant(n))),
      );
      const events = await store.events.list(PROJECT, { keyId: keyId(1) }, 1000);
      expect(events).toHaveLength(203);
      expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(203);
    });
  });
}
