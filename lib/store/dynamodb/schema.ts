/**
 * The items of the one table. `pk` is the partition key, `sk` the sort key. Every read is consistent and reads one item
 * or a range of one partition. There is no secondary index and no scan: the transaction of each change also writes the
 * index rows and counters.
 *
 * | item               | pk                                   | sk                        | read by                |
 * |--------------------|--------------------------------------|---------------------------|------------------------|
 * | key                | key#<key>                            | key                       | every API of a key     |
 * | grant on a key     | key#<key>                            | grant#<grant>             | list-grants            |
 * | grant of a grantee | key#<key>                            | grantee#<grantee>#<grant> | list-grants by grantee |
 * | held operations    | key#<key>                            | held#<principal>          | delegation; totals     |
 * | event of a key     | key#<key>                            | event#<event>             | events of a key        |
 * | creator of a key   | key#<key>                            | creator                   | upstream access rules  |
 * | grant              | grant#<grant>                        | grant                     | revoke-, retire-grant  |
 * | event of a grant   | grant#<grant>                        | event#<event>             | events of a grant      |
 * | event of a grantee | grantee-events#<project>#<grantee>   | event#<event>             | events of a grantee    |
 * | event of a project | events#<project>#<shard>             | event#<event>             | events of a project    |
 * | grant in a list    | retirable#<project>#<list>           | <grant>                   | lists across keys      |
 * | counter of a list  | retirable-n#<project>#<name>#<shard> | n                         | totals of these lists  |
 * | key in a list      | keys#<project>                       | <key spec>#<state>#<key>  | list-keys              |
 * | key counters       | keys#<project>                       | n                         | totals; quota of keys  |
 * | key by alias       | keys#<project>                       | alias#<alias>             | create-key             |
 * | key due deletion   | due                                  | <time>#<key>              | delete-due-keys        |
 * | idempotency record | once#<idempotency key>               | once                      | every change           |
 * | job                | job#<job>                            | job                       | worker                 |
 * | open job           | open-jobs                            | <time>#<job>              | overdue jobs; quota    |
 * | mapping            | mappings                             | <source>#<mapping>        | worker; admin command  |
 * | user or group      | scim#<source>#<type>#<id>            | scim                      | SCIM server            |
 * | its unique value   | scim-value#<source>#<type>#<value>   | value                     | SCIM filters           |
 * | user in a list     | scim-list#<source>#<type>            | <id>                      | lists of SCIM          |
 * | counter of a list  | scim-n#<source>#<type>#<shard>       | n                         | totals of these lists  |
 * | outbox entry       | outbox#<shard>                       | event#<event>             | dispatcher             |
 * | domain             | domain#<id>                          | domain                    | create-token           |
 * | project            | project#<id>                         | project                   | create-token           |
 * | user               | user#<id>                            | user                      | every request          |
 * | role               | user#<id>                            | role#<project>#<role>     | every request          |
 * | access key         | access-key#<AK>                      | access-key                | signed requests        |
 * | token              | token#<hash>                         | token                     | requests with a token  |
 * | name               | name#<kind>#<domain or ->#<name>     | name                      | ids by name            |
 * | full list entry    | all#<kind>                           | <name or time>#<id>       | admin command          |
 *
 * - A grant never changes, so each of its items holds all of it: `wire` is the grant as the JSON text that replies
 *   contain. Every change to a key's grants updates the key's item.
 * - Items written across keys are split into SHARDS partitions by key: events of a project, outbox entries and counters
 *   of lists. The partitions of `retirable`, `keys` and `due` are not split: docs/capacity.md, "Limits".
 * - `<list>` is a principal that may retire the grant (`user:<id>`, `domain:<id>`), or `grantee:<id>` for its grantee.
 *   In counters of lists, `<name>` is one of these, or `user:<id>+domain:<id>` for the grants that both may retire.
 * - `<key spec>` and `<state>` are `*` in rows of lists without that filter. `<time>` is ms since 1970 in 16 digits.
 *   `<mapping>` is `<hash of the folded identity>#<hash of the identity>#<grantee>`; a hash is SHA-256, because an
 *   identity may be long and hold any character. Until version 0.2 it was `<hash of the identity>`; see mappings.ts.
 * - `<type>` is `User` or `Group`; `<value>` is `<attribute>#<hash>`, of a name in compared form or an external id.
 * - Counters of lists and of held operations stay at 0 instead of being deleted. In held operations, `*` counts grants.
 * - `ttl` (seconds since 1970) is on idempotency records and tokens, whose readers also check the time, and on both
 *   items of ended jobs.
 */
import { createHash } from 'node:crypto';
import { foldIdentity } from '../../domain/external-identity.ts';
import type { JobPosition } from '../../domain/job.ts';
import type { ResourceType, UniqueAttribute } from '../../domain/provisioned.ts';
import type { ItemKey } from './item.ts';

/** The CreateTable parameters of a local table. The deployed table is in deploy/table.yml. */
export const TABLE = {
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  BillingMode: 'PAY_PER_REQUEST',
};

