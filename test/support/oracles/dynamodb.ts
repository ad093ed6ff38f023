/**
 * Reads a whole table with AWS's own client and compares what is indexed and counted with the keys, grants and events
 * themselves. Written from the table in lib/store/dynamodb/schema.ts and the API's documents, without code of lib/.
 */
import { auditHooks, rowsOfJobs } from './dynamodb-jobs.ts';
import { type Item, scan, type Value } from './dynamodb-scan.ts';

type Counts = Map<string, number>;

interface Grant {
  key_id: string;
  grant_id: string;
  grantee_principal: string;
  grantee_principal_type: string;
  operations: string[];
  issuing_principal: string;
  retiring_principal?: string;
}

/**
 * @param endpoint such as http://127.0.0.1:8000
 * @param region as the store was opened with; unless told, what it is without AWS_REGION
 * @returns what is wrong, in words; empty when every index row, counter and event agrees with the keys and grants
 */
export async function auditTable(endpoint: string, table: string, region = 'local'): Promise<string[]> {
  return auditItems(await scan(endpoint, table, region));
}

/** @returns what is wrong, in words */
export function auditItems(items: readonly Item[]): string[] {
  const byKind = new Map<string, Item[]>();
  for (const item of items) {
    const kind = kindOf(item);
    const others = byKind.get(kind);
    if (others) others.push(item);
    else byKind.set(kind, [item]);
  }
  const of = (kind: string) => byKind.get(kind) ?? [];
  const derived = [
    'grant of key',
    'grant of grantee',
    'retirable',
    'event of key',
    'event of grant',
    'event of grantee',
  ]
    .concat('key in list', 'alias', 'due', 'name', 'in all', 'open job')
    .flatMap(of);
  return [
    ...of('unknown').map(({ pk, sk }) => `no item has this place: ${pk} ${sk}`),
    ...auditGrants(of('grant'), of('key')),
    ...auditRows(
      [...rowsOfGrants(of), ...rowsOfKeys(of), ...rowsOfEvents(of), ...rowsOfDirectory(of), ...rowsOfJobs(of)],
      derived,
    ),
    ...auditCounts(of),
    ...auditEventPlaces(of),
    ...auditStories(of),
    ...auditLingering(items),
    ...auditHolders(of),
    ...auditHooks(of),
  ];
}

type Of = (kind: string) => readonly Item[];

/** By the parts of the place before the first `#`. */
const KINDS: Record<string, string> = {
  'key key': 'key',
  'key grant': 'grant of key',
  'key grantee': 'grant of grantee',
  'key held': 'held',
  'key event': 'event of key',
  'key creator': 'creator of a key elsewhere',
  'grant grant': 'grant',
  'grant event': 'event of grant',
  'grantee-events event': 'event of grantee',
  'events event': 'event',
  'retirable-n n': 'retirable count',
  'keys n': 'key counts',
  'keys alias': 'alias',
  'idempotency record': 'idempotency record',
  'job job': 'job',
  'outbox event': 'event to be told',
  'domain domain': 'domain',
  'project project': 'project',
  'user user': 'user',
  'user role': 'role',
  'access-key access-key': 'access key',
  'token token': 'token',
  'name name': 'name',
};
/** Those whose sort key begins with no word. */
const KINDS_BY_PARTITION: Record<string, string> = {
  retirable: 'retirable',
  keys: 'key in list',
  due: 'due',
  'open-jobs': 'open job',
  mappings: 'mapping',
  all: 'in all',
};

function kindOf({ pk, sk }: Item): string {
  const [partition = '', place = ''] = [pk.split('#')[0], sk.split('#')[0]];
  return KINDS[`${partition} ${place}`] ?? KINDS_BY_PARTITION[partition] ?? 'unknown';
}

const wireOf = (item: Item) => JSON.parse(String(item['wire'])) as Grant;

