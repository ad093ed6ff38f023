import { describe, expect, test } from '@jest/globals';
import type { AccessKey, StoredToken, User } from '../../lib/domain/directory.ts';
import type { Store } from '../../lib/store/store.ts';
import { NOW_MS, numbers } from './fixtures.ts';
import { freshStore, type OpenStore } from './open-store.ts';

const DAY_MS = 86_400_000;
const ACME = { domainId: 'd1', name: 'acme' };
const OTHER = { domainId: 'd2', name: 'other' };
const EAST = { projectId: 'p1', domainId: 'd1', name: 'east' };
const WEST = { projectId: 'p2', domainId: 'd1', name: 'west' };
const FAR_EAST = { projectId: 'p3', domainId: 'd2', name: 'east' };
/** The password hash of all users. */
const HASH = 'scrypt:a:b';
const ANN: User = { userId: 'u1', domainId: 'd1', name: 'ann', passwordHash: HASH, enabled: true };
const BOB: User = { userId: 'u2', domainId: 'd1', name: 'bob', passwordHash: HASH, enabled: false };
const FAR_ANN: User = { ...ANN, userId: 'u3', domainId: 'd2' };
const ANNS_KEY: AccessKey = {
  accessKey: 'AKANN',
  userId: 'u1',
  sealedSecret: Uint8Array.from([0, 1, 127, 128, 255]),
  enabled: true,
};
const BOBS_KEY: AccessKey = { ...ANNS_KEY, accessKey: 'AKBOB', userId: 'u2', enabled: false };

const tokenOf = (n: number, over: Partial<StoredToken> = {}): StoredToken => ({
  tokenHash: n.toString(16).padStart(64, '0'),
  userId: 'u1',
  projectId: 'p1',
  methods: ['password'],
  ancestors: [],
  issuedAtMs: NOW_MS,
  expiresAtMs: NOW_MS + DAY_MS,
  ...over,
});

