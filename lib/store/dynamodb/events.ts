import type { ChangeEvent, Channel } from '../../domain/events.ts';
import type { Grant } from '../../domain/model.ts';
import type { EventFilter, EventStore } from '../store.ts';
import { recordWrite } from './idempotency.ts';
import type { Item, ItemKey } from './item.ts';
import { itemKey, rangeOf } from './schema.ts';
import type { Range, Table, Write } from './table.ts';

/** A page reads at most so many events of a partition; more are read only for a larger page. */
const BATCH_ROWS = 250;
const BATCHES_MAX = 4;

/** @param hasOutbox whether new events are put into the outbox; see `OutboxStore` */
export function dynamodbEvents(table: Table, hasOutbox: boolean): EventStore {
  const newest = (range: Omit<Range, 'limit'>, limit: number) => table.query({ ...range, newestFirst: true, limit });

  async function listRanges(projectId: string, filter: EventFilter, limit: number): Promise<ChangeEvent[]> {
    const ranges = rangesOf(projectId, filter);
    const lists = await Promise.all(ranges.map((range) => newest(range, limit)));
    return lists
      .flat()
      .sort((a, b) => (a.sk < b.sk ? 1 : -1))
      .slice(0, limit)
      .map(toEvent);
  }

  const listPage: EventStore['listPage'] = async (projectId, filter, limit) => {
    const { keyId, grantId, grantee } = filter;
    // A partition may also hold events that the other fields of the filter exclude.
    const isFiltered = [keyId, grantId, grantee].filter((field) => field !== undefined).length > 1;
    // One extra row shows whether there is a next page.
    const batchSize = isFiltered ? Math.max(limit + 1, BATCH_ROWS) : limit + 1;
    const events: ChangeEvent[] = [];
    let { before } = filter;
    for (let batches = 0; batches < BATCHES_MAX; batches += 1) {
      const batch = await listRanges(projectId, { ...filter, before }, batchSize);
      events.push(...batch.filter((event) => matches(event, projectId, filter)));
      if (events.length > limit) return { events: events.slice(0, limit), next: events[limit - 1]?.eventId };
      if (batch.length < batchSize) return { events, next: undefined };
      before = batch.at(-1)?.eventId;
    }
    return { events, next: before };
  };

  return {
    listPage,
    async list(projectId, filter, limit) {
      const events: ChangeEvent[] = [];
      for (let { before } = filter; ; ) {
        const page = await listPage(projectId, { ...filter, before }, limit - events.length);
        events.push(...page.events);
        if (page.next === undefined || events.length >= limit) return events;
        before = page.next;
      }
    },
    async creatorOf(projectId, keyId) {
      const item = await table.get(itemKey.creator(keyId));
      return item?.['projectId'] === projectId ? String(item['actor']) : undefined;
    },
    async append(event, records) {
      const { action, projectId, keyId, actor, atMs } = event;
      const others = records.map((record) => recordWrite(record, atMs));
      if (action === 'create-key') others.push({ put: { ...itemKey.creator(keyId), projectId, actor } });
      const result = await table.transact([...others, ...eventWrites(event, hasOutbox)]);
      // Event ids are unique. If the event exists already, an earlier attempt wrote it and its response was lost.
      if (result.isDone || result.failed.has(others.length)) return true;
      if (records.some((_, index) => result.failed.has(index))) return false;
      throw new Error('DynamoDB did not write an event');
    },
  };
}

/** Returns the ranges that hold all matching events and the fewest others. */
function rangesOf(projectId: string, { keyId, grantId, grantee, before }: EventFilter) {
  if (grantId !== undefined) return [rangeOf.eventsOfGrant(grantId, before)];
  if (grantee !== undefined) return [rangeOf.eventsOfGrantee(projectId, grantee, before)];
  if (keyId !== undefined) return [rangeOf.eventsOfKey(keyId, before)];
  return rangeOf.eventsOfProject(projectId, before);
}

function matches(event: ChangeEvent, projectId: string, { keyId, grantee }: EventFilter): boolean {
  if (event.projectId !== projectId || (keyId ?? event.keyId) !== event.keyId) return false;
  return grantee === undefined || event.grant?.grantee_principal === grantee;
}

/**
 * Returns the writes of an event: one item for each list that contains it (its project's, which comes first, its key's
 * and, if known, its grant's and its grantee's), and one for the outbox.
 */
export function eventWrites(event: ChangeEvent, hasOutbox: boolean): Write[] {
  const { eventId, atMs, action, projectId, keyId, actor, channel, requestId, sequence, reason, grant } = event;
  const { upstreamRequestId, failure, isObserved, passedOn, approvedBy, grantId = grant?.grant_id } = event;
  const wire = grant && JSON.stringify(grant);
  const attributes = { eventId, atMs, action, projectId, keyId, actor, channel, requestId, sequence, reason, wire };
  const rest = { upstreamRequestId, failure, isObserved, passedOn, approvedBy, ...(!grant && { grantId }) };
  const keys: ItemKey[] = [itemKey.eventOfProject(projectId, keyId, eventId), itemKey.eventOfKey(keyId, eventId)];
  if (grantId) keys.push(itemKey.eventOfGrant(grantId, eventId));
  if (grant) keys.push(itemKey.eventOfGrantee(projectId, grant.grantee_principal, eventId));
  if (hasOutbox) keys.push(itemKey.outbox(keyId, eventId));
  return keys.map((key) => ({ put: { ...attributes, ...rest, ...key }, condition: 'attribute_not_exists(pk)' }));
}

export function toEvent(item: Item): ChangeEvent {
  const text = (name: string) => (item[name] === undefined ? undefined : String(item[name]));
  const wire = text('wire');
  return {
    eventId: String(item['eventId']),
    atMs: Number(item['atMs']),
    action: String(item['action']),
    projectId: String(item['projectId']),
    keyId: String(item['keyId']),
    actor: String(item['actor']),
    // `door` is its name before version 0.2.0.
    channel: String(item['channel'] ?? item['door']) as Channel,
    approvedBy: text('approvedBy'),
    requestId: String(item['requestId']),
    sequence: text('sequence'),
    reason: text('reason'),
    grant: wire === undefined ? undefined : (JSON.parse(wire) as Grant),
    grantId: text('grantId'),
    upstreamRequestId: text('upstreamRequestId'),
    failure: text('failure'),
    isObserved: item['isObserved'] === true ? true : undefined,
    passedOn: item['passedOn'] === undefined ? undefined : Number(item['passedOn']),
  };
}