/** The grant's own item, and its key. */
function auditGrants(grants: readonly Item[], keys: readonly Item[]): string[] {
  const projects = new Map(keys.map((key) => [key.pk, key['projectId']]));
  return grants.flatMap((item) => {
    const { key_id, grant_id } = wireOf(item);
    const faults: string[] = [];
    if (item.pk !== `grant#${grant_id}`) faults.push(`${item.pk}: holds the grant ${grant_id}`);
    if (projects.get(`key#${key_id}`) !== item['projectId']) faults.push(`${item.pk}: its key is not there`);
    return faults;
  });
}

function rowsOfGrants(of: Of): Item[] {
  return of('grant').flatMap((item) => {
    const { wire, projectId } = item;
    const { key_id, grant_id, grantee_principal, ...grant } = wireOf(item);
    const { users, domains } = mayRetire({ ...grant, key_id, grant_id, grantee_principal });
    return [
      { pk: `key#${key_id}`, sk: `grant#${grant_id}`, wire },
      { pk: `key#${key_id}`, sk: `grantee#${grantee_principal}#${grant_id}`, wire },
      ...[...users, ...domains, `grantee:${grantee_principal}`].map((name) => ({
        pk: `retirable#${projectId}#${name}`,
        sk: grant_id,
        wire,
      })),
    ];
  });
}

/** Source: KMS API reference, retire-grant: the issuer, the retiring principal, the grantee with `retire-grant`. */
function mayRetire(grant: Grant): { users: string[]; domains: string[] } {
  const holdsRetire = grant.operations.includes('retire-grant');
  const isUser = grant.grantee_principal_type === 'user';
  const users = [grant.issuing_principal, grant.retiring_principal, holdsRetire && isUser && grant.grantee_principal];
  const domains = [holdsRetire && !isUser && grant.grantee_principal];
  const named = (type: string, ids: (string | false | undefined)[]) => [
    ...new Set(ids.filter((id) => typeof id === 'string').map((id) => `${type}:${id}`)),
  ];
  return { users: named('user', users), domains: named('domain', domains) };
}

const viewsOf = ({ keySpec, state }: Item) => [`${keySpec}#${state}`, `${keySpec}#*`, `*#${state}`, '*#*'];
const digits = (number: Value) => String(number).padStart(16, '0');

function rowsOfKeys(of: Of): Item[] {
  return of('key').flatMap((key) => {
    const { keyId, projectId, alias, deletionAtMs } = key;
    const pk = `keys#${projectId}`;
    const due = Number(deletionAtMs) > 0 ? [{ pk: 'due', sk: `${digits(deletionAtMs)}#${keyId}`, keyId }] : [];
    return [
      { pk, sk: `alias#${alias}`, keyId },
      ...viewsOf(key).map((view) => ({ pk, sk: `${view}#${keyId}`, keyId })),
      ...due,
    ];
  });
}

function rowsOfEvents(of: Of): Item[] {
  return of('event').flatMap((event) => {
    const { keyId, eventId, wire, grantId } = event;
    const ofKey = { ...event, pk: `key#${keyId}`, sk: `event#${eventId}` };
    if (wire === undefined) return grantId === undefined ? [ofKey] : [ofKey, { ...ofKey, pk: `grant#${grantId}` }];
    const { grant_id, grantee_principal } = wireOf(event);
    const ofGrantee = { ...ofKey, pk: `grantee-events#${event['projectId']}#${grantee_principal}` };
    return [ofKey, { ...ofKey, pk: `grant#${grant_id}` }, ofGrantee];
  });
}

function rowsOfDirectory(of: Of): Item[] {
  const named = (kind: string, domainId: Value, name: Value, id: Value) => ({
    pk: `name#${kind}#${domainId}#${name}`,
    sk: 'name',
    id,
  });
  return [
    ...of('domain').map(({ domainId, name }) => named('domain', '-', name, domainId)),
    ...of('project').map(({ projectId, domainId, name }) => named('project', domainId, name, projectId)),
    ...of('user').map(({ userId, domainId, name }) => named('user', domainId, name, userId)),
    ...of('project').map(({ projectId: id, name }) => ({ pk: 'all#projects', sk: `${name}#${id}`, id })),
    ...of('user').map(({ userId: id, name }) => ({ pk: 'all#users', sk: `${name}#${id}`, id })),
    ...of('access key').map(({ accessKey: id }) => ({ pk: 'all#access-keys', sk: `#${id}`, id })),
  ];
}