/** The number of partitions over which items written across keys are spread. */
const SHARDS = 8;
const shards = Array.from({ length: SHARDS }, (_, shard) => shard);

const shardOf = (keyId: string) =>
  [...keyId].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 65_521, 0) % SHARDS;

/** Sort keys that start with `prefix` and come after the id `after`. Ids hold only characters between `!` and `~`. */
const rangeAfter = (pk: string, prefix: string, after = '') => ({ pk, from: `${prefix}${after}!`, to: `${prefix}~` });

/** Sort keys that start with `prefix` and come before the id `before`. */
const rangeBefore = (pk: string, prefix: string, before?: string) =>
  before === undefined ? rangeAfter(pk, prefix) : { pk, from: `${prefix}!`, to: `${prefix}${justBefore(before)}` };

/** Returns a sort key after all smaller ids and before the id itself. */
const justBefore = (id: string) => `${id.slice(0, -1)}${String.fromCharCode(id.charCodeAt(id.length - 1) - 1)}~`;

const keyPk = (keyId: string) => `key#${keyId}`;
const grantPk = (grantId: string) => `grant#${grantId}`;
const eventsPk = (projectId: string, shard: number) => `events#${projectId}#${shard}`;
const outboxPk = (shard: number) => `outbox#${shard}`;
const granteeEventsPk = (projectId: string, grantee: string) => `grantee-events#${projectId}#${grantee}`;
const retirablePk = (projectId: string, principal: string) => `retirable#${projectId}#${principal}`;
const retirableCountOf = (projectId: string, name: string, shard: number): ItemKey => ({
  pk: `retirable-n#${projectId}#${name}#${shard}`,
  sk: 'n',
});
const hashOf = (identity: string) => createHash('sha256').update(identity).digest('hex');
const scimListPk = (source: string, type: ResourceType) => `scim-list#${source}#${type}`;
const scimCountOf = (source: string, type: ResourceType, shard: number): ItemKey => ({
  pk: `scim-n#${source}#${type}#${shard}`,
  sk: 'n',
});
const keysPk = (projectId: string) => `keys#${projectId}`;

/** Records that have a full list. */
type Kind = 'projects' | 'users' | 'access-keys' | 'jobs';

/** Builds the primary key of each item. */
export const itemKey = {
  key: (keyId: string): ItemKey => ({ pk: keyPk(keyId), sk: 'key' }),
  grantOfKey: (keyId: string, grantId: string): ItemKey => ({ pk: keyPk(keyId), sk: `grant#${grantId}` }),
  grantOfGrantee: (keyId: string, grantee: string, grantId: string): ItemKey => ({
    pk: keyPk(keyId),
    sk: `grantee#${grantee}#${grantId}`,
  }),
  held: (keyId: string, principal: string): ItemKey => ({ pk: keyPk(keyId), sk: `held#${principal}` }),
  creator: (keyId: string): ItemKey => ({ pk: keyPk(keyId), sk: 'creator' }),
  eventOfKey: (keyId: string, eventId: string): ItemKey => ({ pk: keyPk(keyId), sk: `event#${eventId}` }),
  grant: (grantId: string): ItemKey => ({ pk: grantPk(grantId), sk: 'grant' }),
  eventOfGrant: (grantId: string, eventId: string): ItemKey => ({ pk: grantPk(grantId), sk: `event#${eventId}` }),
  eventOfProject: (projectId: string, keyId: string, eventId: string): ItemKey => ({
    pk: eventsPk(projectId, shardOf(keyId)),
    sk: `event#${eventId}`,
  }),
  eventOfGrantee: (projectId: string, grantee: string, eventId: string): ItemKey => ({
    pk: granteeEventsPk(projectId, grantee),
    sk: `event#${eventId}`,
  }),
  retirable: (projectId: string, principal: string, grantId: string): ItemKey => ({
    pk: retirablePk(projectId, principal),
    sk: grantId,
  }),
  retirableCount: (projectId: string, name: string, keyId: string) => retirableCountOf(projectId, name, shardOf(keyId)),
  retirableCounts: (projectId: string, name: string) => shards.map((shard) => retirableCountOf(projectId, name, shard)),
  keyInList: (projectId: string, view: string, keyId: string): ItemKey => ({
    pk: keysPk(projectId),
    sk: `${view}#${keyId}`,
  }),
  keyCounts: (projectId: string): ItemKey => ({ pk: keysPk(projectId), sk: 'n' }),
  alias: (projectId: string, alias: string): ItemKey => ({ pk: keysPk(projectId), sk: `alias#${alias}` }),
  due: (deletionAtMs: number, keyId: string): ItemKey => ({
    pk: 'due',
    sk: `${sortableNumber(deletionAtMs)}#${keyId}`,
  }),
  idempotency: (idempotencyKey: string): ItemKey => ({ pk: `once#${idempotencyKey}`, sk: 'once' }),
  job: (jobId: string): ItemKey => ({ pk: `job#${jobId}`, sk: 'job' }),
  openJob: (dueAtMs: number, jobId: string): ItemKey => ({
    pk: 'open-jobs',
    sk: `${sortableNumber(dueAtMs)}#${jobId}`,
  }),
  mapping: (source: string, identity: string, grantee: string): ItemKey => ({
    pk: 'mappings',
    sk: `${source}#${hashOf(foldIdentity(identity))}#${hashOf(identity)}#${grantee}`,
  }),
  oldMapping: (source: string, identity: string): ItemKey => ({
    pk: 'mappings',
    sk: `${source}#${hashOf(identity)}`,
  }),
  scimResource: (source: string, type: ResourceType, id: string): ItemKey => ({
    pk: `scim#${source}#${type}#${id}`,
    sk: 'scim',
  }),
  scimValue: (source: string, type: ResourceType, attribute: UniqueAttribute, value: string): ItemKey => ({
    pk: `scim-value#${source}#${type}#${attribute}#${hashOf(value)}`,
    sk: 'value',
  }),
  scimInList: (source: string, type: ResourceType, id: string): ItemKey => ({ pk: scimListPk(source, type), sk: id }),
  scimCount: (source: string, type: ResourceType, id: string) => scimCountOf(source, type, shardOf(id)),
  scimCounts: (source: string, type: ResourceType) => shards.map((shard) => scimCountOf(source, type, shard)),
  outbox: (keyId: string, eventId: string): ItemKey => ({ pk: outboxPk(shardOf(keyId)), sk: `event#${eventId}` }),
  domain: (id: string): ItemKey => ({ pk: `domain#${id}`, sk: 'domain' }),
  project: (id: string): ItemKey => ({ pk: `project#${id}`, sk: 'project' }),
  user: (id: string): ItemKey => ({ pk: `user#${id}`, sk: 'user' }),
  role: (userId: string, projectId: string, role: string): ItemKey => ({
    pk: `user#${userId}`,
    sk: `role#${projectId}#${role}`,
  }),
  accessKey: (accessKey: string): ItemKey => ({ pk: `access-key#${accessKey}`, sk: 'access-key' }),
  token: (hash: string): ItemKey => ({ pk: `token#${hash}`, sk: 'token' }),
  name: (kind: 'domain' | 'project' | 'user', domainId: string, name: string): ItemKey => ({
    pk: `name#${kind}#${domainId}#${name}`,
    sk: 'name',
  }),
  inAll: (kind: Kind, order: string, id: string): ItemKey => ({
    pk: `all#${kind}`,
    sk: `${order}#${id}`,
  }),
};

