import type { Item, ItemKey } from '../../../../lib/store/dynamodb/item.ts';
import { itemKey } from '../../../../lib/store/dynamodb/schema.ts';
import type { Table } from '../../../../lib/store/dynamodb/table.ts';
import { mapWithConcurrency } from '../../../../lib/util/concurrency.ts';
import { difference } from '../audit.ts';
import { allFaults, byName, lookUp, nameOf, readPartition } from './partitions.ts';

const USERS_AT_ONCE = 8;

export interface DirectoryAudit {
  /** Ids of the projects that anything tells of. */
  projectIds: string[];
  /** How many of them are there. */
  projects: number;
  faults: string[];
}

/** What the directory holds, as far as it can be found. */
interface Found {
  domains: Item[];
  projects: Item[];
  users: Item[];
  accessKeys: Item[];
  /** Whatever is beside users in their partitions. */
  roles: Item[];
  /** The lists of all. */
  rows: Record<'projects' | 'users' | 'access-keys', Item[]>;
}

/** Compares domains, projects, users, roles and access keys with their names and lists, and with each other. */
export async function auditDirectory(table: Table): Promise<DirectoryAudit> {
  const found = await find(table);
  const names = namesOf(found);
  return {
    projectIds: projectIds(found),
    projects: found.projects.length,
    faults: [
      ...missing(found),
      ...listFaults(found),
      ...allFaults(byName(found.roles), byName(found.roles.map(roleOf))),
      ...allFaults(await lookUp(table, names), byName(names)),
    ],
  };
}

/** Access keys are known by their list, users by theirs and by access keys, projects by theirs and by roles. */
async function find(table: Table): Promise<Found> {
  const list = (kind: keyof Found['rows']) => readPartition(table, itemKey.inAll(kind, '', '').pk);
  const read = async (places: ItemKey[]) => [...(await lookUp(table, places)).values()];
  const rows = {
    projects: await list('projects'),
    users: await list('users'),
    'access-keys': await list('access-keys'),
  };
  const accessKeys = await read(ids(rows['access-keys'], 'id').map(itemKey.accessKey));
  const userIds = new Set([...ids(rows.users, 'id'), ...ids(accessKeys, 'userId')]);
  const ofUsers = (
    await mapWithConcurrency([...userIds], USERS_AT_ONCE, (id) => readPartition(table, itemKey.user(id).pk))
  ).flat();
  const [users, roles] = [ofUsers.filter(({ sk }) => sk === 'user'), ofUsers.filter(({ sk }) => sk !== 'user')];
  const projects = await read(projectIds({ rows, roles }).map(itemKey.project));
  const domains = await read(ids([...projects, ...users], 'domainId').map(itemKey.domain));
  return { domains, projects, users, accessKeys, roles, rows };
}

const projectIds = ({ rows, roles }: Pick<Found, 'rows' | 'roles'>) => [
  ...new Set([...ids(rows.projects, 'id'), ...ids(roles, 'projectId')]),
];

/** What is not there though another item says so; each told once. */
function missing({ domains, projects, users, accessKeys, roles, rows }: Found): string[] {
  const there = byName([...domains, ...projects, ...users, ...accessKeys]);
  const pointers = [
    ...pointersOf(rows.projects, ({ id }) => itemKey.project(String(id))),
    ...pointersOf(rows.users, ({ id }) => itemKey.user(String(id))),
    ...pointersOf(rows['access-keys'], ({ id }) => itemKey.accessKey(String(id))),
    ...pointersOf(accessKeys, ({ userId }) => itemKey.user(String(userId))),
    ...pointersOf(roles, ({ pk }) => ({ pk, sk: 'user' })),
    ...pointersOf(roles, ({ projectId }) => itemKey.project(String(projectId))),
    ...pointersOf([...projects, ...users], ({ domainId }) => itemKey.domain(String(domainId))),
  ];
  const broken = new Map(pointers.filter(({ to }) => !there.has(to)).map((pointer) => [pointer.to, pointer]));
  return [...broken.values()].flatMap(({ from, to }) => difference(to, undefined, `there for ${from}`));
}

const pointersOf = (items: readonly Item[], to: (item: Item) => ItemKey) =>
  items.map((item) => ({ from: nameOf(item), to: nameOf(to(item)) }));

/** Each project and user is in its list under its name; an access key is in its list once, under some date. */
function listFaults({ projects, users, rows }: Found): string[] {
  const expected = [
    ...projects.map(({ projectId: id, name }) => ({ ...itemKey.inAll('projects', String(name), String(id)), id })),
    ...users.map(({ userId: id, name }) => ({ ...itemKey.inAll('users', String(name), String(id)), id })),
  ];
  const known = new Set([...ids(projects, 'projectId'), ...ids(users, 'userId')]);
  const found = [...rows.projects, ...rows.users].filter(({ id }) => known.has(String(id)));
  const once = new Map(rows['access-keys'].toReversed().map((row) => [row['id'], row]));
  const extra = rows['access-keys'].filter((row) => once.get(row['id']) !== row || !row.sk.endsWith(`#${row['id']}`));
  return [
    ...allFaults(byName(found), byName(expected)),
    ...extra.flatMap((row) => difference(nameOf(row), row, undefined)),
  ];
}

function roleOf({ pk, projectId, role }: Item): Item {
  return { ...itemKey.role(pk.slice(pk.indexOf('#') + 1), String(projectId), String(role)), projectId, role };
}

function namesOf({ domains, projects, users }: Found): Item[] {
  return [
    ...domains.map(({ domainId: id, name }) => ({ ...itemKey.name('domain', '-', String(name)), id })),
    ...projects.map(({ projectId: id, domainId, name }) => ({
      ...itemKey.name('project', String(domainId), String(name)),
      id,
    })),
    ...users.map(({ userId: id, domainId, name }) => ({ ...itemKey.name('user', String(domainId), String(name)), id })),
  ];
}

const ids = (items: readonly Item[], name: string) => [...new Set(items.map((item) => String(item[name])))];
