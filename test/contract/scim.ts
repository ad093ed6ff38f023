import { describe, expect, test } from '@jest/globals';
import type { ProvisionedGroup, ProvisionedUser } from '../../lib/domain/provisioned.ts';
import { numbers } from './fixtures.ts';
import { freshStore, type OpenStore } from './open-store.ts';

const ANN: ProvisionedUser = {
  source: 'entra',
  type: 'User',
  id: '01a226ad-0b37-7bf4-b9f7-ca573154096d',
  externalId: 'Ext-7',
  userName: 'Ann',
  active: true,
  displayName: 'Ann Ärmel',
  name: { givenName: 'Ann', familyName: 'Ärmel' },
  emails: [{ value: 'ann@example.com', type: 'work', primary: true }],
  granteePrincipal: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
  createdAtMs: 1_795_881_603_998,
  modifiedAtMs: 1_795_881_603_999,
  version: 1,
};
const BOB: ProvisionedUser = {
  source: 'entra',
  type: 'User',
  id: '01a226ad-0b38-7bf4-b9f7-ca573154096d',
  userName: 'bob',
  active: false,
  createdAtMs: 1_795_881_604_000,
  modifiedAtMs: 1_795_881_604_000,
  version: 1,
};
const STAFF: ProvisionedGroup = {
  source: 'entra',
  type: 'Group',
  id: '01a226ad-0b39-7bf4-b9f7-ca573154096d',
  displayName: 'Ann',
  externalId: 'Ext-7',
  members: [ANN.id, BOB.id],
  createdAtMs: 1_795_881_604_001,
  modifiedAtMs: 1_795_881_604_001,
  version: 1,
};
/** Returns the same user or group as one of the source okta, with another id. */
const inOkta = <T extends ProvisionedUser | ProvisionedGroup>(resource: T): T => ({
  ...resource,
  source: 'okta',
  id: resource.id.replace('01a', '02a'),
});

