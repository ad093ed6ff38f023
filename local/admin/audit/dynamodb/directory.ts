import type { Item, ItemKey } from '../../../../lib/store/dynamodb/item.ts';
import { itemKey } from '../../../../lib/store/dynamodb/schema.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { mapWithConcurrency } from '../../../../lib/util/concurrency.ts';
import { difference } from '../audit.ts';
import { byName, getItems, itemSetFaults, nameOf, readPartition } from './partitions.ts';

const CONCURRENT_USERS_MAX = 8;

interface DirectoryAudit {
  /** Ids of all projects that a list or a role names, whether or not the project exists. */
  projectIds: string[];
  /** Number of them that exist. */
  projects: number;
  faults: string[];
}

/** The items of the directory that lists and references lead to. */
interface DirectoryItems {
  domains: Item[];
  projects: Item[];
  users: Item[];
  accessKeys: Item[];
  /** All other items in the users' partitions. */
  roles: Item[];
  /** The rows of the lists of all projects, users and access keys. */
  listRows: Record<'projects' | 'users' | 'access-keys', Item[]>;
}

/** Compares domains, projects, users, roles and access keys with their names and lists, and with each other. */
export async function auditDirectory(table: Table): Promise<DirectoryAudit> {
  const items = await readDirectory(table);
  const names = namesOf(items);
  return {
    projectIds: projectIdsOf(items),
    projects: items.projects.length,
    faults: [
      ...brokenReferences(items),
      ...listFaults(items),
      ...itemSetFaults(byName(items.roles), byName(items.roles.map(expectedRole))),
      ...itemSetFaults(await getItems(table, names), byName(names)),
    ],
  };
}

/** Access keys are found by their list, users by their list and by access keys, projects by their list and by roles. */
async function readDirectory(table: Table): Promise<DirectoryItems> {
  const list = (kind: keyof DirectoryItems['listRows']) => readPartition(table, itemKey.inAll(kind, '', '').pk);
  const read = async (keys: ItemKey[]) => [...(await getItems(table, keys)).values()];
  const listRows = {
    projects: await list('projects'),
    users: await list('users'),
    'access-keys': await list('access-keys'),
  };
  const accessKeys = await read(valuesOf(listRows['access-keys'], 'id').map(itemKey.accessKey));
  const userIds = new Set([...valuesOf(listRows.users, 'id'), ...valuesOf(accessKeys, 'userId')]);
  const ofUsers = (
    await mapWithConcurrency([...userIds], CONCURRENT_USERS_MAX, (id) => readPartition(table, itemKey.user(id).pk))
  ).flat();
  const [users, roles] = [ofUsers.filter(({ sk }) => sk === 'user'), ofUsers.filter(({ sk }) => sk !== 'user')];
  const projects = await read(projectIdsOf({ listRows, roles }).map(itemKey.project));
  const domains = await read(valuesOf([...projects, ...users], 'domainId').map(itemKey.domain));
  return { domains, projects, users, accessKeys, roles, listRows };
}

const projectIdsOf = ({ listRows, roles }: Pick<DirectoryItems, 'listRows' | 'roles'>) => [
  ...new Set([...valuesOf(listRows.projects, 'id'), ...valuesOf(roles, 'projectId')]),
];

/** The items that do not exist although another item refers to them; each is reported once. */
function brokenReferences({ domains, projects, users, accessKeys, roles, listRows }: DirectoryItems): string[] {
  const existing = byName([...domains, ...projects, ...users, ...accessKeys]);
  const references = [
    ...referencesFrom(listRows.projects, ({ id }) => itemKey.project(String(id))),
    ...referencesFrom(listRows.users, ({ id }) => itemKey.user(String(id))),
    ...referencesFrom(listRows['access-keys'], ({ id }) => itemKey.accessKey(String(id))),
    ...referencesFrom(accessKeys, ({ userId }) => itemKey.user(String(userId))),
    ...referencesFrom(roles, ({ pk }) => ({ pk, sk: 'user' })),
    ...referencesFrom(roles, ({ projectId }) => itemKey.project(String(projectId))),
    ...referencesFrom([...projects, ...users], ({ domainId }) => itemKey.domain(String(domainId))),
  ];
  const broken = new Map(
    references.filter(({ to }) => !existing.has(to)).map((reference) => [reference.to, reference]),
  );
  return [...broken.values()].flatMap(({ from, to }) =>
    difference(to, undefined, `present because ${from} refers to it`),
  );
}

const referencesFrom = (items: readonly Item[], targetOf: (item: Item) => ItemKey) =>
  items.map((item) => ({ from: nameOf(item), to: nameOf(targetOf(item)) }));

/** Each project and user is listed under its name. An access key is listed once; the audit does not know its date. */
function listFaults({ projects, users, listRows }: DirectoryItems): string[] {
  const expected = [
    ...projects.map(({ projectId: id, name }) => ({ ...itemKey.inAll('projects', String(name), String(id)), id })),
    ...users.map(({ userId: id, name }) => ({ ...itemKey.inAll('users', String(name), String(id)), id })),
  ];
  const existingIds = new Set([...valuesOf(projects, 'projectId'), ...valuesOf(users, 'userId')]);
  const actual = [...listRows.projects, ...listRows.users].filter(({ id }) => existingIds.has(String(id)));
  const firstRows = new Map(listRows['access-keys'].toReversed().map((row) => [row['id'], row]));
  const extra = listRows['access-keys'].filter(
    (row) => firstRows.get(row['id']) !== row || !row.sk.endsWith(`#${row['id']}`),
  );
  return [
    ...itemSetFaults(byName(actual), byName(expected)),
    ...extra.flatMap((row) => difference(nameOf(row), row, undefined)),
  ];
}

function expectedRole({ pk, projectId, role }: Item): Item {
  return { ...itemKey.role(pk.slice(pk.indexOf('#') + 1), String(projectId), String(role)), projectId, role };
}

function namesOf({ domains, projects, users }: DirectoryItems): Item[] {
  return [
    ...domains.map(({ domainId: id, name }) => ({ ...itemKey.name('domain', '-', String(name)), id })),
    ...projects.map(({ projectId: id, domainId, name }) => ({
      ...itemKey.name('project', String(domainId), String(name)),
      id,
    })),
    ...users.map(({ userId: id, domainId, name }) => ({ ...itemKey.name('user', String(domainId), String(name)), id })),
  ];
}

const valuesOf = (items: readonly Item[], attribute: string) => [
  ...new Set(items.map((item) => String(item[attribute]))),
];
