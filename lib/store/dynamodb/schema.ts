/**
 * The one table: `pk` is the partition, `sk` the place within it. Every read is by these two and consistent; there is
 * no secondary index and nothing scans. What counts or indexes is written by the transaction that alters it.
 *
 * | item                 | pk                                      | sk                            | read by                              |
 * |----------------------|-----------------------------------------|-------------------------------|--------------------------------------|
 * | key                  | key#<key>                               | key                           | all but list-retirable-grants         |
 * | grant of the key     | key#<key>                               | grant#<grant>                 | list-grants                          |
 * | grant of a grantee   | key#<key>                               | grantee#<grantee>#<grant>     | list-grants of a grantee             |
 * | what is held         | key#<key>                               | held#<principal>              | create-grant by a grantee; totals    |
 * | event of the key     | key#<key>                               | event#<event>                 | receipts of a key                    |
 * | its creator          | key#<key>                               | creator                       | who may revoke, of a key elsewhere   |
 * | grant                | grant#<grant>                           | grant                         | revoke-grant, retire-grant           |
 * | event of the grant   | grant#<grant>                           | event#<event>                 | receipts of a grant                  |
 * | event of the grantee | grantee-events#<project>#<grantee>      | event#<event>                 | receipts of a principal              |
 * | event of the project | events#<project>#<shard>                | event#<event>                 | receipts of a project                |
 * | retirable grant      | retirable#<project>#<principal>         | <grant>                       | list-retirable-grants, list-principal-grants |
 * | count of those       | retirable-n#<project>#<name>#<shard>    | n                             | its total                            |
 * | key in a list        | keys#<project>                          | <spec or *>#<state or *>#<key>| list-keys                            |
 * | counts of keys       | keys#<project>                          | n                             | its total; quota of keys             |
 * | key by alias         | keys#<project>                          | alias#<alias>                 | create-key                           |
 * | key to be deleted    | due                                     | <ms, 16 digits>#<key>         | delete-due-keys                      |
 * | idempotency record   | idempotency#<idempotency key>           | record                        | every change, for a repeat's answer  |
 * | job                  | job#<job>                               | job                           | the worker                           |
 * | job under way        | open-jobs                               | <ms, 16 digits>#<job>         | jobs that were lost sight of         |
 * | who one is outside   | mappings                                | <source>#<SHA-256 of identity>| the worker; the admin command        |
 * | event to be told     | outbox#<shard>                          | event#<event>                 | who tells events to others           |
 * | domain               | domain#<id>                             | domain                        | tokens                               |
 * | project              | project#<id>                            | project                       | tokens                               |
 * | user                 | user#<id>                               | user                          | every request, with the roles        |
 * | role                 | user#<id>                               | role#<project>#<role>         | every request                        |
 * | access key           | access-key#<AK>                         | access-key                    | every signed request                 |
 * | token                | token#<hash>                            | token                         | every request with a token           |
 * | a name               | name#<kind>#<domain or ->#<name>        | name                          | tokens: the id of a name             |
 * | all of a kind        | all#<kind>                              | <name or date>#<id>           | the admin command; jobs by date      |
 *
 * A grant never changes, so each of its items holds it whole. A key's own item is in each of its transactions. Of what is
 * written across keys, `events`, `outbox` and `retirable-n` are split in SHARDS parts, by key; `retirable`, `keys` and
 * `due` are not: docs/operations.md, "Limits". `held` and `retirable-n` stay at 0 when nothing is left; in `held`, `*`
 * counts the grants themselves.
 * `<name>` in `retirable-n` is a principal, or `user:<id>+domain:<id>` for what both may retire.
 * `ttl` (seconds) is on once keys and tokens, whose readers check the time too, and on jobs that have ended, in both places.
 */
import { createHash } from 'node:crypto';
import type { ItemKey } from './item.ts';

/** What CreateTable is given for a local table; the deployed one is in deploy/table.yml. */
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

/** Into how many parts what is counted or listed across keys is split. */
const SHARDS = 8;
const shards = Array.from({ length: SHARDS }, (_, shard) => shard);

/** Which part a key's changes go to. */
const shardOf = (keyId: string) =>
  [...keyId].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 65_521, 0) % SHARDS;

/** Sort keys that start with `prefix`, those after `after` only: `!` is less than all that an id holds, `~` more. */
const from = (pk: string, prefix: string, after = '') => ({ pk, from: `${prefix}${after}!`, to: `${prefix}~` });

/** Sort keys that start with `prefix`, those before `before` only. */
const until = (pk: string, prefix: string, before?: string) =>
  before === undefined ? from(pk, prefix) : { pk, from: `${prefix}!`, to: `${prefix}${justBefore(before)}` };

/** After all that is less than the id, and before the id itself. */
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
const keysPk = (projectId: string) => `keys#${projectId}`;

/** Of what there are lists of all. */
type Kind = 'projects' | 'users' | 'access-keys' | 'jobs';

/** Where each item is. */
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
  idempotency: (idempotencyKey: string): ItemKey => ({ pk: `idempotency#${idempotencyKey}`, sk: 'record' }),
  job: (jobId: string): ItemKey => ({ pk: `job#${jobId}`, sk: 'job' }),
  openJob: (dueAtMs: number, jobId: string): ItemKey => ({
    pk: 'open-jobs',
    sk: `${sortableNumber(dueAtMs)}#${jobId}`,
  }),
  /** What others call somebody may be long, and hold anything. */
  mapping: (source: string, identity: string): ItemKey => ({
    pk: 'mappings',
    sk: `${source}#${createHash('sha256').update(identity).digest('hex')}`,
  }),
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

/** Where lists are; the `after` of each is an id to go on after. */
export const rangeOf = {
  grants: (keyId: string, after?: string) => from(keyPk(keyId), 'grant#', after),
  grantsOfGrantee: (keyId: string, grantee: string, after?: string) => from(keyPk(keyId), `grantee#${grantee}#`, after),
  /** Events older than `before`, an event's id. */
  eventsOfKey: (keyId: string, before?: string) => until(keyPk(keyId), 'event#', before),
  eventsOfGrant: (grantId: string, before?: string) => until(grantPk(grantId), 'event#', before),
  eventsOfGrantee: (projectId: string, grantee: string, before?: string) =>
    until(granteeEventsPk(projectId, grantee), 'event#', before),
  eventsOfProject: (projectId: string, before?: string) =>
    shards.map((shard) => until(eventsPk(projectId, shard), 'event#', before)),
  retirable: (projectId: string, principal: string, after?: string) =>
    from(retirablePk(projectId, principal), '', after),
  keys: (projectId: string, view: string, after?: string) => from(keysPk(projectId), `${view}#`, after),
  due: (untilMs: number) => ({ pk: 'due', from: '0', to: `${sortableNumber(untilMs)}#~` }),
  openJobs: (untilMs: number) => ({ pk: 'open-jobs', from: '0', to: `${sortableNumber(untilMs)}#~` }),
  mappings: () => from('mappings', ''),
  outbox: () => shards.map((shard) => from(outboxPk(shard), 'event#')),
  /** The user and all its roles. */
  user: (userId: string) => ({ pk: `user#${userId}`, from: 'r', to: 'v' }),
  roles: (userId: string, projectId?: string) =>
    from(`user#${userId}`, projectId === undefined ? 'role#' : `role#${projectId}#`),
  all: (kind: Kind) => ({ pk: `all#${kind}`, from: ' ', to: '~' }),
};

/** Numbers that sort as text. */
export const sortableNumber = (number: number) => String(number).padStart(16, '0');