/** The rows that there must be, and those that there are; the date in a row of an access key is nowhere else. */
function auditRows(expected: readonly Item[], found: readonly Item[]): string[] {
  const placed = (rows: readonly Item[]) =>
    new Map(
      rows.map((row) => {
        const sk = row.pk === 'all#access-keys' ? row.sk.replace(/^.*#/, '#') : row.sk;
        return [`${row.pk} ${sk}`, JSON.stringify(Object.entries({ ...row, sk }).sort())];
      }),
    );
  const [wanted, there] = [placed(expected), placed(found)];
  return [...new Set([...wanted.keys(), ...there.keys()])].flatMap((place) => {
    if (!there.has(place)) return [`missing: ${place}`];
    if (!wanted.has(place)) return [`left over: ${place}`];
    return wanted.get(place) === there.get(place) ? [] : [`not as it should be: ${place}: ${there.get(place)}`];
  });
}

function auditCounts(of: Of): string[] {
  const [expected, kept]: [Counts, Counts] = [new Map(), new Map()];
  for (const { keyId, grantCount, revision } of of('key')) {
    add(kept, `grants of key ${keyId}`, grantCount);
    add(kept, `changes to the grants of key ${keyId}`, revision);
  }
  for (const key of of('key')) for (const view of viewsOf(key)) add(expected, `keys ${key['projectId']} ${view}`);
  for (const item of of('key counts')) {
    for (const [name, n] of countersOf(item)) {
      add(
        kept,
        name === 'revision' ? `changes to keys#${item.pk.split('#')[1]}` : `keys ${item.pk.split('#')[1]} ${name}`,
        n,
      );
    }
  }
  for (const item of of('grant')) {
    const grant = wireOf(item);
    const { key_id, grantee_principal_type: type, grantee_principal: grantee, operations } = grant;
    add(expected, `grants of key ${key_id}`);
    for (const name of ['*', ...operations]) add(expected, `held key#${key_id} held#${type}:${grantee} ${name}`);
    for (const name of retirableNames(grant)) add(expected, `retirable ${item['projectId']} ${name}`);
  }
  for (const item of of('held')) {
    for (const [name, n] of countersOf(item)) add(kept, `held ${item.pk} ${item.sk} ${name}`, n);
  }
  const faults: string[] = [];
  for (const { pk, n, revision } of of('retirable count')) {
    const [, project, name] = pk.split('#');
    if (Number(n) < 0) faults.push(`${pk}: ${n}`);
    add(kept, `retirable ${project} ${name}`, n);
    add(kept, `changes to retirable ${project} ${name}`, revision);
  }
  countChanges(of, expected);
  return [...faults, ...differences(expected, kept)];
}

/** The events of changes made here: neither by another KMS, nor given up. */
const madeHere = (of: Of) =>
  of('event').filter((event) => event['upstreamRequestId'] === undefined && event['failure'] === undefined);

/** What a list goes by to know that nothing came between: one up for every change, as the events tell. */
function countChanges(of: Of, expected: Counts): void {
  const living = new Set(of('key').map(({ keyId }) => keyId));
  for (const event of madeHere(of)) {
    const { projectId, keyId, wire } = event;
    if (wire === undefined) add(expected, `changes to keys#${projectId}`);
    else {
      if (living.has(keyId)) add(expected, `changes to the grants of key ${keyId}`);
      for (const name of retirableNames(wireOf(event))) add(expected, `changes to retirable ${projectId} ${name}`);
    }
  }
}

/** Each who may retire it, each pair of a user and a domain who both may, and its grantee. */
function retirableNames(grant: Grant): string[] {
  const { users, domains } = mayRetire(grant);
  const pairs = users.flatMap((user) => domains.map((domain) => `${user}+${domain}`));
  return [...users, ...domains, ...pairs, `grantee:${grant.grantee_principal}`];
}

const countersOf = ({ pk, sk, ...counters }: Item) => Object.entries(counters);

/** A project has each of its events once, under its own id. */
function auditEventPlaces(of: Of): string[] {
  const seen = new Set<Value>();
  return of('event').flatMap(({ pk, sk, projectId, eventId }) => {
    const isFirst = !seen.has(eventId);
    seen.add(eventId);
    const isInPlace = sk === `event#${eventId}` && pk.replace(/#\d$/, '') === `events#${projectId}`;
    return isFirst && isInPlace ? [] : [`${pk} ${sk}: holds the event ${eventId} of ${projectId}`];
  });
}

const REMOVALS = ['revoke-grant', 'retire-grant', 'delete-key', 'revoke-principal-grants'].concat(
  'principal.disabled',
  'grant.revoke',
  'key.compromised',
);

/** What is there was created once and never removed; what is gone was created once and removed once. */
function auditStories(of: Of): string[] {
  const [living, created, removed] = [new Set<string>(), new Map() as Counts, new Map() as Counts];
  for (const { pk } of [...of('grant'), ...of('key')]) living.add(pk);
  for (const event of madeHere(of)) {
    const { action, keyId, wire } = event;
    const about = wire === undefined ? `key#${keyId}` : `grant#${wireOf(event).grant_id}`;
    if (action === (wire === undefined ? 'create-key' : 'create-grant')) add(created, about);
    else if (REMOVALS.includes(String(action))) add(removed, about);
  }
  return [...new Set([...living, ...created.keys(), ...removed.keys()])].flatMap((about) => {
    const story = `${created.get(about) ?? 0} created, ${removed.get(about) ?? 0} removed`;
    const expected = living.has(about) ? '1 created, 0 removed' : '1 created, 1 removed';
    return story === expected ? [] : [`${about}, ${living.has(about) ? 'there' : 'gone'}: events say ${story}`];
  });
}

/**
 * Only what may linger has a time to live, in seconds, and never a shorter one than its own time. That of jobs is compared
 * with each of them.
 */
function auditLingering(items: readonly Item[]): string[] {
  const others = items.filter((item) => kindOf(item) !== 'job' && item.pk !== 'all#jobs');
  return others.flatMap((item) => {
    const { pk, sk, ttl, expiresAtMs } = item;
    if (kindOf(item) !== 'idempotency record' && kindOf(item) !== 'token') return ttl === undefined ? [] : [`${pk} ${sk}: has a ttl`];
    const longest = Number(expiresAtMs) / 1000 + 7 * 24 * 60 * 60;
    const isSound = Number(ttl) * 1000 >= Number(expiresAtMs) && Number(ttl) <= longest;
    return isSound ? [] : [`${pk} ${sk}: expires at ${expiresAtMs} ms, its ttl is ${ttl} s`];
  });
}

/** Whom something belongs to is there. */
function auditHolders(of: Of): string[] {
  const there = new Set([...of('user'), ...of('project'), ...of('domain')].map(({ pk }) => pk));
  const holders = (kind: string, holdersOf: (item: Item) => string[]) =>
    of(kind).flatMap((item) => holdersOf(item).map((holder) => ({ holder, item })));
  const needed = [
    ...holders('role', ({ pk, projectId }) => [pk, `project#${projectId}`]),
    ...holders('token', ({ userId }) => [`user#${userId}`]),
    ...holders('access key', ({ userId }) => [`user#${userId}`]),
    ...['user', 'project'].flatMap((kind) => holders(kind, ({ domainId }) => [`domain#${domainId}`])),
  ];
  return needed.flatMap(({ holder, item }) => (there.has(holder) ? [] : [`${item.pk} ${item.sk}: no ${holder}`]));
}

function add(counts: Counts, name: string, by: Value = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + Number(by));
}

function differences(expected: Counts, kept: Counts): string[] {
  return [...new Set([...expected.keys(), ...kept.keys()])].flatMap((name) => {
    const [counted, stored] = [expected.get(name) ?? 0, kept.get(name) ?? 0];
    return counted === stored ? [] : [`${name}: ${counted} by the rows, ${stored} as kept`];
  });
}