/** The contract of `ScimStore`. */
export function scimContract(openStore: OpenStore): void {
  describe('provisioned users and groups', () => {
    const fresh = freshStore(openStore);

    async function populated() {
      const store = fresh();
      for (const resource of [ANN, BOB, STAFF]) expect(await store.scim.add(resource)).toBe('done');
      return store;
    }

    test('a user is found by id, by name in any case, and by external id in its own case', async () => {
      const { scim } = await populated();
      expect(await scim.find('entra', 'User', ANN.id)).toEqual(ANN);
      expect(await scim.find('entra', 'User', BOB.id)).toEqual(BOB);
      expect(await scim.findBy('entra', 'User', 'name', 'ann')).toEqual(ANN);
      expect(await scim.findBy('entra', 'User', 'externalId', 'Ext-7')).toEqual(ANN);
      expect(await scim.findBy('entra', 'User', 'externalId', 'ext-7')).toBeUndefined();
      expect(await scim.findBy('entra', 'User', 'name', 'an')).toBeUndefined();
      expect(await scim.find('entra', 'User', 'x'.repeat(5_000))).toBeUndefined();
    });

    test('sources, and users and groups of one source, share neither resources nor names', async () => {
      const { scim } = await populated();
      expect(await scim.find('okta', 'User', ANN.id)).toBeUndefined();
      expect(await scim.find('entra', 'Group', ANN.id)).toBeUndefined();
      expect(await scim.findBy('entra', 'Group', 'name', 'ann')).toEqual(STAFF);
      expect(await scim.findBy('okta', 'User', 'name', 'ann')).toBeUndefined();
      expect(await scim.count('okta', 'User')).toBe(0);
      for (const resource of [inOkta(ANN), inOkta(STAFF)]) expect(await scim.add(resource)).toBe('done');
      expect(await scim.findBy('okta', 'User', 'name', 'ann')).toEqual(inOkta(ANN));
      expect([await scim.count('entra', 'User'), await scim.count('okta', 'User')]).toEqual([2, 1]);
      expect(await scim.list('okta', 'User', 0, 10)).toEqual([inOkta(ANN)]);
    });

    test('a name in another case, and an external id, of another user are refused and nothing is written', async () => {
      const store = await populated();
      const rows = await store.rows();
      const cara = { ...BOB, id: '01a226ad-0b40-7bf4-b9f7-ca573154096d', userName: 'cara' };
      expect(await store.scim.add({ ...cara, userName: 'ANN' })).toBe('taken');
      expect(await store.scim.add({ ...cara, externalId: 'Ext-7' })).toBe('taken');
      expect(await store.scim.save({ ...BOB, userName: 'aNN' })).toBe('taken');
      expect(await store.scim.save({ ...BOB, userName: 'bob2', externalId: 'Ext-7' })).toBe('taken');
      expect(await store.rows()).toEqual(rows);
    });

    test('a write is stored with the next version, and its old names are free again', async () => {
      const { scim } = await populated();
      const renamed: ProvisionedUser = { ...ANN, userName: 'Anna', externalId: 'Ext-8', active: false };
      expect(await scim.save(renamed)).toBe('done');
      expect(await scim.find('entra', 'User', ANN.id)).toEqual({ ...renamed, version: 2 });
      expect(await scim.findBy('entra', 'User', 'name', 'ann')).toBeUndefined();
      expect(await scim.findBy('entra', 'User', 'externalId', 'Ext-7')).toBeUndefined();
      expect(await scim.findBy('entra', 'User', 'name', 'anna')).toMatchObject({ id: ANN.id });
      expect(await scim.save({ ...BOB, userName: 'ann', externalId: 'Ext-7' })).toBe('done');
      const { externalId, ...unnamed } = renamed;
      expect(await scim.save({ ...unnamed, version: 2 })).toBe('done');
      expect(await scim.findBy('entra', 'User', 'externalId', 'Ext-8')).toBeUndefined();
      // The new name differs only in case, so it is the same name.
      expect(await scim.save({ ...unnamed, userName: 'ANNA', version: 3 })).toBe('done');
      expect(await scim.findBy('entra', 'User', 'name', 'anna')).toMatchObject({ userName: 'ANNA', version: 4 });
    });

    test('a write or removal of another version than the stored one is refused and nothing is written', async () => {
      const store = await populated();
      expect(await store.scim.save(ANN)).toBe('done');
      const rows = await store.rows();
      for (const version of [1, 3]) {
        expect(await store.scim.save({ ...ANN, version, displayName: 'x' })).toBe('stale');
        expect(await store.scim.remove({ ...ANN, version })).toBe('stale');
      }
      const nobody = { ...BOB, id: '01a226ad-0b41-7bf4-b9f7-ca573154096d', userName: 'cara' };
      expect(await store.scim.save(nobody)).toBe('stale');
      expect(await store.scim.remove(nobody)).toBe('stale');
      expect(await store.rows()).toEqual(rows);
    });

    test('of several writes of one version at the same time, one succeeds', async () => {
      const { scim } = await populated();
      const results = await Promise.all(numbers(1, 5).map((n) => scim.save({ ...ANN, displayName: `Ann ${n}` })));
      expect(results.filter((result) => result === 'done')).toHaveLength(1);
      expect(results.filter((result) => result === 'stale')).toHaveLength(4);
      const users = numbers(1, 5).map((n) => ({ ...BOB, id: `${n}${BOB.id.slice(1)}`, userName: 'Dan' }));
      const added = await Promise.all(users.map((user) => scim.add(user)));
      expect(added.filter((result) => result === 'done')).toHaveLength(1);
      expect(await scim.count('entra', 'User')).toBe(3);
    });

    test('a removed user is no longer found or counted, and its names are free again', async () => {
      const { scim } = await populated();
      expect(await scim.remove(ANN)).toBe('done');
      expect(await scim.find('entra', 'User', ANN.id)).toBeUndefined();
      expect(await scim.findBy('entra', 'User', 'name', 'ann')).toBeUndefined();
      expect(await scim.count('entra', 'User')).toBe(1);
      expect(await scim.list('entra', 'User', 0, 10)).toEqual([BOB]);
      expect(await scim.remove(ANN)).not.toBe('taken');
      expect(await scim.count('entra', 'User')).toBe(1);
      expect(
        await scim.add({ ...BOB, id: '01a226ad-0b42-7bf4-b9f7-ca573154096d', userName: 'ANN', externalId: 'Ext-7' }),
      ).toBe('done');
    });

    test('resources are listed in the order of their ids, by offset or after an id', async () => {
      const { scim } = fresh();
      const users = numbers(100, 12).map((n) => ({
        ...BOB,
        id: `01a226ad-0${n}-7bf4-b9f7-ca573154096d`,
        userName: `u${n}`,
      }));
      for (const user of users.toReversed()) await scim.add(user);
      expect(await scim.count('entra', 'User')).toBe(12);
      expect(await scim.list('entra', 'User', 0, 100)).toEqual(users);
      expect(await scim.list('entra', 'User', 5, 3)).toEqual(users.slice(5, 8));
      expect(await scim.list('entra', 'User', 11, 3)).toEqual(users.slice(11));
      expect(await scim.list('entra', 'User', 12, 3)).toEqual([]);
      expect(await scim.list('entra', 'User', 0, 0)).toEqual([]);
      expect(await scim.listAfter('entra', 'User', undefined, 4)).toEqual(users.slice(0, 4));
      expect(await scim.listAfter('entra', 'User', users[3]?.id, 100)).toEqual(users.slice(4));
      expect(await scim.list('entra', 'Group', 0, 100)).toEqual([]);
    });

    test('a group of the largest size is stored', async () => {
      const { scim } = fresh();
      const members = numbers(10_000, 5_000).map((n) => `${n}`.padEnd(64, 'x'));
      expect(await scim.add({ ...STAFF, members })).toBe('done');
      expect(await scim.find('entra', 'Group', STAFF.id)).toEqual({ ...STAFF, members });
    });

    test('a user name may have any character', async () => {
      const { scim } = fresh();
      const names = ['a#b', '*', "o'neil", '%', 'ännchen@exämple.com', '😀', 'x'.repeat(256)];
      for (const [n, userName] of names.entries()) {
        await scim.add({ ...BOB, id: `0${n}${BOB.id.slice(2)}`, userName, externalId: userName });
      }
      for (const userName of names) {
        expect(await scim.findBy('entra', 'User', 'name', userName)).toMatchObject({ userName });
        expect(await scim.findBy('entra', 'User', 'externalId', userName)).toMatchObject({ userName });
      }
    });
  });
}
