/**
 * An oracle for DynamoDB tables: it reads a table with AWS's own client and compares index rows and counters with the
 * keys, grants and events. It was written from the comment in lib/store/dynamodb/schema.ts and the API documents and
 * shares no code with lib/.
 */
import { auditWebhookItems, rowsOfJobs } from './dynamodb-jobs.ts';
import { type Item, scan, type Value } from './dynamodb-scan.ts';
import { auditScimItems, rowsOfScim } from './dynamodb-scim.ts';

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
 * @param region as the store was opened with; the default is that of a store without AWS_REGION
 * @returns what is wrong, in words; empty if every index row, counter and event agrees with the keys and grants
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
    .concat(
      'key in list',
      'alias',
      'due',
      'name',
      'full list entry',
      'open job',
      'provisioned value',
      'provisioned resource in list',
    )
    .flatMap(of);
  return [
    ...of('unknown').map(({ pk, sk }) => `the schema has no such item: ${pk} ${sk}`),
    ...auditGrants(of('grant'), of('key')),
    ...auditRows(
      [
        ...rowsOfGrants(of),
        ...rowsOfKeys(of),
        ...rowsOfEvents(of),
        ...rowsOfDirectory(of),
        ...rowsOfJobs(of),
        ...rowsOfScim(of),
      ],
      derived,
    ),
    ...auditCounts(of),
    ...auditEventKeys(of),
    ...auditLifecycles(of),
    ...auditTtls(items),
    ...auditReferences(of),
    ...auditWebhookItems(of),
    ...auditScimItems(of),
  ];
}

type ItemsOf = (kind: string) => readonly Item[];

/** By the parts of `pk` and `sk` before the first `#`. */
const KINDS: Record<string, string> = {
  'key key': 'key',
  'key grant': 'grant of key',
  'key grantee': 'grant of grantee',
  'key held': 'held',
  'key event': 'event of key',
  'key creator': 'creator of an upstream key',
  'grant grant': 'grant',
  'grant event': 'event of grant',
  'grantee-events event': 'event of grantee',
  'events event': 'event',
  'retirable-n n': 'retirable count',
  'keys n': 'key counts',
  'keys alias': 'alias',
  'once once': 'idempotency record',
  'job job': 'job',
  'scim scim': 'provisioned resource',
  'scim-value value': 'provisioned value',
  'scim-n n': 'provisioned count',
  'outbox event': 'outbox entry',
  'domain domain': 'domain',
  'project project': 'project',
  'user user': 'user',
  'user role': 'role',
  'access-key access-key': 'access key',
  'token token': 'token',
  'name name': 'name',
};
/** Kinds of items whose sort key begins with an id or a value. */
const KINDS_BY_PARTITION: Record<string, string> = {
  retirable: 'retirable',
  keys: 'key in list',
  due: 'due',
  'open-jobs': 'open job',
  mappings: 'mapping',
  'scim-list': 'provisioned resource in list',
  all: 'full list entry',
};

function kindOf({ pk, sk }: Item): string {
  const [partition = '', row = ''] = [pk.split('#')[0], sk.split('#')[0]];
  return KINDS[`${partition} ${row}`] ?? KINDS_BY_PARTITION[partition] ?? 'unknown';
}

const wireOf = (item: Item) => JSON.parse(String(item['wire'])) as Grant;

/** Each grant item has the key of its grant, and the grant's key exists in the same project. */
function auditGrants(grants: readonly Item[], keys: readonly Item[]): string[] {
  const projects = new Map(keys.map((key) => [key.pk, key['projectId']]));
  return grants.flatMap((item) => {
    const { key_id, grant_id } = wireOf(item);
    const faults: string[] = [];
    if (item.pk !== `grant#${grant_id}`) faults.push(`${item.pk}: contains the grant ${grant_id}`);
    if (projects.get(`key#${key_id}`) !== item['projectId'])
      faults.push(`${item.pk}: its key does not exist in its project`);
    return faults;
  });
}

