import { describe, expect, test } from '@jest/globals';
import type { ChangeEvent } from '../../lib/domain/events.ts';
import type { EventFilter, Store } from '../../lib/store/store.ts';
import {
  changeKeyState,
  commitAll,
  createGrant,
  createKey,
  DISABLED,
  FOREIGN_PROJECT,
  GRANTEE,
  grantId,
  keyId,
  NOW_MS,
  numbers,
  PROJECT,
  RETIRER,
  removeGrant,
  testEvent,
  testGrant,
  testKey,
} from './fixtures.ts';
import { freshStore, type OpenStore, sharedStore } from './open-store.ts';

const summariesOf = (events: ChangeEvent[]) => events.map(({ atMs, action }) => `${atMs - NOW_MS} ${action}`);

/** Reads all pages, the newest events first. */
async function pagesOf(store: Store, filter: EventFilter, limit: number): Promise<ChangeEvent[][]> {
  const pages: ChangeEvent[][] = [];
  for (let before: string | undefined; ; ) {
    const page = await store.events.list(PROJECT, { ...filter, before }, limit);
    if (page.length > 0) pages.push(page);
    if (page.length < limit) return pages;
    before = page.at(-1)?.eventId;
  }
}

/** Lists of events: filters and paging. */
export function eventPagesContract(openStore: OpenStore): void {
  describe('lists of events', () => {
    /** Grants on the keys 1 to 3 in turn, to two grantees in turn. */
    const grantOf = (n: number) =>
      testGrant(n, { key_id: keyId((n % 3) + 1), ...(n % 2 === 0 && { grantee_principal: RETIRER }) });
    const shared = sharedStore(openStore, async (store) => {
      await commitAll(
        store,
        [1, 2, 3].map((n) => createKey(testKey(n))),
      );
      for (const n of numbers(1, 30)) await commitAll(store, [createGrant(grantOf(n))], { atMs: NOW_MS + n });
      for (const n of numbers(1, 30)) await commitAll(store, [removeGrant(grantOf(n))], { atMs: NOW_MS + 100 + n });
      const foreign = { atMs: NOW_MS + 50, projectId: FOREIGN_PROJECT };
      await commitAll(store, [createKey(testKey(9, { projectId: FOREIGN_PROJECT }))], foreign);
      await commitAll(store, [createGrant(testGrant(99, { key_id: keyId(9) }))], foreign);
    });
    const expectedEvents = (includes: (n: number) => boolean, creations: string[] = []) => [
      ...numbers(1, 30)
        .filter(includes)
        .toReversed()
        .map((n) => `${100 + n} revoke-grant`),
      ...numbers(1, 30)
        .filter(includes)
        .toReversed()
        .map((n) => `${n} create-grant`),
      ...creations,
    ];
    const CASES: [string, EventFilter, string[]][] = [
      ['of the project', {}, expectedEvents(() => true, ['0 create-key', '0 create-key', '0 create-key'])],
      ['of a key', { keyId: keyId(1) }, expectedEvents((n) => n % 3 === 0, ['0 create-key'])],
      ['of a grant', { grantId: grantId(5) }, ['105 revoke-grant', '5 create-grant']],
      ['of a grantee', { grantee: RETIRER }, expectedEvents((n) => n % 2 === 0)],
      [
        'of a grantee on a key',
        { grantee: GRANTEE, keyId: keyId(2) },
        expectedEvents((n) => n % 2 === 1 && n % 3 === 1),
      ],
      ['of a grant of its grantee', { grantee: GRANTEE, grantId: grantId(5) }, ['105 revoke-grant', '5 create-grant']],
      ['of a grant of another grantee', { grantee: RETIRER, grantId: grantId(5) }, []],
      ['of a grant on another key', { keyId: keyId(1), grantId: grantId(5) }, []],
      [
        'of a grantee, a key and a grant',
        { grantee: GRANTEE, keyId: keyId(3), grantId: grantId(5) },
        ['105 revoke-grant', '5 create-grant'],
      ],
      ['of a principal without grants', { grantee: 'c'.repeat(32) }, []],
    ];

    test.each(CASES)(
      'the list of events %s has each event once, newest first, for every page size',
      async (_filter, filter, all) => {
        for (const limit of [1, 2, 7, 60, 100]) {
          const pages = await pagesOf(shared(), filter, limit);
          expect(summariesOf(pages.flat())).toEqual(all);
          expect(new Set(pages.flat().map(({ eventId }) => eventId)).size).toBe(all.length);
          expect(pages.every(({ length }) => length <= limit)).toBe(true);
          expect(pages).toHaveLength(Math.ceil(all.length / limit));
        }
      },
    );

    test.each(CASES)('listPage of events %s gives all of them, page by page', async (_filter, filter, all) => {
      for (const limit of [1, 7, 100]) {
        const events: ChangeEvent[] = [];
        for (let { before } = filter; ; ) {
          const page = await shared().events.listPage(PROJECT, { ...filter, before }, limit);
          expect(page.events.length).toBeLessThanOrEqual(limit);
          events.push(...page.events);
          if (page.next === undefined) break;
          before = page.next;
        }
        expect(summariesOf(events)).toEqual(all);
      }
    });

    test('`before` may be an id of no event: older events are listed', async () => {
      const { events } = shared();
      // 2026-11-22T06:00:00.105Z in hex.
      const before = `01a201d70b69${'0'.repeat(20)}`;
      expect(summariesOf(await events.list(PROJECT, { before }, 2))).toEqual(['104 revoke-grant', '103 revoke-grant']);
      expect(summariesOf(await events.list(PROJECT, { before, grantee: RETIRER }, 1))).toEqual(['104 revoke-grant']);
      expect(await events.list(PROJECT, { before: '0'.repeat(32) }, 10)).toEqual([]);
      expect(summariesOf(await events.list(PROJECT, { before: 'f'.repeat(32) }, 1))).toEqual(['130 revoke-grant']);
    });

    test('events of another project are not listed, whatever the filter', async () => {
      const { events } = shared();
      for (const filter of [{ keyId: keyId(1) }, { grantId: grantId(1) }, { grantee: RETIRER }]) {
        expect(await events.list(FOREIGN_PROJECT, filter, 10)).toEqual([]);
      }
      const ofGrantee = await events.list(FOREIGN_PROJECT, { grantee: GRANTEE }, 10);
      expect(ofGrantee.map(({ keyId: id, projectId }) => [id, projectId])).toEqual([[keyId(9), FOREIGN_PROJECT]]);
    });
  });

  describe('the list of events of a grantee', () => {
    const fresh = freshStore(openStore);

    test('the list of events of a grantee has events of grants to a user or a domain of that id, and no events of keys', async () => {
      const store = fresh();
      const toDomain = testGrant(2, { grantee_principal_type: 'domain' });
      await commitAll(store, [createKey(testKey(1)), createGrant(testGrant(1)), createGrant(toDomain)]);
      await commitAll(store, [changeKeyState(testKey(1), DISABLED)]);
      const events = await store.events.list(PROJECT, { grantee: GRANTEE }, 10);
      expect(events.map(({ grant }) => grant)).toEqual([toDomain, testGrant(1)]);
    });

    test('the list of events of a grantee has the event of a revocation that was given up, while the grant still exists', async () => {
      const store = fresh();
      await commitAll(store, [createKey(testKey(1)), createGrant(testGrant(1))]);
      const change = removeGrant(testGrant(1));
      const givenUp: ChangeEvent = {
        ...testEvent(change, { atMs: NOW_MS + 1 }),
        action: 'principal.disabled',
        channel: 'webhook',
        reason: 'left the company',
        failure: 'KMS.0306',
      };
      await store.events.append(givenUp, []);
      for (const filter of [{}, { keyId: keyId(1) }, { grantId: grantId(1) }, { grantee: GRANTEE }]) {
        expect(await store.events.list(PROJECT, filter, 1)).toEqual([givenUp]);
      }
      expect(await store.grants.grant(PROJECT, grantId(1))).toEqual(testGrant(1));
      expect((await store.grants.listByGrantee(PROJECT, GRANTEE, { limit: 10 })).total).toBe(1);
      // The grant is revoked later: that adds an event, and the earlier one stays.
      await commitAll(store, [change], { atMs: NOW_MS + 2 });
      expect(summariesOf(await store.events.list(PROJECT, { grantee: GRANTEE }, 10))).toEqual([
        '2 revoke-grant',
        '1 principal.disabled',
        '0 create-grant',
      ]);
    });

    test('the list of events of a grantee has upstream changes only if they contain the grant; others are found by grant id', async () => {
      const store = fresh();
      const { grant: _, ...bare } = testEvent(removeGrant(testGrant(1)), { atMs: NOW_MS + 1 });
      const known = testEvent(removeGrant(testGrant(2)), { atMs: NOW_MS + 2 });
      await store.events.append({ ...bare, grantId: grantId(1), upstreamRequestId: 'c3d4' }, []);
      await store.events.append({ ...known, upstreamRequestId: '' }, []);
      expect(summariesOf(await store.events.list(PROJECT, { grantee: GRANTEE }, 10))).toEqual(['2 revoke-grant']);
      expect(summariesOf(await store.events.list(PROJECT, { grantId: grantId(1) }, 10))).toEqual(['1 revoke-grant']);
      expect(await store.events.list(PROJECT, { grantId: grantId(1), grantee: GRANTEE }, 10)).toEqual([]);
    });
  });
}
