import { randomInt } from 'node:crypto';
import {
  type AccessKey,
  type Domain,
  EXPIRED_TOKEN_RETENTION_MS,
  type LoginMethod,
  type Project,
  type StoredToken,
  type User,
} from '../../domain/directory.ts';
import type { DirectoryStore } from '../store.ts';
import type { Item, ItemKey } from './item.ts';
import { dynamodbProjects, toProject } from './projects.ts';
import { itemKey, rangeOf, sortableNumber } from './schema.ts';
import type { Table, Write } from './table.ts';

/** No directory has as many entries; the admin command lists them all. */
const ALL = 1_000_000;

const IS_NEW = 'attribute_not_exists(pk)';
const EXISTS = 'attribute_exists(pk)';
/** Stands for the domain id in name items of domains, whose names are global. */
const NO_DOMAIN = '-';

/** Domains, projects, users, roles, access keys and tokens over DynamoDB. */
export function dynamodbDirectory(table: Table): DirectoryStore {
  /** @throws Error when a condition does not hold */
  async function add(what: string, writes: Write[]): Promise<void> {
    const { isDone } = await table.transact(writes);
    if (!isDone) throw new Error(`${what} exists already, or a record that it refers to does not exist`);
  }

  async function get<T>(key: ItemKey, read: (item: Item) => T): Promise<T | undefined> {
    const item = await table.get(key);
    return item && read(item);
  }

  async function getByName<T>(name: ItemKey, getById: (id: string) => Promise<T | undefined>): Promise<T | undefined> {
    const item = await table.get(name);
    // An unknown name takes as many reads as a known one, so that the response time does not reveal which names exist.
    return getById(String(item?.['id'] ?? 'nobody'));
  }

  async function listAll<T>(
    kind: Parameters<typeof rangeOf.all>[0],
    keyOf: (id: string) => ItemKey,
    read: (item: Item) => T,
  ) {
    const rows = await table.query({ ...rangeOf.all(kind), limit: ALL });
    return (await table.getAll(rows.map((row) => keyOf(String(row['id']))))).map(read);
  }

  const domain = (id: string) => get(itemKey.domain(id), toDomain);
  const { project } = dynamodbProjects(table);
  const user = (id: string) => get(itemKey.user(id), toUser);
  const roleRows = (userId: string, projectId?: string) =>
    table.query({ ...rangeOf.roles(userId, projectId), limit: ALL });

  /** A token is valid while its `tokensOf` equals the user's. Disabling raises that number and so voids all tokens. */
  const setUserEnabled = (userId: string, enabled: boolean) =>
    table.update(itemKey.user(userId), `SET enabled = :enabled${enabled ? '' : ' ADD tokensOf :one'}`, {
      values: { ':enabled': enabled, ...(!enabled && { ':one': 1 }) },
    });

  async function removeAccessKey(accessKey: string): Promise<boolean> {
    if (!(await table.get(itemKey.accessKey(accessKey)))) return false;
    // The sort key of the list entry begins with a date that the item does not have.
    const entries = await table.query({ ...rangeOf.all('access-keys'), limit: ALL });
    const { isDone } = await table.transact([
      { delete: itemKey.accessKey(accessKey), condition: EXISTS },
      ...entries.filter(({ id }) => id === accessKey).map(({ pk, sk }) => ({ delete: { pk, sk } })),
    ]);
    return isDone;
  }

  async function removeBelongings(userId: string): Promise<void> {
    for (const { pk, sk } of await roleRows(userId)) await table.delete({ pk, sk });
    const accessKeys = await listAll('access-keys', itemKey.accessKey, toAccessKey);
    for (const key of accessKeys) if (key.userId === userId) await removeAccessKey(key.accessKey);
  }

  return {
    addProject({ projectId, domainId, name }, newDomain) {
      return add(`project ${name}`, [
        { put: { ...itemKey.project(projectId), projectId, domainId, name }, condition: IS_NEW },
        { put: { ...itemKey.name('project', domainId, name), id: projectId }, condition: IS_NEW },
        { put: { ...itemKey.inAll('projects', name, projectId), id: projectId } },
        ...(newDomain ? domainWrites(newDomain) : [{ check: itemKey.domain(domainId), condition: EXISTS }]),
      ]);
    },
    addUser({ userId, domainId, name, passwordHash, enabled }, first) {
      return add(`user ${name}`, [
        {
          put: { ...itemKey.user(userId), userId, domainId, name, passwordHash, enabled, tokensOf: firstTokensOf() },
          condition: IS_NEW,
        },
        { put: { ...itemKey.name('user', domainId, name), id: userId }, condition: IS_NEW },
        { put: { ...itemKey.inAll('users', name, userId), id: userId } },
        { check: itemKey.domain(domainId), condition: EXISTS },
        ...(first ? roleWrites(userId, first.projectId, first.role) : []),
      ]);
    },
    addRole: (userId, projectId, role) =>
      add(`role ${role}`, [...roleWrites(userId, projectId, role), { check: itemKey.user(userId), condition: EXISTS }]),
    async removeRole(userId, projectId, role) {
      const key = itemKey.role(userId, projectId, role);
      // Not a conditional delete: a retry after a lost response would find no item and return false.
      if (!(await table.get(key))) return false;
      await table.delete(key);
      return true;
    },
    addAccessKey(key, createdAtMs) {
      const { accessKey, userId, sealedSecret, enabled } = key;
      return add(`access key ${accessKey}`, [
        { put: { ...itemKey.accessKey(accessKey), accessKey, userId, sealedSecret, enabled }, condition: IS_NEW },
        { put: { ...itemKey.inAll('access-keys', sortableNumber(createdAtMs), accessKey), id: accessKey } },
        { check: itemKey.user(userId), condition: EXISTS },
      ]);
    },
    removeAccessKey,
    async addToken(token, passwordHash) {
      const holder = await table.get(itemKey.user(token.userId));
      if (holder?.['enabled'] !== true || holder['passwordHash'] !== passwordHash) return false;
      // If the user changes before the token is written, the token is void from the start: see setUserEnabled.
      await table.put(tokenItem(token, Number(holder['tokensOf'])));
      return true;
    },
    async removeToken(tokenHash) {
      const key = itemKey.token(tokenHash);
      // Not a conditional delete: see removeRole.
      if (!(await table.get(key))) return false;
      await table.delete(key);
      return true;
    },
    setPasswordHash: (userId, passwordHash) =>
      table.update(itemKey.user(userId), 'SET passwordHash = :hash ADD tokensOf :one', {
        values: { ':hash': passwordHash, ':one': 1 },
      }),
    async removeUser(userId) {
      const stored = await user(userId);
      if (!stored) return false;
      // A user may have more roles and access keys than one transaction can delete. Disabling ends all access first.
      await setUserEnabled(userId, false);
      await removeBelongings(userId);
      const { isDone } = await table.transact([
        { delete: itemKey.user(userId), condition: EXISTS },
        { delete: itemKey.name('user', stored.domainId, stored.name) },
        { delete: itemKey.inAll('users', stored.name, userId) },
      ]);
      // A role or access key may have been added meanwhile. None can be added from now on.
      await removeBelongings(userId);
      return isDone;
    },
    setUserEnabled,
    setAccessKeyEnabled: (accessKey, enabled) =>
      table.update(itemKey.accessKey(accessKey), 'SET enabled = :enabled', { values: { ':enabled': enabled } }),
    setSealedSecret: (accessKey, from, to) =>
      table.update(itemKey.accessKey(accessKey), 'SET sealedSecret = :new', {
        condition: 'sealedSecret = :old',
        values: { ':old': from, ':new': to },
      }),

    domain,
    project,
    user,
    domainByName: (name) => getByName(itemKey.name('domain', NO_DOMAIN, name), domain),
    projectByName: (domainId, name) => getByName(itemKey.name('project', domainId, name), project),
    userByName: (domainId, name) => getByName(itemKey.name('user', domainId, name), user),
    async projectsOf(userId) {
      const ids = new Set((await roleRows(userId)).map((row) => String(row['projectId'])));
      const projects = (await table.getAll([...ids].map((id) => itemKey.project(id)))).map(toProject);
      return projects.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
    },
    rolesOf: async (userId, projectId) => (await roleRows(userId, projectId)).map((row) => String(row['role'])),
    accessKey: (accessKey) => get(itemKey.accessKey(accessKey), toAccessKey),
    async session(tokenHash) {
      const item = await table.get(itemKey.token(tokenHash));
      if (!item) return undefined;
      const token = toToken(item);
      const [rows, ...ancestors] = await Promise.all([
        table.query({ ...rangeOf.user(token.userId), limit: ALL }),
        ...token.ancestors.map((hash) => table.get(itemKey.token(hash))),
      ]);
      const holder = rows.find(({ sk }) => sk === 'user');
      if (!holder || holder['tokensOf'] !== item['tokensOf'] || ancestors.includes(undefined)) return undefined;
      const roles = rows.filter((row) => row['role'] !== undefined && row['projectId'] === token.projectId);
      return { token, user: toUser(holder), roles: roles.map((row) => String(row['role'])) };
    },
    projects: () => listAll('projects', itemKey.project, toProject),
    users: () => listAll('users', itemKey.user, toUser),
    async accessKeys() {
      const rows = await table.query({ ...rangeOf.all('access-keys'), limit: ALL });
      // The sort key begins with the time, which only the entry of the list has.
      const createdAtMs = new Map(rows.map(({ id, sk }) => [id, Number.parseInt(sk, 10)]));
      const items = await table.getAll(rows.map(({ id }) => itemKey.accessKey(String(id))));
      return items.map((item) => ({ ...toAccessKey(item), createdAtMs: createdAtMs.get(item['accessKey']) ?? 0 }));
    },
  };
}

