import type { ChangeEvent } from '../../domain/events.ts';
import type { Grant, GrantPage, Key, Operation, PageRequest, Principal } from '../../domain/model.ts';
import { granteeListName, pairCounterName } from '../../domain/principals.ts';
import { keyedMutex } from '../../util/keyed-mutex.ts';
import type { Change, CommitResult, ConditionalRecord, GrantStore } from '../store.ts';
import { readConsistently } from './consistent-read.ts';
import { eventWrites } from './events.ts';
import { createGrantWrites, removeGrantWrites } from './grant-writes.ts';
import { recordWrite } from './idempotency.ts';
import type { Item } from './item.ts';
import { countOf, keyWrites, toKey, viewOf } from './keys.ts';
import { itemKey, rangeOf } from './schema.ts';
import type { Range, Table, Write } from './table.ts';

/** No bound: DynamoDB returns at most 1 MB for each call. */
const ROWS_MAX = 1_000_000;

/** How long a change waits for other changes that this process makes to the same key. */
const MUTEX_WAIT_MS = 4_000;

/**
 * Keys and grants over DynamoDB. The conditions of each change are listed at `Change` in `store.ts`.
 * @param hasOutbox whether new events are put into the outbox; see `OutboxStore`
 */
export function dynamodbGrants(table: Table, hasOutbox: boolean): GrantStore {
  // Changes to a key conflict in DynamoDB. Running them one after the other within a process is faster than retrying.
  const runExclusive = keyedMutex(MUTEX_WAIT_MS);

  async function readKey(keyId: string): Promise<Key | undefined> {
    const item = await table.get(itemKey.key(keyId));
    return item && toKey(item);
  }

  const readKeys = async (rows: Item[]) =>
    (await table.getAll(rows.map((row) => itemKey.key(String(row['keyId']))))).map(toKey);

  /** Reads one extra row, which shows whether there is a next page. */
  const readPage = (range: Omit<Range, 'limit'>, { limit, offset }: PageRequest) =>
    table.query({ ...range, limit: limit + 1, offset });

  async function writesOf(change: Change, projectId: string): Promise<Write[] | undefined> {
    if (change.kind === 'create-grant') return createGrantWrites(projectId, change);
    if (change.kind === 'remove-grant') return removeGrantWrites(projectId, change.grant);
    return keyWrites(table, projectId, change);
  }

  async function apply(
    change: Change,
    event: ChangeEvent,
    records: readonly ConditionalRecord[],
  ): Promise<CommitResult> {
    const writes = await writesOf(change, event.projectId);
    if (!writes) return { type: 'conflict' };
    const recordWrites = records.map((record) => recordWrite(record, event.atMs));
    const result = await table.transact([...recordWrites, ...writes, ...eventWrites(event, hasOutbox)]);
    // Event ids are unique. If the event exists already, an earlier attempt was applied and its response was lost.
    if (result.isDone || result.failed.has(recordWrites.length + writes.length)) return { type: 'done' };
    const failed = records.flatMap(({ answer }, index) =>
      result.failed.has(index) ? [result.failed.get(index)?.['answer'] === JSON.stringify(answer)] : [],
    );
    if (failed.length === 0) return { type: 'conflict' };
    // The event may be reported as in conflict, not as existing, if an earlier attempt has just been applied.
    const isApplied = failed.every(Boolean) && (await table.get(itemKey.eventOfKey(event.keyId, event.eventId)));
    return { type: isApplied ? 'done' : 'duplicate' };
  }

  return {
    async key(projectId, keyId) {
      const key = await readKey(keyId);
      return key?.projectId === projectId ? key : undefined;
    },
    async keyByAlias(projectId, alias) {
      const item = await table.get(itemKey.alias(projectId, alias));
      return item && readKey(String(item['keyId']));
    },
    async keyCount(projectId) {
      return countOf(await table.get(itemKey.keyCounts(projectId)), viewOf(undefined, undefined));
    },
    async listKeys(projectId, { state, keySpec }, page) {
      const view = viewOf(keySpec, state);
      const counts = () => table.get(itemKey.keyCounts(projectId));
      return readConsistently(await counts(), counts, isSameRevision, async (version) => {
        const rows = await readPage(rangeOf.keys(projectId, view, page.after), page);
        const keys = await readKeys(rows.slice(0, page.limit));
        const next = rows.length > page.limit ? keys.at(-1)?.keyId : undefined;
        return { keys, total: countOf(version, view), next };
      });
    },
    async keysDue(nowMs, limit) {
      return readKeys(await table.query({ ...rangeOf.due(nowMs), limit }));
    },

    async grant(projectId, grantId) {
      const item = await table.get(itemKey.grant(grantId));
      return item?.['projectId'] === projectId ? (JSON.parse(String(item['wire'])) as Grant) : undefined;
    },
    async listGrants(key, { grantee }, page) {
      const { keyId } = key;
      const isSame = (a: Key | undefined, b: Key | undefined) => a?.revision === b?.revision;
      return readConsistently<Key | undefined, GrantPage>(
        key,
        () => readKey(keyId),
        isSame,
        async (version) => {
          if (grantee === undefined) {
            return toGrantPage(await readPage(rangeOf.grants(keyId, page.after), page), page, version?.grantCount ?? 0);
          }
          const [rows, users, domains] = await Promise.all([
            readPage(rangeOf.grantsOfGrantee(keyId, grantee, page.after), page),
            table.get(itemKey.held(keyId, `user:${grantee}`)),
            table.get(itemKey.held(keyId, `domain:${grantee}`)),
          ]);
          return toGrantPage(rows, page, Number(users?.['*'] ?? 0) + Number(domains?.['*'] ?? 0));
        },
      );
    },
    async listRetirable(projectId, user, domain, page) {
      const names = [user, domain, pairCounterName(user, domain)];
      const counts = async () =>
        Promise.all(names.map((name) => table.getAll(itemKey.retirableCounts(projectId, name))));
      return readConsistently(
        await counts(),
        counts,
        isSameCounts,
        async ([ofUser = [], ofDomain = [], ofBoth = []]) => {
          // A grant that the user and the domain may retire is in both lists, so the offset is applied after the merge.
          const merged = { limit: page.limit + (page.offset ?? 0) };
          const lists = await Promise.all(
            [user, domain].map((principal) => readPage(rangeOf.retirable(projectId, principal, page.after), merged)),
          );
          const rows = new Map(lists.flat().map((row) => [row.sk, row]));
          const sorted = [...rows.values()].sort((a, b) => (a.sk < b.sk ? -1 : 1));
          return toGrantPage(sorted.slice(page.offset ?? 0), page, sum(ofUser) + sum(ofDomain) - sum(ofBoth));
        },
      );
    },
    async listByGrantee(projectId, grantee, page) {
      const name = granteeListName(grantee);
      const counts = async () => [await table.getAll(itemKey.retirableCounts(projectId, name))];
      return readConsistently(await counts(), counts, isSameCounts, async ([held = []]) =>
        toGrantPage(await readPage(rangeOf.retirable(projectId, name, page.after), page), page, sum(held)),
      );
    },
    async issuedBy(projectId, userId) {
      // The issuer of a grant may retire it, so its grants are among these.
      const rows = await table.query({ ...rangeOf.retirable(projectId, `user:${userId}`), limit: ROWS_MAX });
      const grants = rows.map((row) => JSON.parse(String(row['wire'])) as Grant);
      return grants.filter(({ issuing_principal }) => issuing_principal === userId);
    },
    async heldOperations(keyId, principals) {
      const items = await Promise.all(principals.map((principal) => table.get(itemKey.held(keyId, principal))));
      return new Map(items.flatMap((item, index) => operationsIn(item, principals[index] as Principal)));
    },
    commit: (change, event, records = []) => runExclusive(event.keyId, () => apply(change, event, records)),
  };
}

function toGrantPage(rows: Item[], { limit }: PageRequest, total: number): GrantPage {
  const page = rows.slice(0, limit);
  const last = page.at(-1)?.sk;
  return {
    json: `[${page.map((row) => row['wire']).join(',')}]`,
    total,
    next: rows.length > limit ? last?.slice(last.lastIndexOf('#') + 1) : undefined,
  };
}

function operationsIn(item: Item | undefined, principal: Principal): [Operation, Principal][] {
  return Object.entries(item ?? {})
    .filter(([name, n]) => name !== '*' && typeof n === 'number' && n > 0)
    .map(([name]) => [name as Operation, principal]);
}

const sum = (counts: readonly Item[]) => counts.reduce((total, { n }) => total + Number(n), 0);

const isSameRevision = (a: Item | undefined, b: Item | undefined) => a?.['revision'] === b?.['revision'];

const isSameCounts = (a: Item[][], b: Item[][]) => {
  const revisions = (counts: Item[][]) => counts.flat().map(({ pk, revision }) => `${pk} ${revision}`);
  return revisions(a).join() === revisions(b).join();
};
