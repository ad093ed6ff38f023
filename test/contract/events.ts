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

/** The contract of `EventStore`. */
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

    const summariesOf = (events: ChangeEvent[]) => events.map(({ atMs, action }) => `${atMs - NOW_MS} ${action}`);

    /** An event of a change that the upstream made. */
    const upstreamEvent = (nth: number, more: Partial<ChangeEvent> = {}): ChangeEvent => ({
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

    test('append stores an event of an upstream change together with idempotency records', async () => {
      const { events, idempotency } = fresh();
      const records = [1, 2].map((n) => ({ idempotencyKey: `feed${n}`, answer: { n }, expiresAtMs: NOW_MS + 1000 }));
      const [bare, known] = [
        upstreamEvent(1),
        upstreamEvent(2, { grant: testGrant(7), upstreamRequestId: '', sequence: 's' }),
      ];
      expect(await events.append(bare, records)).toBe(true);
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

    test('a record that is stored with an event replaces the record that it expects', async () => {
      const { events, idempotency } = fresh();
      const recordOf = (answer: string) => ({ idempotencyKey: 'feed', answer, expiresAtMs: NOW_MS + 1000 });
      await idempotency.save(recordOf('begun'), NOW_MS);
      expect(await events.append(upstreamEvent(1), [{ ...recordOf('ended'), expected: 'begun' }])).toBe(true);
      expect(await idempotency.find('feed', NOW_MS)).toEqual({ answer: 'ended' });
    });

    test('append writes nothing if the stored record is not the expected one', async () => {
      const { events, idempotency } = fresh();
      const recordOf = (answer: string) => ({ idempotencyKey: 'feed', answer, expiresAtMs: NOW_MS + 1000 });
      await idempotency.save(recordOf('begun'), NOW_MS);
      const other = { ...recordOf('another'), idempotencyKey: 'bead' };
      expect(await events.append(upstreamEvent(1), [other, recordOf('ended')])).toBe(false);
      expect(await events.append(upstreamEvent(1), [{ ...recordOf('ended'), expected: 'other' }])).toBe(false);
      expect(await idempotency.find('feed', NOW_MS)).toEqual({ answer: 'begun' });
      expect(await idempotency.find('bead', NOW_MS)).toBeUndefined();
      expect(await events.list(PROJECT, {}, 10)).toEqual([]);
    });

    test('creatorOf returns who created an upstream key, only in the project of the key', async () => {
      const { events } = fresh();
      // Clocks differ, so the event of a later change may have a smaller id.
      await events.append(upstreamEvent(1, { action: 'disable-key', actor: RETIRER, grantId: undefined }), []);
      expect(await events.creatorOf(PROJECT, keyId(7))).toBeUndefined();
      await events.append(upstreamEvent(2, { action: 'create-key', actor: CREATOR, grantId: undefined }), []);
      expect(await events.creatorOf(PROJECT, keyId(7))).toBe(CREATOR);
      expect(await events.creatorOf(FOREIGN_PROJECT, keyId(7))).toBeUndefined();
      expect(await events.creatorOf(PROJECT, keyId(8))).toBeUndefined();
    });

    test('events of a project are listed newest first', async () => {
      expect(summariesOf(await (await withEvents()).events.list(PROJECT, {}, 10))).toEqual([
        '4 revoke-grant',
        '3 create-grant',
        '2 create-grant',
        '1 create-key',
        '0 create-key',
      ]);
    });

    test('a list with a limit returns the newest events', async () => {
      const { events } = await withEvents();
      expect(summariesOf(await events.list(PROJECT, {}, 2))).toEqual(['4 revoke-grant', '3 create-grant']);
      expect(summariesOf(await events.list(PROJECT, { keyId: keyId(1) }, 1))).toEqual(['4 revoke-grant']);
    });

    test('the lists of a key and of a grant have only its own events', async () => {
      const { events } = await withEvents();
      const ofKey = ['4 revoke-grant', '2 create-grant', '0 create-key'];
      expect(summariesOf(await events.list(PROJECT, { keyId: keyId(1) }, 10))).toEqual(ofKey);
      expect(summariesOf(await events.list(PROJECT, { grantId: grantId(1) }, 10))).toEqual(ofKey.slice(0, 2));
      expect(await events.list(PROJECT, { grantId: grantId(9) }, 10)).toEqual([]);
      expect(await events.list(PROJECT, { keyId: keyId(9) }, 10)).toEqual([]);
    });

    test('a filter by key and grant lists the events of the grant if it is on that key', async () => {
      const { events } = await withEvents();
      expect(summariesOf(await events.list(PROJECT, { keyId: keyId(2), grantId: grantId(2) }, 10))).toEqual([
        '3 create-grant',
      ]);
      expect(await events.list(PROJECT, { keyId: keyId(1), grantId: grantId(2) }, 10)).toEqual([]);
    });

    test('events of another project are not listed, whatever the filter', async () => {
      const { events } = await withEvents();
      for (const filter of [{}, { keyId: keyId(1) }, { grantId: grantId(1) }]) {
        expect(await events.list(FOREIGN_PROJECT, filter, 10)).toEqual([]);
      }
    });

    test('a stored event has every field that was written, and no others', async () => {
      const store = await withEvents();
      const grant = testGrant(3, { name: 'nightly job', retiring_principal: RETIRER });
      // `Required` makes a new field that is missing here a type error. Other tests cover the omitted fields.
      const event: Required<Omit<ChangeEvent, 'grantId' | 'upstreamRequestId' | 'failure' | 'isObserved'>> = {
        eventId: `${'f'.repeat(31)}0`,
        atMs: NOW_MS + 9,
        action: 'create-grant',
        projectId: PROJECT,
        keyId: keyId(1),
        actor: RETIRER,
        channel: 'slack',
        approvedBy: RETIRER,
        requestId: '0123456789abcdef0123456789abcdef',
        grant,
        sequence: '919c82d4-8046-4722-9094-35c3c6524cff',
        reason: 'left the company – "today"\n',
        passedOn: 3,
      };
      await store.grants.commit(createGrant(grant), event);
      const bare: ChangeEvent = { ...event, eventId: 'f'.repeat(32), action: 'disable-key', channel: 'deletion' };
      for (const name of ['grant', 'sequence', 'reason', 'passedOn', 'approvedBy'] as const) delete bare[name];
      await store.grants.commit(changeKeyState(testKey(1), PENDING, NOW_MS), bare);
      expect(await store.events.list(PROJECT, {}, 2)).toEqual([bare, event]);
    });

    test('an event of a grant that a source only observed is read as such, and the grant exists', async () => {
      const store = await withEvents();
      const [newest] = await store.events.list(PROJECT, { grantId: grantId(2) }, 1);
      if (!newest) throw new Error('the grant has no event');
      const observed = { ...newest, eventId: `${'f'.repeat(31)}1`, action: 'principal.disabled', isObserved: true };
      expect(await store.events.append(observed, [])).toBe(true);
      expect(await store.events.list(PROJECT, { grantId: grantId(2) }, 1)).toEqual([observed]);
      expect(await store.grants.grant(PROJECT, grantId(2))).toBeDefined();
    });

    test('events remain after their grant and their key are deleted', async () => {
      const store = await withEvents();
      const key = testKey(2);
      await commitAll(store, [removeGrant(testGrant(2, { key_id: keyId(2) })), changeKeyState(key, PENDING, NOW_MS)]);
      await commitAll(store, [removeKey(key, NOW_MS)]);
      expect(await store.events.list(PROJECT, { keyId: keyId(2) }, 10)).toHaveLength(5);
    });

    test('200 concurrent changes leave 200 events with different ids', async () => {
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