function domainWrites({ domainId, name }: Domain): Write[] {
  return [
    { put: { ...itemKey.domain(domainId), domainId, name }, condition: IS_NEW },
    { put: { ...itemKey.name('domain', NO_DOMAIN, name), id: domainId }, condition: IS_NEW },
  ];
}

function roleWrites(userId: string, projectId: string, role: string): Write[] {
  return [
    { put: { ...itemKey.role(userId, projectId, role), projectId, role } },
    { check: itemKey.project(projectId), condition: EXISTS },
  ];
}

/** Random, so that a user who gets the id of a removed one does not get its tokens too. */
const firstTokensOf = () => randomInt(2 ** 47);

const sortKey = ({ name, projectId }: Project) => `${name}#${projectId}`;

function tokenItem({ methods, ancestors, ...token }: StoredToken, tokensOf: number): Item {
  const ttl = Math.ceil((token.expiresAtMs + EXPIRED_TOKEN_RETENTION_MS) / 1000);
  const lists = { methods: methods.join(','), ancestors: ancestors.join(',') || undefined };
  return { ...itemKey.token(token.tokenHash), ...token, ...lists, tokensOf, ttl };
}

const toDomain = (item: Item): Domain => ({ domainId: String(item['domainId']), name: String(item['name']) });

const toUser = (item: Item): User => ({
  userId: String(item['userId']),
  domainId: String(item['domainId']),
  name: String(item['name']),
  passwordHash: String(item['passwordHash']),
  enabled: item['enabled'] === true,
});

const toAccessKey = (item: Item): AccessKey => ({
  accessKey: String(item['accessKey']),
  userId: String(item['userId']),
  sealedSecret: item['sealedSecret'] as Uint8Array,
  enabled: item['enabled'] === true,
});

const toToken = (item: Item): StoredToken => ({
  tokenHash: String(item['tokenHash']),
  userId: String(item['userId']),
  projectId: item['projectId'] === undefined ? undefined : String(item['projectId']),
  scopeDomainId: item['scopeDomainId'] === undefined ? undefined : String(item['scopeDomainId']),
  // Tokens of 0.2 have no methods.
  methods: String(item['methods'] ?? 'password').split(',') as LoginMethod[],
  ancestors: item['ancestors'] === undefined ? [] : String(item['ancestors']).split(','),
  issuedAtMs: Number(item['issuedAtMs']),
  expiresAtMs: Number(item['expiresAtMs']),
});