/** Builds the ranges of lists. `after` and `before` are ids and are exclusive. */
export const rangeOf = {
  grants: (keyId: string, after?: string) => rangeAfter(keyPk(keyId), 'grant#', after),
  grantsOfGrantee: (keyId: string, grantee: string, after?: string) =>
    rangeAfter(keyPk(keyId), `grantee#${grantee}#`, after),
  eventsOfKey: (keyId: string, before?: string) => rangeBefore(keyPk(keyId), 'event#', before),
  eventsOfGrant: (grantId: string, before?: string) => rangeBefore(grantPk(grantId), 'event#', before),
  eventsOfGrantee: (projectId: string, grantee: string, before?: string) =>
    rangeBefore(granteeEventsPk(projectId, grantee), 'event#', before),
  eventsOfProject: (projectId: string, before?: string) =>
    shards.map((shard) => rangeBefore(eventsPk(projectId, shard), 'event#', before)),
  retirable: (projectId: string, principal: string, after?: string) =>
    rangeAfter(retirablePk(projectId, principal), '', after),
  keys: (projectId: string, view: string, after?: string) => rangeAfter(keysPk(projectId), `${view}#`, after),
  due: (untilMs: number) => ({ pk: 'due', from: '0', to: `${sortableNumber(untilMs)}#~` }),
  openJobs: (untilMs: number) => ({ pk: 'open-jobs', from: '0', to: `${sortableNumber(untilMs)}#~` }),
  /** The list of all jobs by age. */
  jobs: (before?: JobPosition) =>
    rangeBefore('all#jobs', '', before && `${sortableNumber(before.receivedAtMs)}#${before.jobId}`),
  mappings: () => rangeAfter('mappings', ''),
  /** The mappings of all identities with the same folded form, also one as version 0.2 stored it under that form. */
  mappingsOf: (source: string, identity: string) => {
    const { pk, sk } = itemKey.oldMapping(source, foldIdentity(identity));
    return { pk, from: sk, to: `${sk}#~` };
  },
  scim: (source: string, type: ResourceType, after?: string) => rangeAfter(scimListPk(source, type), '', after),
  outbox: () => shards.map((shard) => rangeAfter(outboxPk(shard), 'event#')),
  /** The user and its roles: `user` and `role#…`. */
  user: (userId: string) => ({ pk: `user#${userId}`, from: 'r', to: 'v' }),
  roles: (userId: string, projectId?: string) =>
    rangeAfter(`user#${userId}`, projectId === undefined ? 'role#' : `role#${projectId}#`),
  all: (kind: Kind) => ({ pk: `all#${kind}`, from: ' ', to: '~' }),
};

/** Formats a number so that its text sorts by its value. */
export const sortableNumber = (number: number) => String(number).padStart(16, '0');
