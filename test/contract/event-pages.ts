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

const told = (events: ChangeEvent[]) => events.map(({ atMs, action }) => `${atMs - NOW_MS} ${action}`);

/** Every page from the newest to the oldest, each before the last event of the one before it. */
async function pagesOf(store: Store, filter: EventFilter, limit: number): Promise<ChangeEvent[][]> {
  const pages: ChangeEvent[][] = [];
  for (let before: string | undefined; ; ) {
    const page = await store.events.list(PROJECT, { ...filter, before }, limit);
    if (page.length > 0) pages.push(page);
    if (page.length < limit) return pages;
    before = page.at(-1)?.eventId;
  }
}

/** Events by grantee, and page by page. */
export function eventPagesContract(openStore: OpenStore): void {
  describe('events, page by page', () => {
    /** On the keys 1 to 3 in turn, to two grantees in turn. */
    const nth = (n: number) =>
      testGrant(n, { key_id: keyId((n % 3) + 1), ...(n % 2 === 0 && { grantee_principal: RETIRER }) });
    const filled = sharedStore(openStore, async (store) => {
      await commitAll(
        store,
        [1, 2, 3].map((n) => createKey(testKey(n))),
      );
      for (const n of numbers(1, 30)) await commitAll(store, [createGrant(nth(n))], { atMs: NOW_MS + n });
      for (const n of numbers(1, 30)) await commitAll(store, [removeGrant(nth(n))], { atMs: NOW_MS + 100 + n });
      const foreign = { atMs: NOW_MS + 50, projectId: FOREIGN_PROJECT };
      await commitAll(store, [createKey(testKey(9, { projectId: FOREIGN_PROJECT }))], foreign);
      await commitAll(store, [createGrant(testGrant(99, { key_id: keyId(9) }))], foreign);
    });
    const story = (isIn: (n: number) => boolean, made: string[] = []) => [
      ...numbers(1, 30)
        .filter(isIn)
        .toReversed()
        .map((n) => `${100 + n} revoke-grant`),
      ...numbers(1, 30)
        .filter(isIn)
        .toReversed()
        .map((n) => `${n} create-grant`),
      ...made,
    ];
    const CASES: [string, EventFilter, string[]][] = [
      ['of the project', {}, story(() => true, ['0 create-key', '0 create-key', '0 create-key'])],
      ['of a key', { keyId: keyId(1) }, story((n) => n % 3 === 0, ['0 create-key'])],
      ['of a grant', { grantId: grantId(5) }, ['105 revoke-grant', '5 create-grant']],
      ['of a grantee', { grantee: RETIRER }, story((n) => n % 2 === 0)],
      ['of a grantee on a key', { grantee: GRANTEE, keyId: keyId(2) }, story((n) => n % 2 === 1 && n % 3 === 1)],
      ['of a grant of its grantee', { grantee: GRANTEE, grantId: grantId(5) }, ['105 revoke-grant', '5 create-grant']],
      ['of a grant of another grantee', { grantee: RETIRER, grantId: grantId(5) }, []],
      ['of a grant on another key', { keyId: keyId(1), grantId: grantId(5) }, []],
      [
        'of all three',
        { grantee: GRANTEE, keyId: keyId(3), grantId: grantId(5) },
        ['105 revoke-grant', '5 create-grant'],
      ],
      ['of one who holds nothing here', { grantee: 'c'.repeat(32) }, []],
    ];

    test.each(CASES)('%s: each once, the newest first, whatever the size of the pages', async (_whose, filter, all) => {
      for (const limit of [1, 2, 7, 60, 100]) {
        const pages = await pagesOf(filled(), filter, limit);
        expect(told(pages.flat())).toEqual(all);
        expect(new Set(pages.flat().map(({ eventId }) => eventId)).size).toBe(all.length);
        expect(pages.every(({ length }) => length <= limit)).toBe(true);
        expect(pages).toHaveLength(Math.ceil(all.length / limit));
      }
    });

    test('before an id that is no event come those that are older', async () => {
      const { events } = filled();
      // 2026-11-22T06:00:00.105Z in hex.
      const before = `01a201d70b69${'0'.repeat(20)}`;
      expect(told(await events.list(PROJECT, { before }, 2))).toEqual(['104 revoke-grant', '103 revoke-grant']);
      expect(told(await events.list(PROJECT, { before, grantee: RETIRER }, 1))).toEqual(['104 revoke-grant']);
      expect(await events.list(PROJECT, { before: '0'.repeat(32) }, 10)).toEqual([]);
      expect(told(await events.list(PROJECT, { before: 'f'.repeat(32) }, 1))).toEqual(['130 revoke-grant']);
    });

    test('of another project are not there, whatever is asked for', async () => {
      const { events } = filled();
      for (const filter of [{ keyId: keyId(1) }, { grantId: grantId(1) }, { grantee: RETIRER }]) {
        expect(await events.list(FOREIGN_PROJECT, filter, 10)).toEqual([]);
      }
      const theirs = await events.list(FOREIGN_PROJECT, { grantee: GRANTEE }, 10);
      expect(theirs.map(({ keyId: id, projectId }) => [id, projectId])).toEqual([[keyId(9), FOREIGN_PROJECT]]);
    });
  });

  describe('events of a grantee', () => {
    const fresh = freshStore(openStore);

    test('are of a user and a domain of that id, and none that tells no grant', async () => {
      const store = fresh();
      const toDomain = testGrant(2, { grantee_principal_type: 'domain' });
      await commitAll(store, [createKey(testKey(1)), createGrant(testGrant(1)), createGrant(toDomain)]);
      await commitAll(store, [changeKeyState(testKey(1), DISABLED)]);
      const events = await store.events.list(PROJECT, { grantee: GRANTEE }, 10);
      expect(events.map(({ grant }) => grant)).toEqual([toDomain, testGrant(1)]);
    });

    test('of what was given up are listed as they are, beside a grant that is still there', async () => {
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
      // Revoked after all: one event of its going, and the other stays.
      await commitAll(store, [change], { atMs: NOW_MS + 2 });
      expect(told(await store.events.list(PROJECT, { grantee: GRANTEE }, 10))).toEqual([
        '2 revoke-grant',
        '1 principal.disabled',
        '0 create-grant',
      ]);
    });

    test('at another KMS are known where the grant is, and else by its id only', async () => {
      const store = fresh();
      const { grant: _, ...bare } = testEvent(removeGrant(testGrant(1)), { atMs: NOW_MS + 1 });
      const known = testEvent(removeGrant(testGrant(2)), { atMs: NOW_MS + 2 });
      await store.events.append({ ...bare, grantId: grantId(1), upstreamRequestId: 'c3d4' }, []);
      await store.events.append({ ...known, upstreamRequestId: '' }, []);
      expect(told(await store.events.list(PROJECT, { grantee: GRANTEE }, 10))).toEqual(['2 revoke-grant']);
      expect(told(await store.events.list(PROJECT, { grantId: grantId(1) }, 10))).toEqual(['1 revoke-grant']);
      expect(await store.events.list(PROJECT, { grantId: grantId(1), grantee: GRANTEE }, 10)).toEqual([]);
    });
  });
}