/** The contract of `DirectoryStore`. */
export function directoryContract(openStore: OpenStore): void {
  describe('the directory', () => {
    const fresh = freshStore(openStore);

    async function populatedDirectory(): Promise<Store['directory']> {
      const { directory } = fresh();
      await directory.addProject(WEST, ACME);
      await directory.addProject(FAR_EAST, OTHER);
      await directory.addProject(EAST);
      for (const user of [FAR_ANN, BOB, ANN]) await directory.addUser(user);
      await directory.addAccessKey(BOBS_KEY, NOW_MS + 1);
      await directory.addAccessKey(ANNS_KEY, NOW_MS);
      return directory;
    }

    test('the directory finds a domain by id and by name', async () => {
      const directory = await populatedDirectory();
      expect(await directory.domain('d1')).toEqual(ACME);
      expect(await directory.domainByName('other')).toEqual(OTHER);
      expect(await directory.domain('acme')).toBeUndefined();
      expect(await directory.domainByName('ACME')).toBeUndefined();
    });

    test('the directory finds a project by id, and by name within its domain', async () => {
      const directory = await populatedDirectory();
      expect(await directory.project('p2')).toEqual(WEST);
      expect(await directory.projectByName('d1', 'east')).toEqual(EAST);
      expect(await directory.projectByName('d2', 'east')).toEqual(FAR_EAST);
      expect(await directory.projectByName('d2', 'west')).toBeUndefined();
      expect(await directory.project('p9')).toBeUndefined();
    });

    test('the directory finds a user by id, and by name within its domain', async () => {
      const directory = await populatedDirectory();
      expect(await directory.user('u2')).toEqual(BOB);
      expect(await directory.userByName('d1', 'ann')).toEqual(ANN);
      expect(await directory.userByName('d2', 'ann')).toEqual(FAR_ANN);
      expect(await directory.userByName('d2', 'bob')).toBeUndefined();
      expect(await directory.user('ann')).toBeUndefined();
    });

    test('the directory finds an access key with its sealed secret, byte for byte', async () => {
      const directory = await populatedDirectory();
      const found = await directory.accessKey('AKANN');
      expect(found).toEqual({ ...ANNS_KEY, sealedSecret: expect.anything() });
      expect([...(found?.sealedSecret ?? [])]).toEqual([0, 1, 127, 128, 255]);
      expect(await directory.accessKey('akann')).toBeUndefined();
    });

    test('replaces a sealed secret only if it is still the expected one', async () => {
      const directory = await populatedDirectory();
      const [old, next] = [ANNS_KEY.sealedSecret, Uint8Array.from([9, 8, 7])];
      expect(await directory.setSealedSecret('AKANN', old, next)).toBe(true);
      expect(await directory.setSealedSecret('AKANN', old, Uint8Array.from([1]))).toBe(false);
      expect(await directory.setSealedSecret('AKNONE', old, next)).toBe(false);
      expect([...((await directory.accessKey('AKANN'))?.sealedSecret ?? [])]).toEqual([9, 8, 7]);
      expect([...((await directory.accessKey('AKBOB'))?.sealedSecret ?? [])]).toEqual([0, 1, 127, 128, 255]);
    });

    test('the directory lists the roles of a user in a project, and the projects in which the user has a role', async () => {
      const directory = await populatedDirectory();
      await directory.addRole('u1', 'p2', 'te_admin');
      await directory.addRole('u1', 'p2', 'KMS Administrator');
      await directory.addRole('u1', 'p1', 'KMS CMKReadOnlyAccess');
      await directory.addRole('u1', 'p1', 'KMS CMKReadOnlyAccess');
      expect(await directory.rolesOf('u1', 'p2')).toEqual(['KMS Administrator', 'te_admin']);
      expect(await directory.rolesOf('u1', 'p1')).toEqual(['KMS CMKReadOnlyAccess']);
      expect(await directory.rolesOf('u2', 'p1')).toEqual([]);
      expect(await directory.projectsOf('u1')).toEqual([EAST, WEST]);
      expect(await directory.projectsOf('u2')).toEqual([]);
    });

    test('the directory lists all projects and users by name, and access keys by age', async () => {
      const directory = await populatedDirectory();
      expect(await directory.projects()).toEqual([EAST, FAR_EAST, WEST]);
      expect(await directory.users()).toEqual([ANN, FAR_ANN, BOB]);
      expect((await directory.accessKeys()).map(({ accessKey, createdAtMs }) => [accessKey, createdAtMs])).toEqual([
        ['AKANN', NOW_MS],
        ['AKBOB', NOW_MS + 1],
      ]);
    });

    test('the directory disables and enables one user and no other', async () => {
      const directory = await populatedDirectory();
      expect(await directory.setUserEnabled('u1', false)).toBe(true);
      expect((await directory.user('u1'))?.enabled).toBe(false);
      expect((await directory.user('u3'))?.enabled).toBe(true);
      expect(await directory.setUserEnabled('u1', false)).toBe(true);
      expect(await directory.setUserEnabled('u1', true)).toBe(true);
      expect((await directory.user('u1'))?.enabled).toBe(true);
      expect(await directory.setUserEnabled('u9', false)).toBe(false);
    });

    test('the directory disables and enables one access key and no other', async () => {
      const directory = await populatedDirectory();
      expect(await directory.setAccessKeyEnabled('AKBOB', true)).toBe(true);
      expect(await directory.setAccessKeyEnabled('AKANN', false)).toBe(true);
      expect((await directory.accessKey('AKANN'))?.enabled).toBe(false);
      expect((await directory.accessKey('AKBOB'))?.enabled).toBe(true);
      expect(await directory.setAccessKeyEnabled('AKNONE', false)).toBe(false);
    });

    test('adding a project with a domain, or a user with a role, writes nothing if either is refused', async () => {
      const directory = await populatedDirectory();
      const domain = { domainId: 'd9', name: 'ninth' };
      await expect(directory.addProject({ ...EAST, domainId: 'd9' }, domain)).rejects.toThrow();
      expect(await directory.domain('d9')).toBeUndefined();
      const eve = { ...ANN, userId: 'u9', name: 'eve' };
      await expect(directory.addUser(eve, { projectId: 'p9', role: 'te_admin' })).rejects.toThrow();
      expect(await directory.user('u9')).toBeUndefined();
      await directory.addUser(eve, { projectId: 'p1', role: 'te_admin' });
      expect(await directory.rolesOf('u9', 'p1')).toEqual(['te_admin']);
    });

    test('the directory refuses ids and names that exist already, and changes nothing', async () => {
      const directory = await populatedDirectory();
      const ninth = { projectId: 'p9', domainId: 'd9', name: 'ninth' };
      await expect(directory.addProject(ninth, { domainId: 'd9', name: 'acme' })).rejects.toThrow();
      await expect(directory.addProject({ projectId: 'p9', domainId: 'd1', name: 'east' })).rejects.toThrow();
      await expect(directory.addUser({ ...ANN, userId: 'u9' })).rejects.toThrow();
      await expect(directory.addUser({ ...ANN, name: 'eve' })).rejects.toThrow();
      await expect(directory.addAccessKey({ ...ANNS_KEY, userId: 'u2' }, NOW_MS)).rejects.toThrow();
      expect(await directory.projects()).toHaveLength(3);
      expect(await directory.users()).toEqual([ANN, FAR_ANN, BOB]);
      expect((await directory.accessKey('AKANN'))?.userId).toBe('u1');
      expect(await directory.domain('d9')).toBeUndefined();
    });

    test('the directory adds a project with its new domain, or neither', async () => {
      const directory = await populatedDirectory();
      const domain = { domainId: 'd3', name: 'third' };
      const project = { projectId: 'p4', domainId: 'd3', name: 'east' };
      await expect(directory.addProject({ ...project, projectId: 'p1' }, domain)).rejects.toThrow();
      expect(await directory.domain('d3')).toBeUndefined();
      await expect(directory.addProject(project, { ...domain, name: 'acme' })).rejects.toThrow();
      expect(await directory.project('p4')).toBeUndefined();
      await directory.addProject(project, domain);
      expect([await directory.domain('d3'), await directory.project('p4')]).toEqual([domain, project]);
    });

    test('the directory adds a user with its first role, or neither', async () => {
      const directory = await populatedDirectory();
      const eve = { ...ANN, userId: 'u4', name: 'eve' };
      const first = { projectId: 'p1', role: 'te_admin' };
      await expect(directory.addUser(eve, { ...first, projectId: 'p9' })).rejects.toThrow();
      expect(await directory.user('u4')).toBeUndefined();
      await expect(directory.addUser({ ...eve, name: 'ann' }, first)).rejects.toThrow();
      expect(await directory.rolesOf('u4', 'p1')).toEqual([]);
      await directory.addUser(eve, first);
      expect([await directory.user('u4'), await directory.rolesOf('u4', 'p1')]).toEqual([eve, ['te_admin']]);
    });

    test('the directory refuses records that refer to a domain or user that does not exist', async () => {
      const directory = await populatedDirectory();
      await expect(directory.addUser({ ...ANN, userId: 'u9', domainId: 'd9', name: 'eve' })).rejects.toThrow();
      await expect(directory.addRole('u9', 'p1', 'te_admin')).rejects.toThrow();
      await expect(directory.addAccessKey({ ...ANNS_KEY, accessKey: 'AKNEW', userId: 'u9' }, 0)).rejects.toThrow();
      expect(await directory.addToken(tokenOf(1, { userId: 'u9' }), HASH)).toBe(false);
      expect(await directory.user('u9')).toBeUndefined();
      expect(await directory.accessKey('AKNEW')).toBeUndefined();
      expect(await directory.session(tokenOf(1).tokenHash)).toBeUndefined();
    });

    test('the directory finds the session of a token: its user and the roles in its project', async () => {
      const directory = await populatedDirectory();
      await directory.addRole('u1', 'p1', 'te_admin');
      await directory.addRole('u1', 'p1', 'KMS Administrator');
      await directory.addRole('u1', 'p2', 'KMS CMKFullAccess');
      await directory.addRole('u2', 'p1', 'Security Administrator');
      await directory.addToken(tokenOf(1), HASH);
      const { roles, ...session } = (await directory.session(tokenOf(1).tokenHash)) ?? { roles: [] };
      expect(session).toEqual({ token: tokenOf(1), user: ANN });
      expect(roles.toSorted()).toEqual(['KMS Administrator', 'te_admin']);
      expect(await directory.session(tokenOf(3).tokenHash)).toBeUndefined();
    });

    test('the session of a token without a project, or without a role in it, has no roles', async () => {
      const directory = await populatedDirectory();
      const unscoped = tokenOf(2);
      delete unscoped.projectId;
      await directory.addRole('u1', 'p1', 'te_admin');
      await directory.addToken(unscoped, HASH);
      await directory.addToken(tokenOf(3, { projectId: 'p2' }), HASH);
      expect(await directory.session(unscoped.tokenHash)).toEqual({ token: unscoped, user: ANN, roles: [] });
      expect((await directory.session(tokenOf(3).tokenHash))?.roles).toEqual([]);
    });

    test('a session has the scope of its token and the login methods by which the token was issued', async () => {
      const directory = await populatedDirectory();
      const inDomain = tokenOf(4, { scopeDomainId: 'd1', methods: ['password', 'token'] });
      delete inDomain.projectId;
      await directory.addRole('u1', 'p1', 'te_admin');
      await directory.addToken(inDomain, HASH);
      expect(await directory.session(inDomain.tokenHash)).toEqual({ token: inDomain, user: ANN, roles: [] });
    });

    test('disabling a user revokes its tokens permanently, and no others', async () => {
      const directory = await populatedDirectory();
      await directory.addToken(tokenOf(1), HASH);
      await directory.addToken(tokenOf(2, { userId: 'u3', projectId: undefined }), HASH);
      await directory.setUserEnabled('u1', false);
      await directory.setUserEnabled('u1', true);
      expect(await directory.session(tokenOf(1).tokenHash)).toBeUndefined();
      expect((await directory.session(tokenOf(2).tokenHash))?.user.userId).toBe('u3');
    });

    test('the directory refuses tokens of users that are disabled or do not exist', async () => {
      const directory = await populatedDirectory();
      expect(await directory.addToken(tokenOf(1, { userId: 'u2' }), HASH)).toBe(false);
      expect(await directory.addToken(tokenOf(2, { userId: 'u9' }), HASH)).toBe(false);
      expect(await directory.addToken(tokenOf(3), HASH)).toBe(true);
      for (const n of [1, 2]) expect(await directory.session(tokenOf(n).tokenHash)).toBeUndefined();
    });

    test('removing a role takes it away from existing sessions', async () => {
      const directory = await populatedDirectory();
      await directory.addRole('u1', 'p1', 'te_admin');
      await directory.addRole('u1', 'p2', 'te_admin');
      await directory.addToken(tokenOf(1), HASH);
      expect(await directory.removeRole('u1', 'p1', 'te_admin')).toBe(true);
      const session = await directory.session(tokenOf(1).tokenHash);
      expect([session?.user.enabled, session?.roles]).toEqual([true, []]);
      expect(await directory.rolesOf('u1', 'p2')).toEqual(['te_admin']);
      expect(await directory.removeRole('u1', 'p1', 'te_admin')).toBe(false);
      expect(await directory.removeRole('u9', 'p1', 'te_admin')).toBe(false);
    });

    test('an expired token is stored for one more day', async () => {
      const directory = await populatedDirectory();
      const old = tokenOf(1, { expiresAtMs: NOW_MS + 1000 });
      await directory.addToken(old, HASH);
      const later = tokenOf(2, { issuedAtMs: NOW_MS + 1000 + DAY_MS - 1, expiresAtMs: NOW_MS + 9 * DAY_MS });
      await directory.addToken(later, HASH);
      expect((await directory.session(old.tokenHash))?.token).toEqual(old);
      expect(await directory.session(tokenOf(2).tokenHash)).toBeDefined();
    });

    test('a removed access key is neither found nor listed, and no other key is affected', async () => {
      const directory = await populatedDirectory();
      expect(await directory.removeAccessKey('AKANN')).toBe(true);
      expect(await directory.accessKey('AKANN')).toBeUndefined();
      expect((await directory.accessKeys()).map(({ accessKey }) => accessKey)).toEqual(['AKBOB']);
      expect(await directory.removeAccessKey('AKANN')).toBe(false);
      await directory.addAccessKey(ANNS_KEY, NOW_MS + 2);
      expect((await directory.accessKeys()).map(({ accessKey }) => accessKey)).toEqual(['AKBOB', 'AKANN']);
    });

    test('a removed token has no session, and no other token is affected', async () => {
      const directory = await populatedDirectory();
      await directory.addToken(tokenOf(1), HASH);
      await directory.addToken(tokenOf(2), HASH);
      expect(await directory.removeToken(tokenOf(1).tokenHash)).toBe(true);
      expect(await directory.session(tokenOf(1).tokenHash)).toBeUndefined();
      expect((await directory.session(tokenOf(2).tokenHash))?.token).toEqual(tokenOf(2));
      expect(await directory.removeToken(tokenOf(1).tokenHash)).toBe(false);
    });

    test('removing a token revokes all tokens that were issued from it, even later ones, and no others', async () => {
      const directory = await populatedDirectory();
      const [login, first, second, sibling, late] = numbers(1, 5).map((n) => tokenOf(n)) as StoredToken[];
      const [loginHash = '', firstHash = ''] = [login?.tokenHash, first?.tokenHash];
      const all = [
        { ...login, ancestors: [] },
        { ...first, ancestors: [loginHash] },
        { ...second, ancestors: [loginHash, firstHash] },
        { ...sibling, ancestors: [loginHash] },
      ] as StoredToken[];
      for (const token of all) await directory.addToken(token, HASH);
      const valid = async () => {
        const sessions = await Promise.all(numbers(1, 5).map((n) => directory.session(tokenOf(n).tokenHash)));
        return sessions.flatMap((session) => session?.token ?? []);
      };
      expect(await valid()).toEqual(all);
      expect(await directory.removeToken(firstHash)).toBe(true);
      expect(await valid()).toEqual([all[0], all[3]]);
      await directory.addToken({ ...late, ancestors: [loginHash, firstHash] } as StoredToken, HASH);
      expect(await valid()).toEqual([all[0], all[3]]);
      expect(await directory.removeToken(loginHash)).toBe(true);
      expect(await valid()).toEqual([]);
    });

    test('a new password revokes the tokens of the user permanently, and no others', async () => {
      const directory = await populatedDirectory();
      await directory.addToken(tokenOf(1), HASH);
      await directory.addToken(tokenOf(2, { userId: 'u3', projectId: undefined }), HASH);
      expect(await directory.setPasswordHash('u1', 'scrypt:e:f')).toBe(true);
      expect(await directory.user('u1')).toEqual({ ...ANN, passwordHash: 'scrypt:e:f' });
      expect(await directory.session(tokenOf(1).tokenHash)).toBeUndefined();
      expect((await directory.session(tokenOf(2).tokenHash))?.user.userId).toBe('u3');
      expect(await directory.setPasswordHash('u9', 'scrypt:e:f')).toBe(false);
      expect(await directory.users()).toHaveLength(3);
    });

    test('a login that was checked with the former password adds no token', async () => {
      const directory = await populatedDirectory();
      await directory.setPasswordHash('u1', 'scrypt:e:f');
      expect(await directory.addToken(tokenOf(1), HASH)).toBe(false);
      expect(await directory.session(tokenOf(1).tokenHash)).toBeUndefined();
      expect(await directory.addToken(tokenOf(1), 'scrypt:e:f')).toBe(true);
    });

    test('a removed user loses tokens, roles and access keys, and the name is free again', async () => {
      const directory = await populatedDirectory();
      await directory.addRole('u1', 'p1', 'te_admin');
      await directory.addRole('u1', 'p2', 'KMS Administrator');
      await directory.addRole('u2', 'p1', 'te_admin');
      await directory.addAccessKey({ ...ANNS_KEY, accessKey: 'AKANN2' }, NOW_MS);
      await directory.addToken(tokenOf(1), HASH);
      expect(await directory.removeUser('u1')).toBe(true);
      expect(await directory.user('u1')).toBeUndefined();
      expect(await directory.userByName('d1', 'ann')).toBeUndefined();
      expect(await directory.users()).toEqual([FAR_ANN, BOB]);
      expect(await directory.session(tokenOf(1).tokenHash)).toBeUndefined();
      expect(await directory.rolesOf('u1', 'p1')).toEqual([]);
      expect(await directory.projectsOf('u1')).toEqual([]);
      for (const key of ['AKANN', 'AKANN2']) expect(await directory.accessKey(key)).toBeUndefined();
      expect((await directory.accessKeys()).map(({ accessKey }) => accessKey)).toEqual(['AKBOB']);
      expect(await directory.rolesOf('u2', 'p1')).toEqual(['te_admin']);
      expect(await directory.removeUser('u1')).toBe(false);
      const newAnn = { ...ANN, userId: 'u8' };
      await directory.addUser(newAnn);
      expect(await directory.userByName('d1', 'ann')).toEqual(newAnn);
    });

    test('a user with the id of a removed one has none of its tokens, roles and access keys', async () => {
      const directory = await populatedDirectory();
      await directory.addRole('u1', 'p1', 'te_admin');
      await directory.addToken(tokenOf(1), HASH);
      await directory.removeUser('u1');
      await directory.addUser({ ...ANN, name: 'anna' });
      expect(await directory.session(tokenOf(1).tokenHash)).toBeUndefined();
      expect(await directory.rolesOf('u1', 'p1')).toEqual([]);
      expect(await directory.accessKey('AKANN')).toBeUndefined();
    });

    test('a user with more roles and access keys than one transaction can hold is removed completely', async () => {
      const directory = await populatedDirectory();
      for (const n of numbers(1, 60)) await directory.addAccessKey({ ...ANNS_KEY, accessKey: `AK${n}` }, NOW_MS);
      for (const n of numbers(1, 60)) await directory.addRole('u1', 'p1', `role-${n}`);
      expect(await directory.removeUser('u1')).toBe(true);
      expect((await directory.accessKeys()).map(({ accessKey }) => accessKey)).toEqual(['AKBOB']);
      expect(await directory.rolesOf('u1', 'p1')).toEqual([]);
    });

    test('the directory adds 50 tokens concurrently', async () => {
      const directory = await populatedDirectory();
      await Promise.all(numbers(1, 50).map((n) => directory.addToken(tokenOf(n), HASH)));
      const found = await Promise.all(numbers(1, 50).map((n) => directory.session(tokenOf(n).tokenHash)));
      expect(found.filter((session) => session?.token.userId === 'u1')).toHaveLength(50);
    });
  });
}