function rowsOfGrants(of: ItemsOf): Item[] {
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

/** The issuer, the retiring principal, and the grantee with `retire-grant`. Source: KMS API reference, retire-grant. */
function mayRetire(grant: Grant): { users: string[]; domains: string[] } {
  const mayRetireItself = grant.operations.includes('retire-grant');
  const isUser = grant.grantee_principal_type === 'user';
  const users = [
    grant.issuing_principal,
    grant.retiring_principal,
    mayRetireItself && isUser && grant.grantee_principal,
  ];
  const domains = [mayRetireItself && !isUser && grant.grantee_principal];
  const named = (type: string, ids: (string | false | undefined)[]) => [
    ...new Set(ids.filter((id) => typeof id === 'string').map((id) => `${type}:${id}`)),
  ];
  return { users: named('user', users), domains: named('domain', domains) };
}

const viewsOf = ({ keySpec, state }: Item) => [`${keySpec}#${state}`, `${keySpec}#*`, `*#${state}`, '*#*'];
const digits = (number: Value) => String(number).padStart(16, '0');

function rowsOfKeys(of: ItemsOf): Item[] {
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

function rowsOfEvents(of: ItemsOf): Item[] {
  return of('event').flatMap((event) => {
    const { keyId, eventId, wire, grantId } = event;
    const ofKey = { ...event, pk: `key#${keyId}`, sk: `event#${eventId}` };
    if (wire === undefined) return grantId === undefined ? [ofKey] : [ofKey, { ...ofKey, pk: `grant#${grantId}` }];
    const { grant_id, grantee_principal } = wireOf(event);
    const ofGrantee = { ...ofKey, pk: `grantee-events#${event['projectId']}#${grantee_principal}` };
    return [ofKey, { ...ofKey, pk: `grant#${grant_id}` }, ofGrantee];
  });
}

function rowsOfDirectory(of: ItemsOf): Item[] {
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

/** Compares index rows. The creation date in a row of an access key cannot be compared: no other item has it. */
function auditRows(expected: readonly Item[], found: readonly Item[]): string[] {
  const byKey = (rows: readonly Item[]) =>
    new Map(
      rows.map((row) => {
        const sk = row.pk === 'all#access-keys' ? row.sk.replace(/^.*#/, '#') : row.sk;
        return [`${row.pk} ${sk}`, JSON.stringify(Object.entries({ ...row, sk }).sort())];
      }),
    );
  const [expectedRows, foundRows] = [byKey(expected), byKey(found)];
  return [...new Set([...expectedRows.keys(), ...foundRows.keys()])].flatMap((key) => {
    if (!foundRows.has(key)) return [`missing row: ${key}`];
    if (!expectedRows.has(key)) return [`row without a record: ${key}`];
    return expectedRows.get(key) === foundRows.get(key) ? [] : [`wrong row: ${key}: ${foundRows.get(key)}`];
  });
}

function auditCounts(of: ItemsOf): string[] {
  const [expected, stored]: [Counts, Counts] = [new Map(), new Map()];
  for (const { keyId, grantCount, revision } of of('key')) {
    add(stored, `grants of key ${keyId}`, grantCount);
    add(stored, `changes to the grants of key ${keyId}`, revision);
  }
  for (const key of of('key')) for (const view of viewsOf(key)) add(expected, `keys ${key['projectId']} ${view}`);
  for (const item of of('key counts')) {
    for (const [name, n] of countersOf(item)) {
      add(
        stored,
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
    for (const name of retirableCounters(grant)) add(expected, `retirable ${item['projectId']} ${name}`);
  }
  for (const item of of('held')) {
    for (const [name, n] of countersOf(item)) add(stored, `held ${item.pk} ${item.sk} ${name}`, n);
  }
  const faults: string[] = [];
  for (const { pk, n, revision } of of('retirable count')) {
    const [, project, name] = pk.split('#');
    if (Number(n) < 0) faults.push(`${pk}: ${n}`);
    add(stored, `retirable ${project} ${name}`, n);
    add(stored, `changes to retirable ${project} ${name}`, revision);
  }
  addRevisions(of, expected);
  return [...faults, ...differences(expected, stored)];
}

/** Returns the events of applied changes: not those of the upstream, and no revocations that were given up. */
const appliedHere = (of: ItemsOf) =>
  of('event').filter((event) =>
    ['upstreamRequestId', 'failure', 'isObserved'].every((name) => event[name] === undefined),
  );

/** Adds the expected revisions: each is the number of changes that the events show. */
function addRevisions(of: ItemsOf, expected: Counts): void {
  const existing = new Set(of('key').map(({ keyId }) => keyId));
  for (const event of appliedHere(of)) {
    const { projectId, keyId, wire } = event;
    if (wire === undefined) add(expected, `changes to keys#${projectId}`);
    else {
      if (existing.has(keyId)) add(expected, `changes to the grants of key ${keyId}`);
      for (const name of retirableCounters(wireOf(event))) add(expected, `changes to retirable ${projectId} ${name}`);
    }
  }
}

/** The counters of a grant: each retirer, each pair of a user and a domain among them, and the grantee. */
function retirableCounters(grant: Grant): string[] {
  const { users, domains } = mayRetire(grant);
  const pairs = users.flatMap((user) => domains.map((domain) => `${user}+${domain}`));
  return [...users, ...domains, ...pairs, `grantee:${grant.grantee_principal}`];
}

const countersOf = ({ pk, sk, ...counters }: Item) => Object.entries(counters);

/** Each event of a project exists once, under its own id. */
function auditEventKeys(of: ItemsOf): string[] {
  const eventIds = new Set<Value>();
  return of('event').flatMap(({ pk, sk, projectId, eventId }) => {
    const isUnique = !eventIds.has(eventId);
    eventIds.add(eventId);
    const hasItsKey = sk === `event#${eventId}` && pk.replace(/#\d$/, '') === `events#${projectId}`;
    return isUnique && hasItsKey ? [] : [`${pk} ${sk}: contains the event ${eventId} of ${projectId}`];
  });
}

const REMOVALS = ['revoke-grant', 'retire-grant', 'delete-key', 'revoke-principal-grants'].concat(
  'create-revocation-job',
  'principal.disabled',
  'grant.revoke',
  'key.compromised',
);

/** What exists was created once and never removed; what does not was created once and removed once. */
function auditLifecycles(of: ItemsOf): string[] {
  const [existing, created, removed] = [new Set<string>(), new Map() as Counts, new Map() as Counts];
  for (const { pk } of [...of('grant'), ...of('key')]) existing.add(pk);
  for (const event of appliedHere(of)) {
    const { action, keyId, wire } = event;
    const subject = wire === undefined ? `key#${keyId}` : `grant#${wireOf(event).grant_id}`;
    if (action === (wire === undefined ? 'create-key' : 'create-grant')) add(created, subject);
    else if (REMOVALS.includes(String(action))) add(removed, subject);
  }
  return [...new Set([...existing, ...created.keys(), ...removed.keys()])].flatMap((subject) => {
    const counted = `${created.get(subject) ?? 0} created, ${removed.get(subject) ?? 0} removed`;
    const expected = existing.has(subject) ? '1 created, 0 removed' : '1 created, 1 removed';
    const state = existing.has(subject) ? 'exists' : 'does not exist';
    return counted === expected ? [] : [`${subject} ${state}, but its events are: ${counted}`];
  });
}

/**
 * Only idempotency records and tokens have a time to live, in seconds, which ends at their expiry or up to 7 days
 * later.
 * The time to live of jobs is compared elsewhere.
 */
function auditTtls(items: readonly Item[]): string[] {
  const others = items.filter((item) => kindOf(item) !== 'job' && item.pk !== 'all#jobs');
  return others.flatMap((item) => {
    const { pk, sk, ttl, expiresAtMs } = item;
    if (kindOf(item) !== 'idempotency record' && kindOf(item) !== 'token')
      return ttl === undefined ? [] : [`${pk} ${sk}: has a ttl`];
    const longest = Number(expiresAtMs) / 1000 + 7 * 24 * 60 * 60;
    const isCorrect = Number(ttl) * 1000 >= Number(expiresAtMs) && Number(ttl) <= longest;
    return isCorrect ? [] : [`${pk} ${sk}: expires at ${expiresAtMs} ms, its ttl is ${ttl} s`];
  });
}

/** What an item refers to exists. The void tokens of a removed user remain until they expire. */
function auditReferences(of: ItemsOf): string[] {
  const existing = new Set([...of('user'), ...of('project'), ...of('domain')].map(({ pk }) => pk));
  const references = (kind: string, targetsOf: (item: Item) => string[]) =>
    of(kind).flatMap((item) => targetsOf(item).map((target) => ({ target, item })));
  const all = [
    ...references('role', ({ pk, projectId }) => [pk, `project#${projectId}`]),
    ...references('access key', ({ userId }) => [`user#${userId}`]),
    ...['user', 'project'].flatMap((kind) => references(kind, ({ domainId }) => [`domain#${domainId}`])),
  ];
  return all.flatMap(({ target, item }) =>
    existing.has(target) ? [] : [`${item.pk} ${item.sk}: ${target} does not exist`],
  );
}

function add(counts: Counts, name: string, by: Value = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + Number(by));
}

function differences(expected: Counts, stored: Counts): string[] {
  return [...new Set([...expected.keys(), ...stored.keys()])].flatMap((name) => {
    const [expectedCount, storedCount] = [expected.get(name) ?? 0, stored.get(name) ?? 0];
    return expectedCount === storedCount ? [] : [`${name}: ${expectedCount} expected, ${storedCount} stored`];
  });
}
